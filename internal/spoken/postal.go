package spoken

import (
	"slices"
	"strings"
)

// postalCode reads a postal code of the region. One of Canada or Britain is known
// anywhere by its letters.
func postalCode(text string, c Context) (string, error) {
	code := unmarked(text)
	forms := postalForms(c.Region)
	if len(forms) == 0 {
		if v := strings.Join(strings.Fields(strings.ToUpper(text)), " "); looseCode(v) {
			return v, nil
		}
		return "", must("a postal code, such as 10115")
	}
	for _, f := range slices.Concat(forms, postalForms("CA"), postalForms("GB")) {
		if v, ok := f.fit(code); ok {
			return v, nil
		}
		if v, ok := f.fit(strings.TrimPrefix(strings.TrimPrefix(code, c.Region), f.car)); ok { // D-10115
			return v, nil
		}
	}
	return "", must("a postal code, such as " + forms[0].example)
}

// looseCode is what passes where the form is not known.
func looseCode(v string) bool {
	return len(v) > 1 && len(v) < 13 && strings.IndexFunc(v, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' && r != '-'
	}) < 0 && strings.ContainsAny(v, "0123456789")
}

// unmarked writes the letters and figures of a code, typed or spelled, without what
// parts them.
func unmarked(text string) string {
	text = bare(text, "my zip code is", "the zip code is", "my zip is", "the zip is", "my postcode is", "the postcode is", "my postal code is", "the postal code is", "zip code", "zip", "postcode", "postal code", "post code")
	s := &scan{words: words(strings.NewReplacer("-", " ", ".", " ", ",", " ").Replace(text))}
	var b strings.Builder
	for !s.done() {
		w := s.word(0)
		switch {
		case s.take("dash", "hyphen", "space", "guion", "bindestrich"):
			continue
		case s.take("oh", "o"):
			w = "O" // or a zero: the form of the code tells
		default:
			if figures, ok := try(s, s.figure); ok {
				w = figures
				break
			}
			if l := nato(w); l != "" {
				w = l
			}
			s.at++
		}
		b.WriteString(strings.ToUpper(w))
	}
	return b.String()
}

// nato returns the letter of the radio alphabet's word.
func nato(w string) string {
	switch w {
	case "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "juliett", "kilo", "lima", "mike",
		"november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "xray", "yankee", "zulu":
		return w[:1]
	}
	return ""
}

// A postalForm is how the codes of a country look: 9 is a figure, A a letter, other
// characters part them.
type postalForm struct {
	form    string
	example string
	car     string                 // letter of the country, as it stands before codes
	refused func(code string) bool // looks right and is not one
}

// fit writes a code in the form, if it has it. The letter O and the figure 0 are
// told apart by their place.
func (f postalForm) fit(code string) (string, bool) {
	var b strings.Builder
	for _, want := range f.form {
		if want != '9' && want != 'A' {
			b.WriteRune(want)
			continue
		}
		if code == "" {
			return "", false
		}
		c := code[0]
		switch figure := c >= '0' && c <= '9'; {
		case want == '9' && c == 'O':
			c = '0'
		case want == '9' && !figure, want == 'A' && (c < 'A' || c > 'Z'):
			return "", false
		}
		b.WriteByte(c)
		code = code[1:]
	}
	out := b.String()
	return out, code == "" && (f.refused == nil || !f.refused(out))
}

// between refuses codes that begin beyond the first and the last of a country.
func between(low, high string) func(string) bool {
	return func(code string) bool {
		return len(code) < len(low) || code[:len(low)] < low || code[:len(high)] > high
	}
}

// without refuses codes that have one of the letters.
func without(letters string) func(string) bool {
	return func(code string) bool { return strings.ContainsAny(code, letters) }
}

func postalForms(region string) []postalForm {
	switch region {
	case "US", "PR":
		return []postalForm{{"99999", "90210", "", nil}, {"99999-9999", "90210-1234", "", nil}}
	case "CA":
		return []postalForm{{"A9A 9A9", "K1A 0B1", "", without("DFIOQU")}}
	case "GB":
		var out []postalForm
		for _, f := range []string{"A9", "A99", "", "AA9", "AA99", "A9A", "AA9A"} {
			out = append(out, postalForm{f + " 9AA", "SW1A 1AA", "", func(code string) bool { return len(code) > 2 && strings.ContainsAny(code[len(code)-2:], "CIKMOV") }})
		}
		return out
	case "DE":
		return []postalForm{{"99999", "10115", "D", between("01", "99")}}
	case "FR":
		return []postalForm{{"99999", "75001", "F", between("01", "98")}}
	case "ES":
		return []postalForm{{"99999", "28001", "E", between("01", "52")}}
	case "IT":
		return []postalForm{{"99999", "00118", "I", nil}}
	case "AT":
		return []postalForm{{"9999", "1010", "A", between("1", "9")}}
	case "CH", "LI":
		return []postalForm{{"9999", "8001", "", between("1", "9")}}
	case "AU":
		return []postalForm{{"9999", "2000", "", between("02", "99")}}
	case "NL":
		return []postalForm{{"9999 AA", "1012 JS", "", between("1", "9")}}
	case "PT":
		return []postalForm{{"9999-999", "1000-205", "P", between("1", "9")}}
	}
	return nil
}
