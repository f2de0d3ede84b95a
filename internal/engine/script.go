package engine

import (
	"slices"
	"unicode"

	"golang.org/x/text/language"

	"callwright"
)

// scripts are those that the languages of an agent are written in, and those of the
// caller's own words.
func scripts(a callwright.Agent, words string) []string {
	var out []string
	for _, tag := range append(slices.Clone(a.Languages), a.PrimaryLanguage) {
		if tag != "" {
			s, _ := language.Make(tag).Script()
			out = append(out, written()[s.String()]...)
		}
	}
	if len(out) == 0 {
		return nil // nobody said: any will do
	}
	for _, r := range words {
		if s := scriptOf(r); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// written has the scripts, as Unicode names them, of the codes of ISO 15924 that are
// told apart. Languages in other scripts are not judged.
func written() map[string][]string {
	return map[string][]string{
		"Latn": {"Latin"}, "Cyrl": {"Cyrillic"}, "Grek": {"Greek"}, "Arab": {"Arabic"}, "Hebr": {"Hebrew"}, "Deva": {"Devanagari"}, "Thai": {"Thai"},
		"Hans": {"Han"}, "Hant": {"Han"}, "Jpan": {"Han", "Hiragana", "Katakana"}, "Kore": {"Hangul", "Han"},
	}
}

// scriptOf returns the script of a letter, "" when it is none or of one that is not
// told apart.
func scriptOf(r rune) string {
	if r < unicode.MaxASCII {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for _, names := range written() {
		for _, name := range names {
			if unicode.Is(unicode.Scripts[name], r) {
				return name
			}
		}
	}
	return ""
}

// enoughLetters is how many letters of an answer in another script are no mere name.
const enoughLetters = 12

// foreign reports whether most letters of text are in none of the scripts.
func foreign(text string, scripts []string) (yes bool, letters int) {
	wrong := 0
	for _, r := range text {
		if s := scriptOf(r); s != "" {
			letters++
			if !slices.Contains(scripts, s) {
				wrong++
			}
		}
	}
	return wrong*2 > letters, letters
}
