package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden plays the golden conversations, four of each of ten trades, on the built-in
// engine; run with -update it writes down what the agent says and does now. Then they are
// played by models of both protocols that say and ask for the same, and with a provider
// that dies in the middle.
func TestGolden(t *testing.T) {
	t.Parallel()
	trades := map[string]int{}
	for i, path := range scripts(t, "testdata/golden/*.txtar") {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		trade, _, _ := strings.Cut(name, "_")
		trades[trade]++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := readScript(t, path)
			original := newStage(t, s)
			played := original.play(t, s.user)
			s.check(t, played.transcript)
			for _, p := range protocols() {
				t.Run("by "+p.name, func(t *testing.T) { playByProvider(t, s, p, played, original.partner.received()) })
			}
			if p := protocols()[i/2%2]; i%2 == 0 && len(s.user) > 2 { // each costs a server more
				t.Run(p.name+" dies", func(t *testing.T) { playUntilItDies(t, s, p, played, original.partner.received()) })
			}
		})
	}
	for trade, n := range trades {
		if n < 4 || len(trades) < 10 {
			t.Errorf("%s has %d conversations of %d trades, want four of ten", trade, n, len(trades))
		}
	}
}
