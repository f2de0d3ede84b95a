package builtin

import (
	"strings"
)

// digit returns the figure that a word or a single figure stands for.
func digit(w string) (string, bool) {
	if len(w) == 1 && w[0] >= '0' && w[0] <= '9' {
		return w, true
	}
	if w == "oh" || w == "o" {
		return "0", true
	}
	if v, ok := unit(w); ok && v < 10 {
		return string(rune('0' + v)), true
	}
	return "", false
}

// phones finds telephone numbers: figures in groups or spoken one by one.
func (r reader) phones() []found {
	var out []found
	for i := 0; i < len(r.toks); i++ {
		s, n := r.phoneAt(i)
		if len(strings.TrimPrefix(s, "+")) < 7 || len(s) > 16 {
			continue
		}
		out = append(out, found{value: quoted(s), at: i, end: i + n, said: s, sure: true})
		i += n - 1
	}
	return out
}

func (r reader) phoneAt(i int) (string, int) {
	var b strings.Builder
	j := i
	for j < len(r.toks) && b.Len() < 17 {
		w := r.toks[j].low
		if b.Len() == 0 && (w == "plus" || w == "+") {
			b.WriteByte('+')
			j++
			continue
		}
		d, n := r.digits(j)
		if n == 0 {
			break
		}
		if b.Len() > 0 && d[0] == '+' {
			break
		}
		b.WriteString(d)
		j += n
		if r.toks[j-1].stop && b.Len() >= 10 {
			break
		}
	}
	return b.String(), j - i
}

// digits reads figures at token j: "555-0142", "(0)20", "double four", "seven".
func (r reader) digits(j int) (string, int) {
	w := r.toks[j].low
	if d, ok := digit(w); ok {
		return d, 1
	}
	if (w == "double" || w == "triple") && j+1 < len(r.toks) {
		if d, ok := digit(r.toks[j+1].low); ok {
			if w == "triple" {
				return d + d + d, 2
			}
			return d + d, 2
		}
	}
	s := strings.NewReplacer("-", "", ".", "", "(", "", ")", "", "/", "").Replace(w)
	core := strings.TrimPrefix(s, "+")
	if core == "" || strings.Trim(core, "0123456789") != "" || strings.Contains(w, "/") {
		return "", 0
	}
	if len(w) == 10 && strings.Count(w, "-") == 2 && w[4] == '-' { // a date
		return "", 0
	}
	return s, 1
}

// emails finds addresses, typed or spoken ("maria dot lopez at example dot com").
func (r reader) emails() []found {
	var out []found
	for i, t := range r.toks {
		if k := strings.IndexByte(t.raw, '@'); k > 0 && strings.Contains(t.raw[k:], ".") && strings.Count(t.raw, "@") == 1 {
			v := strings.TrimPrefix(strings.ToLower(t.raw), "mailto:")
			out = append(out, found{value: quoted(v), at: i, end: i + 1, said: v, sure: true})
		}
	}
	if len(out) == 0 {
		if f, ok := r.spokenEmail(); ok {
			out = append(out, f)
		}
	}
	return out
}

func (r reader) spokenEmail() (found, bool) {
	for at := range r.toks {
		if r.toks[at].low != "at" && r.toks[at].low != "@" {
			continue
		}
		domain, end := r.joinAddress(at + 1)
		if !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
			continue
		}
		start := at
		for start > 0 && r.addressPart(start-1) {
			start--
		}
		local, _ := r.joinAddress(start)
		if local = strings.TrimSuffix(local, "@"); local == "" || start == at {
			continue
		}
		if k := strings.IndexByte(local, '@'); k >= 0 {
			local = local[:k]
		}
		v := local + "@" + domain
		return found{value: quoted(v), at: start, end: end, said: v, sure: true}, true
	}
	return found{}, false
}

// addressPart reports words that may stand before "at" in a spoken address.
func (r reader) addressPart(i int) bool {
	w := r.toks[i].low
	if r.toks[i].stop {
		return false
	}
	if separator(w) != "" {
		return true
	}
	return !common(w) && w != "email" && w != "mail" && w != "address"
}

func separator(w string) string {
	switch w {
	case "dot", "point":
		return "."
	case "underscore":
		return "_"
	case "dash", "hyphen", "minus":
		return "-"
	case "plus":
		return "+"
	}
	return ""
}

func (r reader) joinAddress(i int) (string, int) {
	var b strings.Builder
	for ; i < len(r.toks); i++ {
		w := r.toks[i].low
		switch {
		case w == "at":
			return b.String(), i
		case separator(w) != "":
			b.WriteString(separator(w))
		case b.Len() > 0 && !strings.ContainsAny(b.String()[b.Len()-1:], "._-+") && strings.Contains(b.String(), "."):
			return b.String(), i // a full domain ends before the next word
		default:
			if d, ok := digit(w); ok {
				w = d
			}
			b.WriteString(w)
		}
		if r.toks[i].stop {
			return b.String(), i + 1
		}
	}
	return b.String(), i
}

// uris finds web addresses.
func (r reader) uris() []found {
	var out []found
	for i, t := range r.toks {
		v := t.raw
		switch {
		case strings.Contains(v, "://"):
		case strings.HasPrefix(t.low, "www.") || r.answer && strings.Count(v, ".") > 0 && !strings.Contains(v, "@") && strings.Trim(v, "0123456789.") != "":
			v = "https://" + v
		default:
			continue
		}
		out = append(out, found{value: quoted(v), at: i, end: i + 1, said: v, sure: true})
	}
	return out
}

// postcodes finds US, Canadian and British codes and, in an answer, any short
// code with figures.
func (r reader) postcodes() []found {
	var out []found
	for i := 0; i < len(r.toks); i++ {
		w := strings.ToUpper(r.toks[i].raw)
		switch shape := shapeOf(w); {
		case shape == "99999" || shape == "99999-9999":
			out = append(out, found{value: quoted(w), at: i, end: i + 1, said: w})
		case i+1 < len(r.toks) && britishOrCanadian(shape+" "+shapeOf(strings.ToUpper(r.toks[i+1].raw))):
			w += " " + strings.ToUpper(r.toks[i+1].raw)
			out = append(out, found{value: quoted(w), at: i, end: i + 2, said: w, sure: true})
			i++
		case len(w) >= 6 && britishOrCanadian(shape[:len(shape)-3]+" "+shape[len(shape)-3:]):
			w = w[:len(w)-3] + " " + w[len(w)-3:]
			out = append(out, found{value: quoted(w), at: i, end: i + 1, said: w, sure: true})
		}
	}
	if len(out) > 0 || !r.answer {
		return out
	}
	if s, n := r.phoneAt(0); n == len(r.toks) && len(s) >= 3 && len(s) <= 9 {
		return []found{{value: quoted(s), at: 0, end: n, said: s}}
	}
	return nil
}

// shapeOf writes 9 for figures and A for letters: "SW1A" is "AA9A".
func shapeOf(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			b[i] = '9'
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			b[i] = 'A'
		}
	}
	return string(b)
}

func britishOrCanadian(shape string) bool {
	switch shape {
	case "A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA", "A9A 9A9":
		return true
	}
	return false
}
