package gate

import (
	"strings"
	"unicode"
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
func Consent(words string) Answer {
	text := normal(words)
	if text == "" || strings.ContainsRune(words, '?') {
		return Unclear
	}
	rest := text
	yes, rest := take(rest, yesPhrases())
	no, rest := take(rest, noPhrases())
	_, rest = take(rest, courtesies())
	switch {
	case strings.TrimSpace(rest) != "":
		return Unclear
	case no && !yes:
		return No
	case yes && !no:
		return Yes
	}
	return Unclear
}

// take removes whole-word occurrences of the phrases and tells whether there was
// one.
func take(text string, phrases []string) (bool, string) {
	found := false
	padded := " " + text + " "
	for _, p := range phrases {
		needle := " " + p + " "
		for strings.Contains(padded, needle) {
			padded, found = strings.Replace(padded, needle, " ", 1), true
		}
	}
	return found, strings.TrimSpace(padded)
}

// normal lowers the words and leaves letters and single spaces.
func normal(words string) string {
	var sb strings.Builder
	for _, r := range strings.ToLower(words) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			sb.WriteRune(r)
		case r == '\'' || r == '’': // don't, that's
		default:
			sb.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(sb.String()), " ")
}

// The phrases, longest first within a language so that "of course" is not left
// as "of". English, Spanish, French, German, Portuguese, Italian, Dutch.
func yesPhrases() []string {
	return []string{
		"yes thats right", "thats right", "that is right", "thats correct", "that is correct", "sounds good", "sounds right", "looks good", "go ahead", "go for it", "please do", "do it", "of course", "i confirm", "i do", "you may",
		"yes", "yeah", "yep", "yup", "ya", "yea", "sure", "correct", "right", "confirm", "confirmed", "absolutely", "definitely", "certainly", "affirmative", "okay", "ok", "perfect", "exactly", "proceed",
		"sí", "si", "claro", "correcto", "de acuerdo", "adelante", "confirmo", "por supuesto", "vale",
		"oui", "daccord", "bien sûr", "cest ça", "exact", "allez y", "je confirme", "volontiers",
		"ja", "jawohl", "genau", "richtig", "stimmt", "gerne", "in ordnung", "ich bestätige", "einverstanden",
		"sim", "isso", "isso mesmo", "certo", "pode", "com certeza",
		"va bene", "esatto", "certamente", "confermo", "giusto",
		"klopt", "prima", "akkoord", "goed", "zeker", "doe maar",
	}
}

func noPhrases() []string {
	return []string{
		"dont do it", "do not do it", "dont do that", "thats wrong", "that is wrong", "thats not right", "not right", "never mind", "nevermind", "forget it", "not now", "i changed my mind", "please dont", "id rather not", "dont", "do not",
		"no", "nope", "nah", "cancel", "stop", "wrong", "negative", "wait", "incorrect",
		"mejor no", "cancelar", "cancela", "incorrecto", "espera",
		"non", "annuler", "annulez", "pas maintenant", "attendez",
		"nein", "nicht", "abbrechen", "falsch", "lieber nicht", "stopp",
		"não", "nao", "cancele", "errado",
		"annulla", "sbagliato", "aspetta",
		"nee", "annuleren", "niet", "fout",
	}
}

func courtesies() []string {
	return []string{
		"thank you very much", "thank you", "thanks a lot", "thanks", "please", "that", "it", "for me", "all", "now", "then", "oh", "um", "uh", "er", "well", "so", "hm", "and", "very much", "just", "lets",
		"gracias", "por favor", "merci", "sil vous plaît", "sil te plaît", "danke", "bitte", "obrigado", "obrigada", "grazie", "per favore", "bedankt", "alstublieft", "dank je",
	}
}
