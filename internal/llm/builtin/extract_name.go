package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// people finds names of persons behind words like "my name is", and takes the
// whole of an answer when it looks like a name.
func (r reader) people(p *param) []found {
	out := r.credited(p)
	for i := range r.toks {
		lead, strong := r.nameLead(i)
		if p.other {
			lead, strong = r.otherLead(i)
		}
		if lead == 0 {
			continue
		}
		end := r.nameEnd(i+lead, strong)
		if end > i+lead && !(r.doctor(i+lead) && !p.treats()) {
			calling := r.is(i, "this is") && (end > i+lead+1 || r.toks[end-1].stop)
			out = append(out, r.personal(p, i+lead, end, strong || calling))
		}
	}
	for i := range r.toks { // "Angela is my name"
		if i > 0 && !p.other && !r.toks[i-1].stop && (r.is(i, "is my name") || r.is(i, "is the name")) {
			from := i
			for from > 0 && from > i-3 && unicode.IsUpper([]rune(r.toks[from-1].raw)[0]) && !common(r.toks[from-1].low) && (from == i || !r.toks[from-1].stop) {
				from--
			}
			if from < i {
				out = append(out, r.personal(p, from, i, true))
			}
		}
	}
	if len(out) > 0 || !r.answer {
		return out
	}
	i, end := r.body(p)
	if r.doctor(i) && !p.treats() {
		return nil
	}
	if stop := r.nameEnd(i, true); stop < end && !r.toks[max(stop-1, 0)].stop || stop == i {
		return nil
	}
	return []found{r.personal(p, i, r.nameEnd(i, true), false)}
}

// doctor reports the name of a doctor at i, which is no caller's.
func (r reader) doctor(i int) bool {
	return (r.is(i, "dr") || r.is(i, "doctor")) && i+1 < len(r.toks) && unicode.IsUpper([]rune(r.toks[i+1].raw)[0])
}

// treats reports a parameter for a doctor.
func (p *param) treats() bool {
	return p.means("doctor", "physician", "dentist", "therapist", "specialist", "provider", "practitioner", "clinician", "surgeon")
}

// doctors finds names of doctors.
func (r reader) doctors() []found {
	for i := range r.toks {
		if end := r.creditEnd(i, true); r.doctor(i) && end > i+1 {
			v := r.span(i, end)
			return []found{{value: quoted(v), at: i, end: end, said: v, sure: true}}
		}
	}
	return nil
}

func (r reader) personal(p *param, i, end int, sure bool) found {
	if l := p.label; strings.HasPrefix(l, "first") || strings.HasPrefix(l, "given") {
		end = i + 1
	} else if strings.HasPrefix(l, "last") || strings.HasPrefix(l, "sur") || strings.HasPrefix(l, "family") {
		i = end - 1
	}
	name := owner(r.span(i, end))
	if strings.ToLower(name) == name {
		ws := strings.Fields(name)
		for k, w := range ws {
			ws[k] = upperFirst(w)
		}
		name = strings.Join(ws, " ")
	}
	return found{value: quoted(name), at: i, end: end, said: name, sure: sure}
}

// nameLead returns how many tokens introduce a name at i, and whether only a
// name can follow them.
func (r reader) nameLead(i int) (int, bool) {
	for _, phrase := range []string{"my name is", "my name's", "the name is", "name is", "name's", "under the name of", "under the name", "the name of", "in the name of", "they call me", "call me", "is called", "named", "name:", "me llamo", "ich heiße", "ich bin", "je m'appelle"} {
		if n := r.matches(i, phrase); n > 0 && !(phrase == "call me" && r.phoning(i+n)) {
			return n, true
		}
	}
	for _, phrase := range []string{"this is", "i'm", "i am", "it's", "my son", "my daughter", "my child", "for", "speaking with", "son", "daughter", "patient", "student", "name"} {
		if n := r.matches(i, phrase); n > 0 && i+n < len(r.toks) && !r.toks[i+n-1].stop {
			return n, false
		}
	}
	return 0, false
}

// otherLead is nameLead for somebody who is not the caller.
func (r reader) otherLead(i int) (int, bool) {
	for _, phrase := range []string{"with", "meet", "see", "visit", "for", "from", "to", "named", "called", "host is", "name is"} {
		if n := r.matches(i, phrase); n > 0 && i+n < len(r.toks) && !r.toks[i+n-1].stop && !(phrase == "name is" && r.is(i-1, "my")) {
			return n, false
		}
	}
	return 0, false
}

// phoning reports what follows "call me" when a telephone is meant, not a name.
func (r reader) phoning(i int) bool {
	if i >= len(r.toks) || dayWord(r.toks[i].low) {
		return true
	}
	switch r.toks[i].low {
	case "back", "later", "again", "when", "at", "on", "in", "before", "after", "by", "once", "if", "as", "please", "about", "sometime", "anytime", "soon", "now", "instead", "under", "with":
		return true
	}
	return false
}

// nameEnd returns the token behind the name that begins at i. Unless any word
// will do, a name is written with capitals.
func (r reader) nameEnd(i int, any bool) int {
	j := i
	for ; j < len(r.toks) && j < i+4; j++ {
		t := r.toks[j]
		first := []rune(t.raw)[0]
		if common(t.low) || !unicode.IsLetter(first) || strings.IndexFunc(t.raw, unicode.IsDigit) >= 0 || strings.ContainsAny(t.raw, "@/_") || dayWord(t.low) || busy(t.low) {
			break
		}
		if !any && !unicode.IsUpper(first) {
			break
		}
		if _, isMonth := month(t.low); isMonth && !any {
			break
		}
		if t.stop {
			return j + 1
		}
	}
	return j
}

// busy are words that follow "I'm" or "this is" without being a name.
func busy(w string) bool {
	switch w {
	case "calling", "looking", "trying", "interested", "wondering", "having", "hoping", "urgent", "correct", "right", "fine", "sorry", "afraid", "waiting", "regarding",
		"i'm", "speaking", "nothing", "none", "never", "mind", "cancel", "stop", "what", "why", "at", "phone", "email", "number", "morning", "afternoon", "evening", "wrong":
		return true
	}
	return false
}

// places finds where: words in capitals behind "in", "near", "to" and the like.
func (r reader) places(p *param) []found {
	var out []found
	for i := 0; i < len(r.toks); i++ {
		if end := r.titleEnd(i); end > i+2 && r.versus(i, end) { // "Toronto Vs Ottawa"
			i = end - 1
			continue
		}
		if n := r.cityAt(i); n > 0 && !r.prefixed(i) {
			end := i + n
			if more := r.placeEnd(i); more > end {
				end = more
			}
			out = append(out, found{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end)})
			i = end - 1
			continue
		}
		if end := r.areaAt(i); end > i {
			out = append(out, found{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end)})
			i = end
			continue
		}
		if i+1 == len(r.toks) || !preposition(r.toks[i].low) && !(r.is(i, "on") && r.corner(i+1) > 0) || r.toks[i].stop || p.cityOnly() && !r.towards(i, p) {
			continue
		}
		end := r.placeEnd(i + 1)
		if n := r.cityAt(i + 1); n > 0 && i+1+n > end {
			end = i + 1 + n
		}
		if p.cityOnly() && end > i+2 && (r.is(i+1, "the") || end > i+3 && r.toks[i].stem == "visit" && r.cityAt(i+1) == 0) {
			continue
		}
		if end == i+1 && (locative(r.toks[i].low) || r.toks[i].low == "from" || r.toks[i].low == "to" && r.has("from") >= 0 && (&tool{label: r.toks[i+1].low + " it"}).verb() == "") {
			end = r.plainPlaceEnd(i + 1)
		}
		if end == i+1 && !p.cityOnly() {
			if end = max(r.landmarkEnd(i+1), i+1+r.corner(i+1)); end > i+1 && r.is(i+1, "the") && (p.says(r.toks[end-1].stem) || slices.Contains(p.about(), r.toks[end-1].stem)) {
				end = i + 1 // "the hotel" of where a hotel is
			}
		}
		if end > i+1 {
			out = append(out, found{value: quoted(r.span(i+1, end)), at: i + 1, end: end, said: r.span(i+1, end)})
			i = end - 1
		}
	}
	if as := r.addresses(); len(as) > 0 && as[0].sure && !p.cityOnly() && p.ends("location", "destination", "origin", "place", "address", "point", "stop", "arrival") {
		return as
	}
	if len(out) > 0 || !r.answer {
		return out
	}
	if r.asks() && p.cityOnly() && !strings.HasSuffix(r.toks[len(r.toks)-1].raw, "?") && r.says("what", "where", "when", "how", "who", "which", "is", "does", "do") {
		return nil
	}
	if i, end := r.body(p); end > i {
		for ; i < end; i++ {
			if stop := r.placeEnd(i); stop > i && (i > 0 || stop == end && stop > i+1 || stop < end && r.placeGoesOn(stop)) && !preposition(r.toks[i].low) {
				return []found{{value: quoted(r.span(i, stop)), at: i, end: stop, said: r.span(i, stop)}}
			}
		}
	}
	if i, end := r.body(p); p.cityOnly() {
		for k := i; k < end; k++ {
			if common(r.toks[k].low) && (k == i || r.toks[k].low != "of") {
				return nil
			}
		}
	}
	return slices.DeleteFunc(r.free(p), func(f found) bool { return p.cityOnly() && r.noPlace(f.at, f.end) })
}

// landmarkEnd is the end of a place that has no name of its own: "the airport", "my
// office".
func (r reader) landmarkEnd(i int) int {
	j := i
	for r.is(j, "the") || r.is(j, "my") || r.is(j, "our") || r.is(j, "central") || r.is(j, "main") {
		j++
	}
	if j < len(r.toks) && anyWord(r.toks[j].low, "airport", "station", "hospital", "university", "school", "college", "hotel", "office", "work", "home", "house", "downtown", "mall", "museum", "library", "harbor", "harbour", "stadium", "campus") {
		return j + 1
	}
	return i
}

// noPlace reports words with a number, a day or a month among them.
func (r reader) noPlace(i, end int) bool {
	for ; i < end; i++ {
		w := r.toks[i].low
		_, isMonth := month(w)
		if isMonth || dayWord(w) || small(w) || strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			return true
		}
	}
	return false
}

// areaAt returns the token behind a name at i that "area" or the like follows: "the
// Martinez area".
func (r reader) areaAt(i int) int {
	if !unicode.IsUpper([]rune(r.toks[i].raw)[0]) || common(r.toks[i].low) || i == 0 || r.toks[i-1].stop {
		return i
	}
	end := r.placeEnd(i)
	if end == i || end >= len(r.toks) || r.toks[end-1].stop {
		return i
	}
	switch r.toks[end].low {
	case "area", "region", "district", "neighborhood", "neighbourhood", "county", "metro", "suburb", "side":
		return end
	}
	return i
}

// placeGoesOn reports that what follows a name at the beginning of an answer
// goes with a place: "Toronto please".
func (r reader) placeGoesOn(i int) bool {
	if r.toks[i-1].stop {
		return true
	}
	switch r.toks[i].low {
	case "is", "will", "would", "please", "works", "sounds", "and", "if", "as", "to", "should", "on", "for":
		return !r.toks[i].stop && !(r.toks[i].low == "on" && r.verbFirst())
	}
	return false
}

// verbFirst reports a text that begins with a verb: "Hold on".
func (r reader) verbFirst() bool {
	return (&tool{label: r.toks[0].low + " it"}).verb() != "" || r.says("hold", "hang", "go", "look")
}

// prefixed reports words in capitals before token i that it belongs to: "Union
// City", "Bistro Paris"; and titles that begin with a city.
func (r reader) prefixed(i int) bool {
	if i > 0 && !r.toks[i-1].stop {
		w := r.toks[i-1]
		if i > 1 && unicode.IsUpper([]rune(w.raw)[0]) && !common(w.low) && !preposition(w.low) && !greets(w.low) && len(w.raw) > 1 {
			return true
		}
		if preposition(w.low) {
			return true // found by that
		}
	}
	return strings.ToLower(r.raw) != r.raw && unicode.IsLower([]rune(r.toks[i].raw)[0]) && len(r.toks[i].raw) < 4
}

// towards reports a preposition at i that goes with a city.
func (r reader) towards(i int, p *param) bool {
	switch r.toks[i].low {
	case "to":
		if p.means("to", "destination") || r.cityAt(i+1) > 0 || i == 0 {
			return true
		}
		switch r.toks[i-1].stem {
		case "go", "trip", "travel", "travell", "mov", "fly", "driv", "head", "over", "back", "flight", "closer", "com", "down", "up":
			return true
		}
		return false
	case "at":
		return r.cityAt(i+1) > 0 && r.cityAt(i+1) == r.placeEnd(i+1)-i-1
	case "by":
		return false
	case "about":
		return i > 0 && (r.toks[i-1].low == "how" || r.toks[i-1].low == "what")
	case "of":
		return i > 0 && (r.toks[i-1].low == "out" || r.toks[i-1].low == "city")
	case "for":
		return i > 0 && role(r.text, &param{label: "to", kind: kindPlace}, found{at: i + 1}) > 0
	}
	return true
}

func preposition(w string) bool {
	switch w {
	case "in", "near", "around", "from", "to", "at", "for", "towards", "into", "by", "within", "visit", "visiting", "downtown", "of", "about", "leaving":
		return true
	}
	return false
}

func locative(w string) bool { return w == "in" || w == "near" || w == "around" }

// placeEnd follows words in capitals, with "of", "de" and a state behind a comma.
func (r reader) placeEnd(i int) int {
	from := i
	if r.doctor(i) || i > 0 && r.doctor(i-1) {
		return i
	}
	if r.is(i, "the") {
		i++
	}
	j := i
	for j < len(r.toks) && j < i+6 {
		t := r.toks[j]
		first := []rune(t.raw)[0]
		_, isMonth := month(t.low)
		switch {
		case unicode.IsUpper(first) && !dayWord(t.low) && !isMonth && (!common(t.low) || t.low == "new" || j > i) && !polite(t.low):
		case j > i && allDigits(t.low) && (t.stop || j+1 == len(r.toks)) && len(t.low) < 4:
		case j == i && unicode.IsDigit(first) && j+1 < len(r.toks) && !t.stop && streetly(t.low) && unicode.IsUpper([]rune(r.toks[j+1].raw)[0]):
		case j > i && (t.low == "of" || t.low == "de" || t.low == "la" || t.low == "the") && j+1 < len(r.toks) && unicode.IsUpper([]rune(r.toks[j+1].raw)[0]):
		case j == i && r.corner(i) > 0:
			return i + 3
		case j == i:
			return from
		case j == i+1 && r.corner(i) > 0:
			return i + 3
		default:
			return j
		}
		j++
		if t.stop && (t.final != ',' || j >= len(r.toks) || !isState(r.toks[j].raw)) {
			return j
		}
	}
	return j
}

// corner returns 3 where two streets meet at i: "Fifth and Main", "5th and Main".
func (r reader) corner(i int) int {
	if i+2 >= len(r.toks) || r.toks[i].stop || r.toks[i+1].stop || !r.is(i+1, "and") && !r.is(i+1, "&") || i > 0 && r.is(i-1, "between") {
		return 0
	}
	a, b := r.toks[i], r.toks[i+2]
	name := func(k token, at int) bool {
		return unicode.IsUpper([]rune(k.raw)[0]) && !common(k.low) && !pronoun(k.low) && !dayWord(k.low) && r.cityAt(at) == 0
	}
	plain := r.lowercase() || b.stop || i+3 == len(r.toks) || preposition(r.toks[i+3].low)
	if second := name(b, i+2) || streetly(b.low) || plain && !common(b.low) && !dayWord(b.low) && b.low != "back" && r.cityAt(i+2) == 0; second && (streetly(a.low) || name(a, i)) {
		return 3
	}
	return 0
}

// streetly reports the number of a street: "30th".
func streetly(w string) bool {
	_, ok := ordinal(w)
	return ok
}

func isState(w string) bool { return len(w) == 2 && strings.ToUpper(w) == w }

// plainPlaceEnd is for speech recognisers that write no capitals.
func (r reader) plainPlaceEnd(i int) int {
	if !r.lowercase() {
		return i
	}
	if _, _, n := r.clock(i); n > 0 { // "around half past one"
		return i
	}
	j := i
	for j < len(r.toks) && j < i+3 {
		t := r.toks[j]
		_, isMonth := month(t.low)
		_, isNumber := figures(t.low)
		if common(t.low) || dayWord(t.low) || isMonth || isNumber || strings.HasSuffix(t.low, "ing") && t.low != "spring" || small(t.low) || t.low == "advance" || t.low == "case" || t.low == "morning" || t.low == "evening" || t.low == "afternoon" {
			break
		}
		j++
		if t.stop {
			break
		}
	}
	return j
}

// addresses finds a house number with a street, up to the end of the sentence.
func (r reader) addresses() []found {
	for i, t := range r.toks {
		if t.raw[0] < '0' || t.raw[0] > '9' || i+1 >= len(r.toks) || strings.ContainsAny(t.raw, ":/") {
			continue
		}
		for j := i + 1; j < len(r.toks) && j <= i+5; j++ {
			if r.toks[j].low == "pm" || r.toks[j].low == "am" {
				break
			}
			if c := r.toks[j].raw[0]; c >= '0' && c <= '9' && r.toks[j-1].low == "to" {
				break
			}
			if !streetWord(r.toks[j].low) {
				if r.toks[j].stop && r.toks[j].final != ',' {
					break
				}
				continue
			}
			end := r.addressEnd(j + 1)
			return []found{{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end), sure: true}}
		}
	}
	if !r.answer || len(r.toks) == 0 {
		return nil
	}
	i, end := r.body(&param{label: "address", names: []string{"address"}})
	for i < end-1 && (preposition(r.toks[i].low) || r.toks[i].low == "on" || r.toks[i].low == "along") {
		i++
	}
	if strings.IndexFunc(r.span(i, end), unicode.IsDigit) < 0 && end-i < 2 {
		return nil
	}
	v := r.span(i, end)
	return []found{{value: quoted(v), at: i, end: end, said: v}}
}

func (r reader) addressEnd(j int) int {
	for j < len(r.toks) {
		prev, t := r.toks[j-1], r.toks[j]
		if prev.stop && prev.final != ',' {
			return j
		}
		first := []rune(t.raw)[0]
		if !unicode.IsUpper(first) && !unicode.IsDigit(first) && first != '#' && t.low != "apartment" && t.low != "apt" && t.low != "unit" && t.low != "suite" && t.low != "floor" {
			return j
		}
		if prev.final == ',' && common(t.low) {
			return j
		}
		j++
	}
	return j
}

func streetWord(w string) bool {
	switch w {
	case "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr", "boulevard", "blvd", "court", "ct", "way", "place", "square", "terrace", "close", "crescent", "highway", "parkway", "circle", "row", "grove", "gardens", "hill", "mews", "quay":
		return true
	}
	return strings.HasSuffix(w, "straße") || strings.HasSuffix(w, "strasse")
}
