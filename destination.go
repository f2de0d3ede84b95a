package callwright

import (
	"regexp"
	"strings"
)

// Destination brings a place where a call may go to the form that is kept: a SIP
// URI as it is, a telephone number in E.164 without spaces and punctuation. Ten
// digits are a US number. ok is false for anything else, the empty text included.
func Destination(text string) (kept string, ok bool) {
	is := func(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }
	bare := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(text)
	switch {
	case is(`^sips?:[^\s@]+@[^\s@]+$`, text):
		return text, true
	case is(`^[2-9][0-9]{2}[2-9][0-9]{6}$`, bare):
		return "+1" + bare, true
	case is(`^\+[1-9][0-9]{6,14}$`, bare):
		return bare, true
	}
	return text, false
}
