package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// someone reports parameters for somebody other than the caller, known by name: a
// doctor, an artist.
func (p *param) someone() bool {
	if p.kind == kindPerson {
		return !p.callers()
	}
	return p.kind == kindText && (read(p.desc).has("who", "whom") > 0 || p.means("actor", "actors", "actress", "director", "author", "writer", "artist", "singer", "performer", "musician", "composer", "player", "doctor", "dentist", "physician", "therapist", "counselor", "stylist", "barber",
		"teacher", "instructor", "trainer", "coach", "tutor", "lawyer", "attorney", "agent", "adviser", "advisor", "consultant", "technician", "nurse", "specialist", "person", "employee", "colleague", "recipient", "receiver", "payee", "contact", "starring", "chef", "guide", "speaker", "host"))
}

// persons are the tokens of names whose first word is a common first name.
func (t text) persons() [][2]int {
	var out [][2]int
	low := t.lowercase()
	for i := 0; i+1 < len(t.toks); i++ {
		a, b := t.toks[i], t.toks[i+1]
		if a.stop || !firstNames()[a.low] || common(b.low) || !unicode.IsLetter([]rune(b.raw)[0]) || t.cityAt(i) > 1 {
			continue
		}
		if !low && (!unicode.IsUpper([]rune(a.raw)[0]) || !unicode.IsUpper([]rune(b.raw)[0])) {
			continue
		}
		if i > 0 && !t.toks[i-1].stop && unicode.IsUpper([]rune(t.toks[i-1].raw)[0]) && !common(t.toks[i-1].low) && !low {
			continue // the middle of a longer name
		}
		end := i + 2
		if !low {
			end = max(end, t.titleEnd(i))
		}
		out = append(out, [2]int{i, end})
		i = end - 1
	}
	return out
}

// introduce gives the one person named in a text to the one parameter that is for
// a person and has none.
func (s *state) introduce(t text, f *form, taken []bool, changed []*param) []*param {
	var open []*param
	for _, p := range f.tool.params {
		if _, ok := f.vals[p]; p.someone() && !ok {
			open = append(open, p)
		}
	}
	if len(open) != 1 {
		return changed
	}
	var free [][2]int
	for _, sp := range t.persons() {
		if !slices.Contains(taken[sp[0]:sp[1]], true) && (sp[0] == 0 || t.toks[sp[0]-1].low != "by" || open[0].credits() == nil || slices.Contains(open[0].credits(), "by")) {
			free = append(free, sp)
		}
	}
	if len(free) != 1 || t.takesBack(free[0][0]) {
		return changed
	}
	name := owner(t.span(free[0][0], free[0][1]))
	if s.put(f, open[0], found{value: quoted(name), said: name, at: free[0][0], end: free[0][1]}) {
		changed = append(changed, open[0])
	}
	return changed
}

// owner is a name without the mark of what belongs to it: "Ann" of "Ann's".
func owner(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "'s"), "’s")
}
