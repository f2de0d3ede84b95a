package spoken

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A scan is a text in words, read from the left.
type scan struct {
	Context
	words []string
	at    int

	// fault is what is wrong with a value that was understood. It counts when no
	// other reading makes sense.
	fault error
}

// scanned begins to read a text, without the words that carry no value.
func scanned(text string, c Context) *scan {
	return &scan{Context: c, words: words(bare(text, "er", "erm", "well", "so", "es", "c'est", "es ist", "das ist", "maybe", "perhaps", "let's say", "how about", "what about", "make it", "that would be", "i'd like", "i would like", "i'd say",
		"about", "around", "roughly", "approximately"))}
}

// bare cuts hesitation, politeness and the leads from the front of a text, and
// politeness from its end.
func bare(text string, leads ...string) string {
	text = strings.TrimSpace(strings.NewReplacer("’", "'", "‘", "'").Replace(text))
	leads = append([]string{"um", "uh", "hm", "hmm", "ok", "okay", "yes", "yeah", "please", "sure", "it's", "it is", "that's", "that is"}, leads...)
	for again := true; again; {
		again = false
		for _, l := range leads {
			n := len(l)
			if len(text) > n && strings.EqualFold(text[:n], l) && strings.ContainsAny(text[n:n+1], " ,:") {
				text, again = strings.TrimLeft(text[n:], " ,:"), true
			}
		}
		for _, l := range []string{"please", "thanks", "thank you", "if possible", "por favor", "gracias", "s'il vous plaît", "merci", "bitte", "danke"} {
			tail := strings.TrimRight(text, ".,!?; ")
			if n := len(tail) - len(l); n > 0 && strings.EqualFold(tail[n:], l) && strings.ContainsAny(tail[n-1:n], " ,.") {
				text, again = strings.TrimRight(tail[:n], " ,"), true
			}
		}
	}
	return text
}

// word returns the k-th next word, "" behind the end.
func (s *scan) word(k int) string {
	if s.at+k >= len(s.words) {
		return ""
	}
	return s.words[s.at+k]
}

func (s *scan) done() bool { return s.at >= len(s.words) }

// is reports whether one of the phrases comes next.
func (s *scan) is(phrases ...string) bool {
	for _, p := range phrases {
		if s.length(p) > 0 {
			return true
		}
	}
	return false
}

// take goes past the first of the phrases that comes next.
func (s *scan) take(phrases ...string) bool {
	for _, p := range phrases {
		if n := s.length(p); n > 0 {
			s.at += n
			return true
		}
	}
	return false
}

// length counts the words of a phrase that comes next, 0 when it does not.
func (s *scan) length(phrase string) int {
	n := 0
	for w := range strings.FieldsSeq(phrase) {
		if s.word(n) != w {
			return 0
		}
		n++
	}
	return n
}

// try reads one thing, and goes back when it is not there.
func try[T any](s *scan, read func() (T, bool)) (T, bool) {
	at := s.at
	v, ok := read()
	if !ok {
		s.at = at
	}
	return v, ok
}

// fold writes a text in small letters, without accents and in plain figures.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ReplaceAll(text, "½", " and a half ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == '’' || r == '‘' || r == 'ʼ' || r == '´':
			b.WriteByte('\'')
		case r == 'ß':
			b.WriteString("ss")
		case r == '–' || r == '—' || r == '‐' || r == '‑' || r == '−':
			b.WriteByte('-')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// words parts a text: "4pm" and "twenty-one" are two words, "3rd", "16:30" and
// "1,200.50" one, and signs of currencies stand alone.
func words(text string) []string {
	var out []string
	for f := range strings.FieldsSeq(fold(text)) {
		f = strings.TrimLeft(f, `,;:!?"'()[]`)
		out = append(out, parts(strings.TrimRight(f, `.,;:!?"'()[]…`))...)
	}
	return out
}

// parts separates the letters, figures and signs of one word.
func parts(f string) []string {
	var out []string
	rs := []rune(f)
	for i, j := 0, 0; i < len(rs); i = j {
		j = i + 1
		switch {
		case unicode.IsLetter(rs[i]):
			for j < len(rs) && (unicode.IsLetter(rs[j]) || rs[j] == '\'') {
				j++
			}
			w := strings.TrimPrefix(strings.TrimPrefix(string(rs[i:j]), "l'"), "d'")
			if i > 0 && unicode.IsDigit(rs[i-1]) && ordinalMark(w) {
				out[len(out)-1] += w
				continue
			}
			out = append(out, w)
		case unicode.Is(unicode.Sc, rs[i]):
			out = append(out, string(rs[i]))
		default:
			for j < len(rs) && !unicode.IsLetter(rs[j]) && !unicode.Is(unicode.Sc, rs[j]) {
				j++
			}
			w := string(rs[i:j])
			if i > 0 && unicode.IsLetter(rs[i-1]) {
				w = strings.TrimLeft(w, "-.,'")
			}
			if j < len(rs) && unicode.IsLetter(rs[j]) {
				w = strings.TrimRight(w, "-.,'")
			}
			if w != "" {
				out = append(out, w)
			}
		}
	}
	return out
}

func ordinalMark(w string) bool {
	switch w {
	case "st", "nd", "rd", "th", "er", "e", "o", "te", "ten", "ter":
		return true
	}
	return false
}

// digits reports whether a word is figures alone.
func digits(w string) bool { return w != "" && strings.Trim(w, "0123456789") == "" }
