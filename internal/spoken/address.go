package spoken

import (
	"strings"
	"unicode"
)

const exampleAddress = "a street address, such as 12 Main Street, Springfield"

// address takes an address as it is, on one line. Whether it exists is for a
// geocoder; that it has a number or names a street is all that is checked.
func address(text string) (string, error) {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, l := range lines {
		lines[i] = strings.Trim(strings.Join(strings.Fields(l), " "), ", ")
	}
	v := strings.Trim(strings.Join(lines, ", "), ", ")
	v = bare(v, "my address is", "the address is", "my home address is", "address is", "address", "i live at", "i'm at", "we're at", "we are at", "at", "vivo en", "j'habite", "ich wohne in")
	letters := strings.IndexFunc(v, unicode.IsLetter) >= 0
	if !letters || len(v) < 4 || len(v) > 300 || strings.ContainsAny(v, "@<>{}") || strings.IndexFunc(v, unicode.IsControl) >= 0 || !located(v) {
		return "", must(exampleAddress)
	}
	return v, nil
}

// located reports a text with a number or the word of a street.
func located(v string) bool {
	if strings.IndexFunc(v, unicode.IsDigit) >= 0 {
		return true
	}
	ws := words(v)
	if len(ws) < 2 {
		return len(ws) == 1 && streetEnding(ws[0])
	}
	for i, w := range ws {
		if _, ok := small(w); ok && i == 0 {
			return true
		}
		switch w {
		case "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr", "boulevard", "blvd", "court", "ct", "way", "place", "square", "terrace", "close", "crescent", "highway", "parkway",
			"circle", "row", "grove", "gardens", "hill", "mews", "quay", "plaza", "box", "rue", "chemin", "impasse", "calle", "avenida", "paseo", "camino", "via", "viale", "piazza", "platz", "weg", "allee":
			return true
		}
		if _, ok := tens(w); ok || streetEnding(w) {
			return true
		}
	}
	return false
}

func streetEnding(w string) bool {
	for _, end := range []string{"strasse", "str", "gasse", "platz", "weg", "allee", "straat", "laan"} {
		if strings.HasSuffix(w, end) && len(w) > len(end)+2 {
			return true
		}
	}
	return false
}
