package builtin

import "strings"

// cityAt returns how many tokens at i are the name of a city of some size, 0 when
// they are none. The list serves texts without capitals and prepositions, as speech
// recognisers write them; other places are known by those.
func (t text) cityAt(i int) int {
	for n := 3; n > 0; n-- {
		if i+n > len(t.toks) {
			continue
		}
		ok := true
		for k := i; k < i+n-1; k++ {
			ok = ok && (!t.toks[k].stop || t.toks[k].final == '.' && len(t.toks[k].low) <= 2)
		}
		if ok && city(t.lows(i, i+n)) {
			return n
		}
	}
	return 0
}

// lows joins tokens in lower case.
func (t text) lows(i, j int) string {
	if j == i+1 {
		return t.toks[i].low
	}
	var b strings.Builder
	for k := i; k < j; k++ {
		if k > i {
			b.WriteByte(' ')
		}
		b.WriteString(t.toks[k].low)
	}
	return b.String()
}

// city reports a name of the list, or one that the list leaves out because it is
// short for another or a word of its own as well.
func city(name string) bool {
	switch name {
	case "new york", "nyc", "la", "l.a", "phoenix", "philly", "sf", "washington", "washington dc", "washington d.c", "vegas", "atlanta", "atl", "orlando", "cleveland", "saint louis", "berkeley", "raleigh", "buffalo", "lyon", "frankfurt", "cologne", "geneva", "bern", "florence", "seville", "st petersburg", "bangalore", "ho chi minh city", "saigon", "wellington":
		return true
	}
	return cities()[name]
}

// cityOnly reports parameters that take a city or the like and no place in it.
func (p *param) cityOnly() bool {
	return p.kind == kindPlace && (p.wide || anyWord(p.label, "city", "town") || anyWord(p.desc, "city", "town", "municipality"))
}
