package gate

import "callwright/internal/spoken"

// An Answer is what a caller's words say to a question for confirmation.
type Answer = spoken.Answer

// The answers.
const (
	Yes     = spoken.Yes
	No      = spoken.No
	Unclear = spoken.Unclear
)

// Consent reads the caller's own words, and nobody else's.
func Consent(words string) Answer { return spoken.Consent(words) }
