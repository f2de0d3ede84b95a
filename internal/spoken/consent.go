package spoken

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// An Answer is what a caller's words say to a question for confirmation.
type Answer string

// The answers. Anything that is not plainly yes or no is unclear, and unclear is
// never yes.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unclear Answer = "unclear"
)

// Consent reads the caller's own words. An answer counts only when it holds
// nothing else: "yes, but on Friday" is a change, and a change is asked again.
func Consent(words string) Answer { return ConsentTo(words, "") }

// ConsentTo reads the answer to a deed put forward by its name, such as "Cancel
// booking". A word that names the deed neither agrees nor refuses, so that "yes, cancel
// it" is a yes to that, and to no other deed.
func ConsentTo(words, deed string) Answer {
	text := Bare(words)
	if text == "" || strings.ContainsAny(words, "?？¿؟") {
		return Unclear
	}
	named := naming(deed)
	// No comes first: "don't do it" must not be left as "don't" beside a yes.
	no, rest := take(text, slices.DeleteFunc(noPhrases(), named))
	yes, rest := take(rest, yesPhrases())
	_, rest = take(rest, courtesies())
	switch {
	case strings.Trim(beyond(rest, named), " .") != "":
		return Unclear
	case no && !yes:
		return No
	case yes && !no:
		return Yes
	}
	return Unclear
}

// naming tells which words name a deed: its verb, which begins or ends its name, and
// other forms of it when it is one that a refusal has too.
func naming(deed string) func(word string) bool {
	fs := strings.Fields(Bare(strings.ReplaceAll(deed, "_", " ")))
	if len(fs) == 0 {
		return func(string) bool { return false }
	}
	verbs := []string{fs[0], fs[len(fs)-1]}
	return func(word string) bool {
		if word == verbs[0] && !slices.Contains(noPhrases(), word) {
			return true
		}
		for _, stem := range []string{"cancel", "annul", "storn", "absag", "abbrech", "stop"} {
			if strings.HasPrefix(unaccented(word), stem) && slices.ContainsFunc(verbs, func(v string) bool { return strings.HasPrefix(unaccented(v), stem) }) {
				return true
			}
		}
		return false
	}
}

// beyond leaves out the words that name a deed, each with what it is done to.
func beyond(text string, named func(string) bool) string {
	var kept []string
	after := false
	for w := range strings.FieldsSeq(text) {
		object := after && slices.Contains([]string{"la", "le", "les", "lo", "los", "las", "a", "o", "sie", "es", "das", "den", "die", "ihn", "het", "hem", "ze", "dat"}, w)
		if after = named(w); !after && !object {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

func unaccented(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// gap stands where a phrase was taken; Bare leaves no full stops of its own.
const gap = " . "

// take removes whole-word occurrences of the phrases, longest first, and tells
// whether there was one.
func take(text string, phrases []string) (bool, string) {
	slices.SortStableFunc(phrases, func(a, b string) int { return len(b) - len(a) })
	found := false
	padded := " " + text + " "
	for _, p := range phrases {
		needle := " " + p + " "
		for strings.Contains(padded, needle) {
			// What stood on either side of a phrase must not grow together.
			padded, found = strings.Replace(padded, needle, gap, 1), true
		}
	}
	return found, padded
}

// Bare lowers the words and leaves letters, digits and symbols, which have a
// meaning too, with single spaces between them.
func Bare(words string) string {
	var sb strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(words)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && r != '\uFE0F':
			sb.WriteRune(r)
		case unicode.In(r, unicode.So, unicode.Sm):
			sb.WriteString(" " + string(r) + " ")
		case r == '\'' || r == '’' || r == '\uFE0F' || unicode.Is(unicode.Sk, r): // don't, that's
		default:
			sb.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(sb.String()), " ")
}

// The phrases: English, Spanish, French, German, Portuguese, Italian, Dutch. A
// phrase is here only when, said alone, it can mean nothing else.
func yesPhrases() []string {
	return []string{
		"yes thats right", "thats right", "that is right", "thats correct", "that is correct", "sounds good", "sounds right", "looks good", "go ahead", "go for it", "please do", "do it", "of course", "i confirm", "i do", "you may", "it is", "sure thing",
		"yes", "yeah", "yep", "yup", "ya", "yea", "sure", "correct", "right", "confirm", "confirmed", "absolutely", "definitely", "certainly", "affirmative", "okay", "ok", "perfect", "exactly", "proceed",
		"sí", "si", "claro", "claro que sí", "correcto", "es correcto", "así es", "está bien", "de acuerdo", "adelante", "confirmo", "por supuesto", "vale",
		"oui", "ouais", "daccord", "bien sûr", "cest ça", "cest exact", "cest correct", "cest bon", "tout à fait", "exact", "allez y", "vas y", "je confirme", "volontiers", "parfait",
		"ja", "jawohl", "genau", "richtig", "das ist richtig", "stimmt", "das stimmt", "passt", "klar", "natürlich", "gerne", "gern", "in ordnung", "ich bestätige", "einverstanden",
		"sim", "isso", "isso mesmo", "certo", "está certo", "correto", "está correto", "pode", "com certeza",
		"sì", "va bene", "esatto", "corretto", "è corretto", "certamente", "confermo", "giusto", "daccordo",
		"klopt", "dat klopt", "prima", "akkoord", "goed", "zeker", "doe maar", "graag", "natuurlijk",
	}
}

func noPhrases() []string {
	return []string{
		"dont do it", "do not do it", "dont do that", "do not do that", "thats wrong", "that is wrong", "thats not right", "that is not right", "not right", "thats not correct", "that is not correct", "not correct", "thats incorrect", "its not", "it is not", "it isnt",
		"never mind", "nevermind", "forget it", "not now", "not yet", "i changed my mind", "ive changed my mind", "please dont", "please do not", "id rather not", "i would rather not", "rather not", "dont", "do not", "i dont", "i do not", "you may not",
		"of course not", "absolutely not", "definitely not", "certainly not", "no way", "no thank you", "no thanks",
		"no", "nope", "nah", "cancel", "stop", "wrong", "negative", "wait", "incorrect",
		"mejor no", "claro que no", "por supuesto que no", "todavía no", "aún no", "ahora no", "no es correcto", "no está bien", "no lo haga", "de ninguna manera", "cancelar", "cancela", "cancele", "incorrecto", "espera", "espere",
		"non", "annuler", "annulez", "pas maintenant", "pas encore", "pas du tout", "ce nest pas ça", "ce nest pas correct", "ce nest pas exact", "bien sûr que non", "attendez", "attends",
		"nein", "nicht", "noch nicht", "jetzt nicht", "natürlich nicht", "auf keinen fall", "nicht richtig", "das ist nicht richtig", "das ist falsch", "stimmt nicht", "das stimmt nicht", "abbrechen", "falsch", "lieber nicht", "stopp", "warte", "warten sie",
		"não", "nao", "ainda não", "agora não", "claro que não", "não está certo", "não está correto", "cancele", "errado", "espere",
		"annulla", "non ancora", "non adesso", "non va bene", "non è corretto", "non è giusto", "certo che no", "sbagliato", "aspetta", "aspetti",
		"nee", "annuleren", "niet", "nog niet", "nu niet", "zeker niet", "natuurlijk niet", "klopt niet", "dat klopt niet", "liever niet", "fout", "wacht",
	}
}

func courtesies() []string {
	return []string{
		"thank you very much", "thank you", "thanks a lot", "thanks", "please", "that", "it", "for me", "all", "now", "then", "oh", "um", "uh", "er", "well", "so", "hm", "and", "very much", "just", "lets",
		"gracias", "muchas gracias", "por favor", "merci", "merci beaucoup", "sil vous plaît", "sil te plaît", "danke", "vielen dank", "bitte", "obrigado", "obrigada", "grazie", "per favore", "bedankt", "alstublieft", "dank je", "dank u", "hoor",
		"👍", "👌", "✅", "🙏", "🙂", "😊", "😀",
	}
}
