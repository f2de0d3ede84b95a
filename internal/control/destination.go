package control

import (
	"fmt"
	"regexp"

	"callwright"
)

const maxTransferRules = 50

// checkDestination checks where a call may go: a number in E.164 or a SIP URI. A
// 10-digit US number is brought to E.164. Empty is none.
func checkDestination(field string, v *string) []callwright.FieldError {
	kept, ok := callwright.Destination(*v)
	if ok || *v == "" {
		*v = kept
		return nil
	}
	return at(field, "must be a number in E.164 such as +15551234567, or a SIP URI such as sip:desk@example.com")
}

// checkDestinations checks where an agent hands callers over to.
func checkDestinations(a *callwright.AgentSpec) []callwright.FieldError {
	p := checkDestination("handoffConfig.transferDestination", &a.HandoffConfig.TransferDestination)
	if len(a.HandoffConfig.TransferRules) > maxTransferRules {
		return append(p, at("handoffConfig.transferRules", fmt.Sprintf("must have at most %d rules", maxTransferRules))...)
	}
	for i := range a.HandoffConfig.TransferRules {
		r := &a.HandoffConfig.TransferRules[i]
		field := fmt.Sprintf("handoffConfig.transferRules[%d]", i)
		p = append(p, text(field+".label", r.Label, 1, 80)...)
		p = append(p, text(field+".when", r.When, 1, 500)...)
		if r.Destination == "" {
			p = append(p, at(field+".destination", "is required")...)
		}
		p = append(p, checkDestination(field+".destination", &r.Destination)...)
	}
	return p
}

// emergency lines may be short codes such as 911 or 112.
func emergency(v string) []callwright.FieldError {
	if v == "" || regexp.MustCompile(`^[0-9]{2,6}$`).MatchString(v) {
		return nil
	}
	return checkDestination("businessHours.afterHours.emergencyNumber", &v)
}
