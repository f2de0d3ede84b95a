package builtin

import (
	"strings"
	"unicode"
)

// proposed takes a name that the assistant mentioned last, when the caller goes
// on with it: "I found Blue Door in Leeds. Shall I book it?" It serves where the
// messages have no results to pick from.
func (s *state) proposed(p *param, f *form) (found, bool) {
	if !p.titled() {
		return found{}, false
	}
	for i := len(s.saids) - 1; i >= 0 && i >= len(s.saids)-3; i-- {
		best := ""
		for _, name := range titles(s.saids[i]) {
			if len(name) > len(best) && !f.holds(name) {
				best = name
			}
		}
		if best != "" {
			return found{value: quoted(best), said: best}, true
		}
	}
	return found{}, false
}

// titled reports parameters that take the name of something on offer.
func (p *param) titled() bool {
	if p.kind != kindText && p.kind != kindPerson {
		return false
	}
	return lastWord(p.label, "name", "title") && !(p.kind == kindPerson && (p.callers() || anyWord(p.label, "patient", "student", "child", "driver", "passenger", "recipient")))
}

func (f *form) holds(name string) bool {
	for _, v := range f.vals {
		if strings.Contains(strings.ToLower(name), strings.ToLower(plain(v.value))) && len(plain(v.value)) > 2 {
			return true
		}
	}
	return false
}

// titles are the runs of capitalised words that do not begin a sentence, or
// have more than one word.
func titles(t text) []string {
	var out []string
	for i := 0; i < len(t.toks); {
		end := t.titleEnd(i)
		if end == i {
			i++
			continue
		}
		first := i == 0 || t.toks[i-1].stop && t.toks[i-1].final != ','
		if name := t.span(i, end); !first || end > i+1 && !common(t.toks[i].low) {
			out = append(out, name)
		}
		i = end
	}
	return out
}

func (t text) titleEnd(i int) int {
	j := i
	for ; j < len(t.toks); j++ {
		tok := t.toks[j]
		first := []rune(tok.raw)[0]
		_, isMonth := month(tok.low)
		capital := unicode.IsUpper(first) && !dayWord(tok.low) && !isMonth && tok.low != "i" && !strings.HasPrefix(tok.low, "i'")
		joint := j > i && j+1 < len(t.toks) && (common(tok.low) || tok.raw == "&") && unicode.IsUpper([]rune(t.toks[j+1].raw)[0]) && tok.low != "in" && tok.low != "on" && tok.low != "is" && tok.low != "for"
		figure := j > i && unicode.IsDigit(first)
		if !capital && !joint && !figure && !(unicode.IsDigit(first) && j+1 < len(t.toks) && unicode.IsUpper([]rune(t.toks[j+1].raw)[0]) && j == i) {
			break
		}
		if tok.stop {
			return j + 1
		}
	}
	return j
}
