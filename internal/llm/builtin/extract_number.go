package builtin

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// unit returns the value of a word from zero to nineteen.
func unit(w string) (int, bool) {
	switch w {
	case "zero":
		return 0, true
	case "one":
		return 1, true
	case "two":
		return 2, true
	case "three":
		return 3, true
	case "four":
		return 4, true
	case "five":
		return 5, true
	case "six":
		return 6, true
	case "seven":
		return 7, true
	case "eight":
		return 8, true
	case "nine":
		return 9, true
	case "ten":
		return 10, true
	case "eleven":
		return 11, true
	case "twelve":
		return 12, true
	case "thirteen":
		return 13, true
	case "fourteen":
		return 14, true
	case "fifteen":
		return 15, true
	case "sixteen":
		return 16, true
	case "seventeen":
		return 17, true
	case "eighteen":
		return 18, true
	case "nineteen":
		return 19, true
	}
	return 0, false
}

func tens(w string) (int, bool) {
	switch w {
	case "twenty":
		return 20, true
	case "thirty":
		return 30, true
	case "forty", "fourty":
		return 40, true
	case "fifty":
		return 50, true
	case "sixty":
		return 60, true
	case "seventy":
		return 70, true
	case "eighty":
		return 80, true
	case "ninety":
		return 90, true
	}
	return 0, false
}

func scale(w string) int {
	switch w {
	case "hundred":
		return 100
	case "thousand", "grand":
		return 1000
	case "million":
		return 1_000_000
	}
	return 0
}

// ordinal returns the number of "3rd", "third" or "twenty-first".
func ordinal(w string) (int, bool) {
	for i, s := range [...]string{"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
		"thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"} {
		if w == s {
			return i + 1, true
		}
	}
	if w == "thirtieth" {
		return 30, true
	}
	if a, b, ok := strings.Cut(w, "-"); ok {
		if t, ok := tens(a); ok {
			if u, ok := ordinal(b); ok && u < 10 {
				return t + u, true
			}
		}
	}
	if n := len(w); n > 2 && n < 5 {
		switch w[n-2:] {
		case "st", "nd", "rd", "th":
			v, err := strconv.Atoi(w[:n-2])
			return v, err == nil
		}
	}
	return 0, false
}

// number reads a cardinal at token i, in figures or words, and returns its exact
// decimal form and how many tokens it takes.
func (t text) number(i int) (string, int) {
	if i >= len(t.toks) {
		return "", 0
	}
	if t.lang != "" {
		if s, n := t.foreignNumber(i); n > 0 {
			return s, n
		}
	}
	w := t.toks[i].low
	if s, ok := figures(w); ok {
		if i+1 < len(t.toks) && !t.toks[i].stop {
			if k := scale(t.toks[i+1].low); k > 0 && !strings.Contains(s, ".") {
				return s + strconv.Itoa(k)[1:], 2
			}
		}
		return s, 1
	}
	v, n := t.spelledNumber(i)
	if n == 0 {
		return "", 0
	}
	return strconv.Itoa(v), n
}

// figures reads "12", "1,200" and "4.5".
func figures(w string) (string, bool) {
	s := strings.TrimPrefix(w, "#")
	if head, tail, ok := strings.Cut(s, ","); ok && (len(head) > 3 || len(tail) < 3) {
		return "", false
	}
	s = strings.ReplaceAll(s, ",", "")
	if s == "" || len(s) > 15 || s[0] < '0' || s[0] > '9' || s[len(s)-1] == '.' || strings.Count(s, ".") > 1 || strings.Trim(s, "0123456789.") != "" {
		return "", false
	}
	if i := strings.IndexByte(s, '.'); i < 0 || i > 1 {
		s = strings.TrimLeft(s, "0")
		if s == "" || s[0] == '.' {
			s = "0" + s
		}
	}
	return s, true
}

func (t text) spelledNumber(i int) (value, width int) {
	total, part, n := 0, 0, 0
	if (t.is(i, "a") || t.is(i, "an")) && i+1 < len(t.toks) {
		switch w := t.toks[i+1].low; {
		case w == "couple":
			if t.is(i+2, "of") {
				return 2, 3
			}
			return 2, 2
		case w == "dozen":
			return 12, 2
		case scale(w) > 0:
			part, n = 1, 1
		default:
			return 0, 0
		}
	}
	for j := i + n; j < len(t.toks) && total < 1_000_000; j++ {
		w := t.toks[j].low
		if w == "and" && n > 0 && (part >= 100 || total > 0) && j+1 < len(t.toks) && small(t.toks[j+1].low) {
			n++
			continue
		}
		switch k := scale(w); {
		case small(w) && (part == 0 || part%100 == 0 || part%10 == 0 && part%100 >= 20 && units(w)):
			part += smallValue(w)
		case k == 100 && part > 0 && part < 100:
			part *= 100
		case k >= 1000 && part > 0:
			total, part = total+part*k, 0
		default:
			return total + part, n
		}
		n++
		if t.toks[j].stop {
			break
		}
	}
	return total + part, n
}

func small(w string) bool {
	if _, ok := unit(w); ok {
		return true
	}
	if _, ok := tens(w); ok {
		return true
	}
	a, b, ok := strings.Cut(w, "-")
	if !ok {
		return false
	}
	_, okA := tens(a)
	return okA && units(b)
}

func units(w string) bool {
	v, ok := unit(w)
	return ok && v > 0 && v < 10
}

func smallValue(w string) int {
	if v, ok := unit(w); ok {
		return v
	}
	if v, ok := tens(w); ok {
		return v
	}
	a, b, _ := strings.Cut(w, "-")
	x, _ := tens(a)
	y, _ := unit(b)
	return x + y
}

// counts finds numbers that go with what p counts, or any in an answer.
func (r reader) counts(p *param) []found {
	var out []found
	people := p.counts("people")
	for i := 0; i < len(r.toks); i++ {
		if people && (r.is(i, "just me") || r.is(i, "only me") || r.is(i, "be me") || r.is(i, "by myself") || r.is(i, "alone")) {
			out = append(out, r.numeric(p, "1", i, i+1))
			continue
		}
		if days, n := r.weeks(p, i); n > 0 {
			out = append(out, r.numeric(p, days, i, i+n))
			out[len(out)-1].sure = true
			i += n - 1
			continue
		}
		s, n := r.number(i)
		if n == 0 || r.pronominal(i) {
			continue
		}
		if s2, n2 := r.decimals(i, s, n); n2 > 0 && !p.integer {
			s, n = s2, n2
		}
		if r.answer && !r.timed(i, n) && !r.housed(i) || r.counted(i, n, p, people) {
			if p.integer && strings.Contains(s, ".") {
				continue
			}
			f := r.numeric(p, s, i, i+n)
			f.sure = r.counted(i, n, p, people)
			out = append(out, f)
		}
		i += n - 1
	}
	return out
}

// weeks reads "a week" and "two weeks" where days or nights are counted.
func (r reader) weeks(p *param, i int) (days string, n int) {
	if !lastWord(p.label, "days", "nights") && !anyWord(p.desc, "days", "nights") {
		return "", 0
	}
	v, n := r.smallNumber(i, 20)
	if n == 0 && r.is(i, "a") {
		v, n = 1, 1
	}
	switch {
	case n > 0 && i+n < len(r.toks) && r.toks[i+n].stem == "week" && !r.is(i+n+1, "from"):
		return strconv.Itoa(7 * v), n + 1
	case r.is(i, "a fortnight"):
		return "14", 2
	}
	return "", 0
}

// housed reports a number that belongs to an address.
func (r reader) housed(i int) bool {
	as := r.addresses()
	return len(as) > 0 && as[0].sure && as[0].at <= i && i < as[0].end
}

// unitOf is the full name of a unit that is said shorter.
func unitOf(w string) string {
	switch w {
	case "kilo", "kilos", "kg", "kilogram":
		return "kilograms"
	case "km", "kilometre", "kilometer":
		return "kilometers"
	case "lb", "lbs", "pound":
		return "pounds"
	case "litre", "liter", "litres":
		return "liters"
	}
	return w
}

// decimals reads "four point five".
func (t text) decimals(i int, s string, n int) (string, int) {
	if !t.is(i+n, "point") {
		return "", 0
	}
	digits, m := "", 1
	for j := i + n + 1; j < len(t.toks); j++ {
		d, ok := digit(t.toks[j].low)
		if !ok {
			break
		}
		digits += d
		m++
	}
	if digits == "" {
		return "", 0
	}
	return s + "." + digits, n + m
}

func (r reader) numeric(p *param, s string, at, end int) found {
	f := found{value: json.RawMessage(s), at: at, end: end, said: s}
	if !p.number {
		f.value = quoted(s)
	}
	return f
}

// counts reports whether p counts people.
func (p *param) counts(what string) bool {
	return what == "people" && read(p.label+"; "+p.desc).has("group size", "size of group", "size of the group", "size of your group") >= 0 || what == "people" && anyWord(p.label+" "+p.desc, "people", "persons", "person", "guests", "guest", "party", "passengers", "adults", "riders", "seats", "travelers", "travellers", "attendees", "diners", "tickets", "personas", "comensales", "personnes", "convives", "personen", "gäste")
}

// rates reports a parameter for stars.
func (p *param) rates() bool {
	return anyWord(p.label, "rating", "ratings", "star", "stars", "grade", "quality") || anyWord(p.desc, "stars", "rating", "star")
}

// lasts reports a parameter for how many days or nights, which people take for one.
func (p *param) lasts() bool {
	return anyWord(p.label+" "+p.desc, "days", "nights") && !anyWord(p.label, "day", "date")
}

func (r reader) counted(i, n int, p *param, people bool) bool {
	j := i + n
	if j < len(r.toks) && !r.toks[j-1].stop {
		next := r.toks[j]
		if p.says(next.stem) && !common(next.low) || p.saysPart(next.stem) || r.countedAhead(j, p, people) {
			return true
		}
		if p.kind == kindNumber && len(next.low) > 1 && read(p.desc).has("in "+next.low, "in "+unitOf(next.low)) >= 0 {
			return true // "2.5 kilograms" of a weight in kilograms
		}
		if next.stem == "star" && p.rates() || (next.stem == "day" || next.stem == "night") && p.lasts() {
			return true
		}
		if len(next.low) > 2 && read(p.desc).is(0, "how many") && read(p.desc).is(2, strings.TrimSuffix(next.low, "s")+"s") {
			return true // "three days" of how many days
		}
		if p.label == "quantity" || p.label == "qty" || p.label == "count" {
			return !r.timed(i, n) && !common(next.low) && !r.housed(i)
		}
		if people {
			switch next.stem {
			case "peopl", "person", "guest", "adult", "friend", "passenger", "seat", "ticket", "traveler", "rider", "plac", "pax", "persona", "personn", "personnes", "personas", "personen", "comensal", "conviv", "gäste":
				return true
			case "of":
				return r.is(j, "of us")
			}
		}
	}
	if people && i > 0 && r.toks[i-1].low == "for" && r.is(j, "to") {
		return true
	}
	if people && r.alone(i, n) {
		return true
	}
	if i == 0 || r.timed(i, n) {
		return false
	}
	prev := r.toks[i-1]
	if p.says(prev.stem) && !common(prev.low) && (!prev.stop || prev.final == ':') {
		return true
	}
	if people && (prev.low == "for" || r.lang != "" && (prev.low == "para" || prev.low == "pour" || prev.low == "für" || prev.low == "somos" || prev.low == "sommes" || prev.low == "sind") || prev.low == "of" && i > 1 && (r.toks[i-2].low == "party" || r.toks[i-2].low == "group" || r.toks[i-2].low == "table")) {
		return j >= len(r.toks) || r.toks[j-1].stop || common(r.toks[j].low) || dayWord(r.toks[j].low) || r.toks[j].low == "instead" || r.toks[j].low == "total" || r.toks[j].low == "rather" || r.lang != "" && functionWord(r.lang, r.toks[j].low)
	}
	if prev.low == "of" && i > 1 && !r.toks[i-1].stop && (p.says(r.toks[i-2].stem) && !common(r.toks[i-2].low) || i > 2 && r.toks[i-2].low == "rating" && p.says(r.toks[i-3].stem)) {
		return true // "a star rating of 4"
	}
	return prev.low == "is" && i > 1 && p.says(r.toks[i-2].stem)
}

// pronominal reports a "one" that is no number: "the nice one", "this one".
func (t text) pronominal(i int) bool {
	if t.toks[i].low != "one" || i == 0 || t.toks[i-1].stop || !t.toks[i].stop && i+1 < len(t.toks) && small(t.toks[i+1].low) {
		return false
	}
	switch t.toks[i-1].low {
	case "the", "this", "that", "which", "another", "other", "any", "each", "every", "last", "next", "same":
		return true
	}
	_, ordinal := ordinal(t.toks[i-1].low)
	return ordinal || i > 1 && (t.toks[i-2].low == "the" || t.toks[i-2].low == "a") && !common(t.toks[i-1].low) && !small(t.toks[i-1].low) && t.toks[i-1].low != "number"
}

// alone reports a number that is all of a sentence behind another: "Get me some
// tickets. 3 please."
func (r reader) alone(i, n int) bool {
	if i == 0 || !r.toks[i-1].stop || r.toks[i-1].final == ',' || r.toks[i].stop && n > 1 {
		return false
	}
	j := i + n
	for j < len(r.toks) && !r.toks[j-1].stop && (r.toks[j].low == "please" || r.toks[j].low == "of" || r.toks[j].low == "them" || r.toks[j].low == "thanks") {
		j++
	}
	return j == len(r.toks) || r.toks[j-1].stop
}

// countedAhead looks beyond a word or two for what is counted: "3 hotel rooms".
func (r reader) countedAhead(j int, p *param, people bool) bool {
	for k := j; k < len(r.toks) && k < j+4; k++ {
		t := r.toks[k]
		if t.stem == "star" && !p.rates() {
			return false // "3 star hotel" of how many hotels
		}
		if _, n := r.number(k); n > 0 && !(k+1 < len(r.toks) && r.toks[k+1].stem == "star") {
			return false
		}
		if k > j && (p.says(t.stem) && !common(t.low) && t.stem != "number" || people && (t.stem == "ticket" || t.stem == "seat" || t.stem == "peopl" || t.stem == "person")) {
			return true
		}
		if t.stop || common(t.low) || p.says(t.stem) {
			return false
		}
	}
	return false
}

// saysPart reports a longer word for what p counts: "bedrooms" for beds, and
// nights for days.
func (p *param) saysPart(stem string) bool {
	return stem == "night" && p.says("day") || slices.ContainsFunc(p.names, func(s string) bool {
		return len(s) >= 3 && len(stem) > len(s)+2 && strings.HasPrefix(stem, s)
	})
}

// timed reports numbers that are a clock time, a date or a length of time.
func (r reader) timed(i, n int) bool {
	j := i + n
	if i > 0 {
		if _, ok := month(r.toks[i-1].low); ok || r.toks[i-1].low == "at" {
			return true
		}
	}
	if j >= len(r.toks) || r.toks[j-1].stop {
		return false
	}
	switch r.toks[j].stem {
	case "am", "pm", "o'clock", "thirty", "minut", "hour", "day", "week", "month", "past", "to", "dollar", "buck", "euro", "pound", "cent":
		return true
	}
	_, ok := month(r.toks[j].low)
	return ok
}
