package spoken

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// personName reads the name of a person. Titles stay: they belong to how somebody
// wants to be called.
func personName(text string) (string, error) {
	name, ok := nameOf(text)
	if !ok {
		return "", must("the name of a person, such as Ada Lovelace")
	}
	return name, nil
}

func nameOf(text string) (string, bool) {
	rest := bare(strings.Join(strings.Fields(text), " "), "hi", "hello", "my full name is", "my name is", "my name's", "the name is", "the name's", "name is", "name", "full name", "this is", "i'm", "i am", "they call me", "call me",
		"under the name of", "under the name", "under", "me llamo", "mi nombre es", "soy", "je m'appelle", "je suis", "mon nom est", "ich heiße", "ich bin", "mein name ist")
	rest = strings.TrimRight(rest, ",;!? ")
	for _, end := range []string{"speaking", "here"} {
		if n := len(rest) - len(end); n > 1 && strings.EqualFold(rest[n:], end) && rest[n-1] == ' ' {
			rest = strings.TrimRight(rest[:n], " ,")
		}
	}
	if !suffix(rest[strings.LastIndexByte(rest, ' ')+1:]) && strings.Count(rest, ".") == 1 {
		rest = strings.TrimRight(rest, ".")
	}
	if family, given, ok := strings.Cut(rest, ","); ok {
		if given = strings.TrimSpace(given); strings.Contains(given, ",") || given == "" {
			return "", false
		}
		rest = given + " " + family // Lovelace, Ada
		if suffix(given) {
			rest = family + " " + given
		}
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 || len(fields) > 8 || len(rest) > 120 || nobody(strings.ToLower(rest)) {
		return "", false
	}
	if len(fields) == 1 && utf8.RuneCountInString(fields[0]) == 1 && unicode.ToUpper([]rune(fields[0])[0]) < utf8.RuneSelf {
		return "", false
	}
	for i, f := range fields {
		if !nameWord(f) {
			return "", false
		}
		shouted := strings.ToUpper(f) == f && len(f) > 2 && !strings.Contains(f, ".") && !suffix(f)
		if low := strings.ToLower(f); shouted || low == f {
			fields[i] = capitals(low, i > 0 && i < len(fields)-1)
		}
	}
	return strings.Join(fields, " "), true
}

func nameWord(f string) bool {
	letters := 0
	for i, r := range f {
		switch {
		case unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r):
			letters++
		case strings.ContainsRune("-'.·", r) && (i > 0 || r == '\''):
		default:
			return false
		}
	}
	return letters > 0
}

func suffix(s string) bool {
	switch strings.ToLower(strings.TrimRight(s, ".")) {
	case "jr", "sr", "ii", "iii", "iv", "md", "phd", "esq":
		return true
	}
	return false
}

// nobody reports what stands where a name is not known.
func nobody(name string) bool {
	switch name {
	case "yes", "no", "none", "nobody", "unknown", "anonymous", "caller", "customer", "the caller", "the customer", "user", "guest", "client", "me", "myself", "null", "name", "my name", "not provided", "not given",
		"not sure", "i don't know", "don't know", "unknown caller", "test", "nothing", "skip", "n.a", "na", "tbd":
		return true
	}
	return false
}

// capitals writes a name's word as names are written. Particles within a name stay
// small.
func capitals(w string, within bool) string {
	if within {
		switch w {
		case "van", "von", "der", "den", "de", "la", "las", "los", "del", "da", "dos", "di", "du", "y", "e", "bin", "ibn", "zu", "ter", "ten":
			return w
		}
	}
	switch w {
	case "ii", "iii", "iv":
		return strings.ToUpper(w)
	}
	out, up := make([]rune, 0, len(w)), true
	for _, r := range w {
		if up {
			r = unicode.ToUpper(r)
		}
		out = append(out, r)
		up = strings.ContainsRune("-'.", r) || len(out) == 2 && out[0] == 'M' && r == 'c'
	}
	return string(out)
}
