package spoken

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phone reads a telephone number, typed or spoken, to E.164. It must be one that the
// numbering plan of its country has room for; whether somebody has it, nobody can
// tell.
func phone(text string, c Context) (string, error) {
	if s, ok := dialled(text); ok {
		n, err := phonenumbers.Parse(s, c.Region)
		if err == nil && possible(n) {
			return phonenumbers.Format(n, phonenumbers.E164), nil
		}
	}
	return "", must("a full telephone number, such as " + c.examplePhone())
}

func possible(n *phonenumbers.PhoneNumber) bool {
	if phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE || n.GetExtension() != "" {
		return false
	}
	full := phonenumbers.Format(n, phonenumbers.E164)
	if again, err := phonenumbers.Parse(full, "ZZ"); err != nil || phonenumbers.Format(again, phonenumbers.E164) != full {
		return false // zeros that are no part of a number
	}
	if n.GetCountryCode() != 1 {
		return true
	}
	// In the North American plan no area code begins with 0 or 1.
	return phonenumbers.GetNationalSignificantNumber(n)[0] > '1'
}

func (c Context) examplePhone() string {
	if n := phonenumbers.GetExampleNumber(c.Region); n != nil {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return "+1 212 555 0123"
}

// dialled writes down the figures of a number: "plus four four", "double five", "two
// twelve", "(0)20". Other words make it no number.
func dialled(text string) (string, bool) {
	text = bare(text, "my number is", "my phone number is", "the number is", "phone", "tel", "you can reach me at", "you can reach me on", "call me at", "call me on", "mi número es", "mon numéro est", "c'est le", "meine nummer ist")
	text = strings.NewReplacer("(", " ", ")", " ", "+", " + ", "/", " ", ".", " ", "-", " ", ":", " ").Replace(fold(text))
	s := scanned(text, Context{})
	var b strings.Builder
	if s.take("+", "plus", "mas") {
		b.WriteByte('+')
	}
	for !s.done() {
		s.take("area code")
		w, ok := s.figure()
		if !ok {
			return "", false
		}
		b.WriteString(w)
	}
	return b.String(), b.Len() > 2 && b.Len() < 25
}

// figure reads the next figures of a number that is spelled, which are few at a time:
// "eight hundred five" are 800 and 5.
func (s *scan) figure() (string, bool) {
	w := s.word(0)
	if digits(w) {
		s.at++
		return w, true
	}
	if times := repeats(w); times > 0 {
		if d, ok := digit(s.word(1)); ok {
			s.at += 2
			return strings.Repeat(strconv.Itoa(d), times), true
		}
	}
	if v, ok := digit(w); ok && v == 0 {
		s.at++
		return "0", true
	}
	at := s.at
	v, ok := s.cardinal()
	if ok && v < 100 {
		return strconv.Itoa(v), true
	}
	s.at = at + 1
	switch v, ok = small(w); {
	case !ok:
		return "", false
	case v >= 100: // hundertzwölf is one word
	case s.take("hundred"):
		v *= 100
	case s.take("thousand"):
		v *= 1000
	}
	return strconv.Itoa(v), true
}

func repeats(w string) int {
	switch w {
	case "double", "doppel", "doble":
		return 2
	case "triple", "treble":
		return 3
	}
	return 0
}
