package builtin

import (
	"slices"
	"strings"
)

// takeThing takes the one thing that a wish speaks of for the only text that its skill
// still needs: "the lasagna" of "does the lasagna have nuts in it?".
func (s *state) takeThing(t text, f *form, taken []bool) *param {
	p := f.openText()
	if p == nil || !requests(t) {
		return nil
	}
	at, end := f.tool.thing(t, p)
	if end == at || slices.Contains(taken[at:end], true) {
		return nil
	}
	if determiner(t.toks[at].low) && (f.tool.reads() || t.is(at, "the")) {
		at++
	}
	v := found{value: quoted(t.span(at, end)), said: t.span(at, end), at: at, end: end}
	if fit := p.accept([]found{v}); len(fit) == 0 || !s.put(f, p, fit[0]) {
		return nil
	}
	return p
}

// openText is the required text that is not there yet and can be any thing, nil when
// there is none or more.
func (f *form) openText() *param {
	var only *param
	for _, p := range f.tool.ask {
		if _, ok := f.vals[p]; ok || !wholeAnswer(p.kind) {
			continue
		}
		if only != nil || p.kind != kindText || p.list || p.message() || p.titled() || p.sorted() || p.ends("name", "title") || p.from != "" {
			return nil
		}
		only = p
	}
	return only
}

// thing is the only noun with an article in a text that is not one of the tool's own
// words, as in "check a dish"; it is empty when there is none or more.
func (t *tool) thing(q text, p *param) (at, end int) {
	var main, beside [][2]int // the nouns, and those behind "for" and "with"
	for i := 0; i < len(q.toks); i++ {
		if !determiner(q.toks[i].low) || q.toks[i].stop {
			continue
		}
		j, known := i+1, true
		for j < len(q.toks) && j < i+5 && !common(q.toks[j].low) && !preposition(q.toks[j].low) && !dayWord(q.toks[j].low) {
			own := t.speaksOf(q.toks[j])
			if own && !known && !p.says(q.toks[j].stem) {
				break // "the blue kettle available", but not "the puppy food" for a food
			}
			known = known && own
			j++
			if q.toks[j-1].stop {
				break
			}
		}
		if n := j - i - 1; n > 1 && q.describes() && (j == len(q.toks) || q.toks[j-1].low == "safe" || stative(q.toks[j-1].low)) {
			j-- // "is the soup spicy?"
		}
		if known || vain(q.toks[j-1].low) {
			continue
		}
		if q.is(i, "any") || i > 0 && (preposition(q.toks[i-1].low) || q.toks[i-1].low == "with") {
			beside = append(beside, [2]int{i, j})
		} else {
			main = append(main, [2]int{i, j})
		}
		i = j - 1
	}
	if len(main) == 0 {
		main = beside // "a fault of the blue kettle"
	}
	if len(main) != 1 {
		return 0, 0
	}
	return main[0][0], main[0][1]
}

// speaksOf reports a word that the tool uses of itself.
func (t *tool) speaksOf(w token) bool {
	return slices.ContainsFunc(t.topics(), func(idea string) bool { return idea == concept(w.stem) })
}

// describes reports a question whether something is so.
func (t text) describes() bool {
	return t.has("is the", "is my", "is your", "is this", "are the", "are my", "are your", "are these") == 0
}

func determiner(w string) bool {
	switch w {
	case "the", "a", "an", "my", "our", "your", "this", "some", "any":
		return true
	}
	return false
}

// vain reports nouns that name nothing by themselves.
func vain(w string) bool {
	return strings.Contains(" question favor favour moment minute second bit while person problem issue chance way time day week month year night weekend morning afternoon evening place family friend wife husband ", " "+w+" ")
}
