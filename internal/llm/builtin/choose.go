package builtin

import (
	"math"
	"strings"
)

// How far a word counts by where a tool has it.
const (
	inName   = 1.0
	inText   = 0.8
	inOption = 0.6
	inParam  = 0.35

	synonym = 0.7 // of a word that only means the same

	due     = 0.55 // a tool is wanted from here on
	certain = 1.1  // even when nothing was asked for in so many words
)

// An index finds tools by the words they use.
type index struct {
	tools []*tool
	words map[string][]posting // by stem
	ideas map[string][]posting // by concept
}

type posting struct {
	tool   int
	weight float64
}

func newIndex(ts []*tool) *index {
	x := &index{tools: ts, words: map[string][]posting{}, ideas: map[string][]posting{}}
	for i, t := range ts {
		x.add(i, t.label, inName)
		x.add(i, positive(t.desc), inText)
		for _, p := range t.params {
			x.add(i, p.label, inParam)
			for _, o := range p.options {
				if p.kind == kindOption && len(p.options) <= 12 {
					x.add(i, o.label, inOption)
				}
			}
		}
	}
	return x
}

// positive leaves out sentences that say what a tool is not for.
func positive(desc string) string {
	var out []string
	for s := range strings.SplitAfterSeq(desc, ". ") {
		low := strings.ToLower(strings.TrimSpace(s))
		if strings.HasPrefix(low, "do not") || strings.HasPrefix(low, "don't") || strings.HasPrefix(low, "not ") || strings.HasPrefix(low, "never") {
			continue
		}
		out = append(out, s)
	}
	return strings.Join(out, "")
}

func (x *index) add(i int, s string, w float64) {
	for _, t := range content(read(s).toks) {
		put(x.words, t.stem, i, w)
		put(x.ideas, concept(t.stem), i, w)
	}
}

func put(m map[string][]posting, key string, i int, w float64) {
	ps := m[key]
	if n := len(ps); n > 0 && ps[n-1].tool == i {
		ps[n-1].weight = max(ps[n-1].weight, w)
		return
	}
	m[key] = append(ps, posting{i, w})
}

// rarity is 1 for a word that one tool has and falls to a fraction for a word
// that all have.
func (x *index) rarity(ps []posting) float64 {
	n := float64(len(x.tools))
	return math.Log(1+n/float64(len(ps))) / math.Log(1+n)
}

// scores tells how much each tool is meant by a text.
func (x *index) scores(t text) []float64 {
	sum := make([]float64, len(x.tools))
	seen := map[string]bool{}
	best := make([]float64, len(x.tools))
	for i, tok := range t.toks {
		if common(tok.low) && !(tok.low == "call" && i == 0) {
			continue
		}
		idea := concept(tok.stem)
		if seen[idea] {
			continue
		}
		seen[idea] = true
		clear(best)
		same := x.words[tok.stem]
		for _, p := range same {
			best[p.tool] = p.weight * x.rarity(same)
		}
		near := x.ideas[idea]
		for _, p := range near {
			best[p.tool] = max(best[p.tool], synonym*p.weight*x.rarity(near))
		}
		for k, v := range best {
			sum[k] += v
		}
	}
	return sum
}

// A choice is a tool with how clearly it is meant.
type choice struct {
	tool  *tool
	score float64
}

// choose returns the tool that a text asks for; tool is nil when none is.
func (x *index) choose(t text) choice {
	best := choice{}
	for i, s := range x.scores(t) {
		tl := x.tools[i]
		if s < due-1e-9 {
			continue
		}
		if s > best.score+1e-9 || s > best.score-1e-9 && len(tl.ask) < len(best.tool.ask) {
			best = choice{tl, s}
		}
	}
	if best.tool != nil && best.score < certain && !requests(t) && len(t.toks) > 6 && t.has("my", "our") < 0 {
		return choice{}
	}
	return best
}

func (x *index) score(t text, tl *tool) float64 {
	for i, s := range x.scores(t) {
		if x.tools[i] == tl {
			return s
		}
	}
	return 0
}

// verb is the tool's act in one word, "" when its name begins with none.
func (t *tool) verb() string {
	w, _, _ := strings.Cut(t.label, " ")
	switch w {
	case "check", "verify", "book", "reserve", "cancel", "track", "report", "find", "search", "schedule", "reschedule", "order", "change", "update", "send",
		"transfer", "pay", "register", "request", "create", "make", "get", "lookup", "look", "list", "show", "query", "fetch", "submit", "open", "file", "add", "remove",
		"start", "play", "buy", "rent", "hire", "arrange", "take", "leave", "log", "reset", "renew", "return", "move", "confirm", "estimate", "calculate", "answer", "retrieve", "sign", "join", "call", "place", "set", "apply", "upgrade", "block", "activate":
		return w
	}
	return ""
}

// reads reports tools that by their name only look something up.
func (t *tool) reads() bool {
	switch t.verb() {
	case "check", "verify", "track", "find", "search", "get", "lookup", "look", "list", "show", "query", "fetch", "estimate", "calculate", "answer", "retrieve":
		return true
	}
	return t.verb() == "" && anyWord(t.label, "status", "balance", "lookup", "search", "info", "information", "hours", "availability", "forecast", "schedule", "query", "find")
}
