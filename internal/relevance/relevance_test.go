package relevance_test

import (
	"cmp"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"callwright/internal/relevance"
)

var misses = flag.Bool("misses", false, "list the lines whose skill was not found")

// A catalogue is the skills of a business and what its callers say.
type catalogue struct {
	skills []relevance.Document
	lines  [][2]string // words, and the name of the skill that is meant
}

func readCatalogue(t testing.TB) (c catalogue) {
	t.Helper()
	raw, err := os.ReadFile("testdata/trades.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		parts := strings.Split(rest, " | ")
		switch kind {
		case "+":
			if len(parts) != 3 || names[parts[0]] {
				t.Fatalf("bad skill: %s", line)
			}
			names[parts[0]] = true
			c.skills = append(c.skills, relevance.Document{Name: parts[0], Description: parts[1], Details: parts[2]})
		case "?":
			if len(parts) != 2 || !names[parts[1]] {
				t.Fatalf("bad line: %s", line)
			}
			c.lines = append(c.lines, [2]string{parts[0], parts[1]})
		}
	}
	return c
}

// rank is the place of a skill among all for words, from 0.
func (c catalogue) rank(x *relevance.Index, words, skill string) int {
	scores := x.Scores(words)
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return slices.IndexFunc(order, func(i int) bool { return c.skills[i].Name == skill })
}

// TestRecall: among the 150 skills of ten trades, the one that a caller means is nearly
// always among the twenty that match the words best.
func TestRecall(t *testing.T) {
	t.Parallel()
	c := readCatalogue(t)
	x := relevance.New(c.skills)
	found := map[int]int{}
	for _, l := range c.lines {
		r := c.rank(x, l[0], l[1])
		for _, k := range []int{1, 5, 10, 20} {
			if r < k {
				found[k]++
			}
		}
		if *misses && r >= 10 {
			t.Logf("%d: %q means %s", r, l[0], l[1])
		}
	}
	recall := func(k int) float64 { return float64(found[k]) / float64(len(c.lines)) }
	t.Logf("%d skills, %d lines: recall@1 %.3f, @5 %.3f, @10 %.3f, @20 %.3f", len(c.skills), len(c.lines), recall(1), recall(5), recall(10), recall(20))
	if len(c.skills) < 150 || len(c.lines) < 150 {
		t.Fatalf("%d skills and %d lines: the test is about too little", len(c.skills), len(c.lines))
	}
	if recall(20) < 0.95 {
		t.Errorf("recall@20: got %.3f, want 0.95", recall(20))
	}
}

// Words are found in whatever form and spelling they come.
func TestScores(t *testing.T) {
	t.Parallel()
	x := relevance.New([]relevance.Document{
		{Name: "Cancel booking", Description: "Use when a guest does not come."},
		{Name: "findOrder", Description: "Looks things up.", Details: "order_id trackingNumber"},
		{Name: "Réserver une table", Description: "Pour le dîner."},
		{Name: "予約する", Description: "レストランの予約"},
		{Name: "Weather", Description: ""},
	})
	for words, want := range map[string]int{"my cancellation": 0, "CANCELLED bookings": 0, "could you scrap it": 0, "order id": 1, "the tracking number": 1, "reserver": 2, "DINER": 2, "明日予約をお願いします": 3, "what's the weather": 4} {
		scores := x.Scores(words)
		best := slices.Index(scores, slices.Max(scores))
		if best != want || scores[best] == 0 {
			t.Errorf("%q: got %v, want document %d first", words, scores, want)
		}
	}
	for _, words := range []string{"", "yes please", "?!", "the of and"} {
		if scores := x.Scores(words); slices.Max(scores) != 0 {
			t.Errorf("%q: got %v, want nothing to match", words, scores)
		}
	}
	if got := relevance.New(nil).Scores("anything"); len(got) != 0 {
		t.Errorf("without documents: got %v", got)
	}
}
