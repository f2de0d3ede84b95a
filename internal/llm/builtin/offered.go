package builtin

import (
	"slices"
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
		best := offeredName(s.saids[i], f, p)
		if best != "" {
			return found{value: quoted(best), said: best}, true
		}
	}
	return found{}, false
}

// pointsAt reports "that event" and "this hotel" of a thing by whose name the parameter
// goes.
func (t text) pointsAt(p *param) bool {
	for i, tok := range t.toks {
		if (tok.low == "that" || tok.low == "this") && i+1 < len(t.toks) && !tok.stop && !common(t.toks[i+1].low) && slices.Contains(p.about(), t.toks[i+1].stem) {
			return true
		}
	}
	return false
}

// named takes a name that the caller repeats from what the assistant said.
func (s *state) named(p *param, t text) (found, bool) {
	low := strings.ToLower(t.raw)
	for i := len(s.saids) - 1; i >= 0 && i >= len(s.saids)-4; i-- {
		for _, name := range titles(s.saids[i]) {
			if len(name) > 3 && strings.Contains(low, strings.ToLower(name)) && !city(strings.ToLower(name)) {
				return found{value: quoted(name), said: name}, true
			}
		}
	}
	return found{}, false
}

// titled reports parameters that take the name of something on offer.
func (p *param) titled() bool {
	if p.kind != kindText && p.kind != kindPerson {
		return false
	}
	return p.ends("name", "title") && !(p.kind == kindPerson && (p.callers() || anyWord(p.label, "patient", "student", "child", "driver", "passenger", "recipient")))
}

// titles are the runs of capitalised words that do not begin a sentence, or
// have more than one word.
func titles(t text) []string {
	var out []string
	for _, sp := range t.titleSpans() {
		out = append(out, t.span(sp[0], sp[1]))
	}
	return out
}

// titleSpans are the tokens of titles.
func (t text) titleSpans() [][2]int {
	var out [][2]int
	for i := 0; i < len(t.toks); {
		end := t.titleEnd(i)
		if end == i {
			i++
			continue
		}
		from := i
		first := i == 0 || t.toks[i-1].stop && t.toks[i-1].final != ','
		if first && end > i+1 && leadsTitle(t.toks[i].low) {
			from, first = i+1, false
		}
		if (!first || end > from+1 && (!common(t.toks[from].low) || t.is(from, "the"))) && !(end == from+1 && common(t.toks[from].low)) {
			out = append(out, [2]int{from, end})
		}
		i = end
	}
	return out
}

// leadsTitle reports words that begin a sentence before a name.
func leadsTitle(w string) bool {
	return len(w) > 4 && (strings.HasSuffix(w, "ing") || len(w) > 6 && strings.HasSuffix(w, "ly") && !firstNames()[w]) || (&tool{label: w + " it"}).verb() != "" || w == "please" || w == "try" || w == "how" || common(w) && w != "the" && w != "new"
}

// offeredName is the name in a text that goes best with a parameter and is no
// other value of the form.
func offeredName(t text, f *form, p *param) string {
	best, top := "", 0.0
	for _, sp := range t.titleSpans() {
		name := t.span(sp[0], sp[1])
		if _, nth := ordinal(strings.ToLower(name)); nth || f.contains(name, p) || t.coded(sp[0], sp[1]) || strings.IndexFunc(name, unicode.IsLetter) < 0 || t.housed(sp[0], sp[1]) {
			continue
		}
		score := 1 + 0.1*float64(sp[1]-sp[0]) + t.nameCue(sp[0], sp[1], f.tool, p)
		if t.cityAt(sp[0]) == sp[1]-sp[0] {
			score -= 1.5
		}
		if !p.visited() && t.housing(sp[0]) {
			score -= 2
		}
		if p.someone() {
			name = owner(name)
		}
		if score > top {
			best, top = name, score
		}
	}
	if best == "" && t.lowercase() {
		return t.plainName(f, p)
	}
	return best
}

// coded reports the end of an address with its postal code: "CA 94612".
func (t text) coded(i, end int) bool {
	return slices.ContainsFunc(t.toks[i:end], func(tok token) bool { return len(tok.low) == 5 && allDigits(tok.low) })
}

// housing reports a name at i that is where another is: "Blue Train at the Old Barn".
func (t text) housing(i int) bool {
	if i > 0 && t.is(i-1, "the") {
		i--
	}
	if i < 2 || !t.is(i-1, "at") {
		return false
	}
	return slices.ContainsFunc(t.titleSpans(), func(sp [2]int) bool {
		if sp[1] >= i || sp[1] < i-6 {
			return false
		}
		for j := sp[1] - 1; j < i-1; j++ {
			if t.toks[j].stop {
				return false
			}
		}
		return true
	})
}

// nameCue scores the words around a name.
func (t text) nameCue(i, end int, tl *tool, p *param) float64 {
	score := 0.0
	if i > 0 && !t.toks[i-1].stop {
		switch w := t.toks[i-1]; w.low {
		case "called", "named", "titled":
			score = 3
		case "at", "with", "see", "watch", "reserve", "book", "rent", "play", "try", "about", "is", "the", "for", "to":
			score = 1
		case "in", "near", "from", "until":
			score = -2
		case "by", "starring", "directed":
			score = -2
			if p.credits() != nil {
				score = 3
			}
		default:
			switch {
			case common(w.low):
			case p.says(w.stem):
				score = 3
			case tl.goesBy(w.stem, p):
				score = -2 // "the song Hotel Key" is no artist
			case tl.saysOther(w.stem, p):
				score = -2 // "the album Blue Train" is no artist
			}
		}
	}
	if end < len(t.toks) && !t.toks[end-1].stop {
		switch t.toks[end].low {
		case "by":
			if !p.album() {
				score++
			}
		case "at", "in", "on", "with":
			score += 0.5
		default:
			if w := t.toks[end]; !common(w.low) && tl.saysOther(w.stem, p) {
				score -= 3
			}
		}
	}
	return score
}

// goesBy reports the word for a thing by whose name another parameter goes.
func (t *tool) goesBy(stem string, but *param) bool {
	return slices.ContainsFunc(t.params, func(q *param) bool { return q != but && q.ends("name", "title") && slices.Contains(q.names, stem) })
}

// saysOther reports a word that names another parameter and not this one.
func (t *tool) saysOther(stem string, p *param) bool {
	return !p.says(stem) && slices.ContainsFunc(t.params, func(q *param) bool { return q != p && q.says(stem) })
}

// plainName finds a name in a text without capitals: what stands behind "at",
// "called" or the like up to the next preposition.
func (t text) plainName(f *form, p *param) string {
	for _, leads := range [][]string{{"called", "named", "titled", "about", "with"}, {"at the", "at", "see", "watch", "reserve", "book", "rent", "play", "try", "tickets for", "tickets to", "listen to", "want", "for"}} {
		for i := range t.toks {
			for _, lead := range leads {
				n := t.matches(i, lead)
				if n == 0 || t.toks[i+n-1].stop {
					continue
				}
				j := i + n
				for j < len(t.toks) && j-i-n < 7 && !endsName(t.toks[j].low) {
					if _, w := (reader{text: t}).number(j); w > 0 && j == i+n {
						break
					}
					j++
					if t.toks[j-1].stop {
						break
					}
				}
				if generic(t, i+n, j, p, f.tool) {
					continue
				}
				if name := t.span(i+n, j); j > i+n && unicode.IsLetter([]rune(name)[0]) && !(j == i+n+1 && common(t.toks[i+n].low)) && !f.contains(name, p) && t.cityAt(i+n) != j-i-n {
					return name
				}
			}
		}
	}
	return ""
}

// generic reports words that are no name: a time, a number, "the hotel".
func generic(t text, i, j int, p *param, tl *tool) bool {
	r := reader{text: t}
	if _, _, n := r.clock(i); n > 0 {
		return true
	}
	for ; i < j; i++ {
		tok := t.toks[i]
		if !common(tok.low) && tok.low != "now" && !slices.Contains(tl.topics(), tok.stem) && !slices.Contains(p.whose, tok.stem) && !slices.Contains(p.about(), tok.stem) && !allDigits(tok.low) && !(i == j-1 && t.is(i-1, "the") && tl.saysOther(tok.stem, p)) {
			return false
		}
	}
	return true
}

func endsName(w string) bool {
	switch w {
	case "in", "on", "for", "from", "at", "is", "to", "with", "by", "and", "located", "starting", "has", "a", "an", "i", "you", "it", "that", "this", "which", "your", "my", "as", "would", "have":
		return true
	}
	_, isMonth := month(w)
	return dayWord(w) || isMonth
}

// jointWord reports words that stand within names.
func jointWord(w string) bool {
	switch w {
	case "&", "of", "the", "and", "a", "de", "la", "del", "du", "by", "to", "me", "my", "your", "or", "no", "up", "till", "vs", "versus", "v":
		return true
	}
	return false
}

func (t text) titleEnd(i int) int {
	j := i
	for ; j < len(t.toks); j++ {
		tok := t.toks[j]
		first := []rune(tok.raw)[0]
		_, isMonth := month(tok.low)
		capital := unicode.IsUpper(first) && !dayWord(tok.low) && !isMonth && tok.low != "i" && !strings.HasPrefix(tok.low, "i'")
		if isMonth && j > i && unicode.IsUpper(first) && !t.dated(j) {
			capital = true // "Elaine May"
		}
		joint := j > i && j+1 < len(t.toks) && jointWord(tok.low) && unicode.IsUpper([]rune(t.toks[j+1].raw)[0])
		if j > i && j+2 < len(t.toks) && (t.is(j, "of the") || t.is(j, "in the") || t.is(j, "at the")) && !tok.stop {
			joint = unicode.IsUpper([]rune(t.toks[j+2].raw)[0]) && t.is(j, "of")
		}
		if j > i && j+2 < len(t.toks) && t.is(j, "and the") && !tok.stop {
			joint = unicode.IsUpper([]rune(t.toks[j+2].raw)[0])
		}
		if j > i && t.is(j, "the") && (t.is(j-1, "of") || t.is(j-1, "and")) {
			joint = j+1 < len(t.toks) && unicode.IsUpper([]rune(t.toks[j+1].raw)[0])
		}
		if tok.low == "by" {
			joint = joint && t.is(j+1, "the")
		}
		figure := j > i && unicode.IsDigit(first)
		if !capital && !joint && !figure && !(unicode.IsDigit(first) && j+1 < len(t.toks) && unicode.IsUpper([]rune(t.toks[j+1].raw)[0]) && j == i) {
			break
		}
		if tok.final == ',' && j > i && j+1 < len(t.toks) && degree(t.toks[j+1]) && t.cityAt(i) != j+1-i {
			continue
		}
		if tok.stop && !(tok.final == '.' && len(tok.raw) == 1 && j+1 < len(t.toks) && unicode.IsUpper([]rune(t.toks[j+1].raw)[0]) && !common(t.toks[j+1].low)) {
			return j + 1
		}
	}
	return j
}

// degree reports what stands behind the name of a doctor and a comma.
func degree(t token) bool {
	switch strings.ReplaceAll(t.raw, ".", "") {
	case "MD", "DO", "DDS", "DMD", "OD", "PhD", "DC", "DPM", "DVM", "RN", "NP", "PA", "PsyD", "MSW", "LCSW", "LMFT", "MS", "MA", "MBA", "JD", "FACS", "FAAD", "CPA", "Esq", "Jr", "Sr", "II", "III", "Inc", "LLC", "Ltd":
		return true
	}
	return false
}

// dated reports that a month at i is one: a number stands beside it, or what leads
// to a day.
func (t text) dated(i int) bool {
	r := reader{text: t}
	if _, n := r.dayNumber(i + 1); n > 0 && !t.toks[i].stop {
		return true
	}
	w := t.toks[i-1].low
	if _, ok := ordinal(w); ok {
		return true
	}
	return preposition(w) || w == "on" || w == "until" || w == "and" || allDigits(w)
}

// housed reports a name that is an address: it begins with a number and has a
// word for a street.
func (t text) housed(i, end int) bool {
	if c := t.toks[i].raw[0]; c < '0' || c > '9' {
		return false
	}
	for ; i < end; i++ {
		if streetWord(t.toks[i].low) {
			return true
		}
	}
	return false
}
