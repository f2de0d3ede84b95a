package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/spoken"
	"callwright/internal/strictjson"
)

// What the engine says by itself.
const (
	sayNothing  = "I'm sorry, I didn't get that. Could you put it another way?"
	sayLost     = "I'm sorry, I'm not getting any further with this. Is there something else I can help you with?"
	sayDeclined = "All right, I haven't done anything. What would you like instead?"

	sayBanned    = "I'm sorry, that's not something I can talk about. Is there anything else I can help with?"
	sayUnfounded = "To be clear, that has not been done yet."
	sayMoment    = "One moment, please."
	sayGoodbye   = "Thank you, and goodbye!"
	sayNoted     = "I've made a note for our team, and somebody will get back to you."
	sayHandover  = "I'll hand you over to a colleague now. One moment, please."
	sayNobody    = "I'm sorry, nobody is available to take over right now. I can go on helping you here."
	sayOffer     = "I'm sorry this isn't going well. Would you like me to hand you over to a person?"

	sayCodeSent  = "To make sure it's you, I've just sent you a code with six digits. What is the code?"
	saySixDigits = "The code has six digits. What is it?"
	sayWrongCode = "I'm sorry, that code isn't right. You have %s. What is the code?"
	sayExpired   = "I'm sorry, that code is no longer valid. Shall I send you a new one?"
	sayLocked    = "I'm sorry, I couldn't make sure who you are, so I can't do that for you here. Is there anything else I can help with?"
)

// toolResult is the one table from outcomes to what a model is told. Say is what
// may be said to the caller; details are for the operator's receipt only.
func toolResult(out gate.Outcome, now time.Time) llm.ToolResult {
	r := llm.ToolResult{Code: string(out.Code)}
	switch out.Kind {
	case gate.Done:
		r.Status, r.Result = llm.StatusDone, out.Result
		if v := out.Verified; v != nil && v.Verified {
			r.Say = "Thank you, I've been able to check that it's you."
		}
	case gate.Queued:
		r.Status, r.Say = llm.StatusQueued, "That's being taken care of now."
	case gate.Ask:
		r.Status = llm.StatusNeedsInput
		for _, p := range out.Problems {
			r.Fields = append(r.Fields, llm.FieldProblem{Name: p.Name, Problem: p.Message})
		}
		r.Say = ask(out)
		if out.Verified != nil {
			r.Say = "I'm sorry, that doesn't match what we have on file."
			if name := out.Problems[0].Name; name != "" {
				r.Say += " " + askFirst(out.Skill, name)
			}
		}
	case gate.Confirm:
		r.Status, r.Say = llm.StatusConfirmation, readBack(out.Skill, out.Confirm.Arguments, now)
	case gate.Verify:
		r.Status, r.Say = llm.StatusVerification, "I'm sorry, I can only do that for a caller whose identity has been checked, and I can't check it here."
		if out.Verify != nil {
			r.Tool, r.Say = out.Verify.Verifier.Tool, askIdentity(out.Verify)
			for _, name := range out.Verify.Fields {
				r.Fields = append(r.Fields, llm.FieldProblem{Name: name, Problem: "is needed to check who the caller is"})
			}
		}
	case gate.Late:
		r.Status, r.Say = llm.StatusLate, "That's still being done; I'll tell you when I know."
	case gate.Refused:
		r.Status, r.Say = llm.StatusRefused, refusal(out.Code)
	case gate.Unknown:
		r.Status, r.Say = llm.StatusUnknown, "I'm sorry, I can't tell whether that went through. Please don't try it again until someone has checked."
	case gate.Failed:
		r.Status, r.Say = llm.StatusFailed, failure(out)
	}
	return r
}

// refusal is what may be said of a rule's no; empty when there is nothing that a
// caller needs to hear.
func refusal(code callwright.Code) string {
	switch code {
	case gate.CodeWrongChannel:
		return "I'm sorry, that isn't something I can do here."
	case gate.CodeOutsideHours:
		return "I'm sorry, that isn't available at this time of day."
	case gate.CodeLocked:
		return sayLocked
	case gate.CodeNoHandoff:
		return sayNobody
	case gate.CodeTooOften:
		return "I'm sorry, I can't do any more of that just now."
	case callwright.CodeOptedOut:
		return "I'm sorry, that number has turned off text messages from us, so I haven't sent one."
	case callwright.CodeTextLimit:
		return "I'm sorry, I've sent that number as many text messages as I may for now, so I haven't sent another."
	case gate.CodeUnknownSkill, gate.CodeSkillDisabled, gate.CodeOneAtATime, gate.CodeMustEscalate:
		return ""
	}
	return "I'm sorry, I can't do that at the moment."
}

// failure is what may be said of a system that failed: what the caller can rely
// on, not whose fault it is.
func failure(out gate.Outcome) string {
	if out.NotFound && out.Skill != nil && len(out.Skill.Required) > 0 {
		return notFound(out.Skill)
	}
	why := ""
	switch out.Code {
	case callwright.CodeTimeout:
		why = "the system I need for that is taking too long to answer"
	case callwright.CodeRefused, callwright.CodeUnreachable, callwright.CodeConnection, callwright.CodeRedirect, callwright.CodeUnavailable, callwright.CodeSecretMissing:
		why = "I can't reach the system I need for that right now"
	case callwright.CodeRemoteStatus:
		why = "the system I need for that reported a problem"
	case gate.CodeReported:
		why = "the system I need for that says that it isn't possible"
	case callwright.CodeBadResponse, callwright.CodeTooLarge:
		why = "the system I need for that gave me an answer I can't read"
	default:
		why = "something went wrong on our side"
	}
	if out.Skill != nil && out.Skill.IsWrite {
		return "I'm sorry, " + why + ", so it has not been done."
	}
	return "I'm sorry, " + why + ", so I don't have an answer for you."
}

// notFound is said of an argument that the other side does not know.
func notFound(s *gate.Skill) string {
	what := "that"
	if len(s.Required) == 1 {
		what += " " + s.Label(s.Required[0])
	}
	if s.IsWrite {
		return "I'm sorry, I couldn't find anything under " + what + ", so it has not been done. Could you check it?"
	}
	return "I'm sorry, I couldn't find anything under " + what + ". Could you check it?"
}

// ask words the question for the first thing that is missing or wrong.
func ask(out gate.Outcome) string {
	if len(out.Problems) == 0 || out.Skill == nil {
		return ""
	}
	p := out.Problems[0]
	if p.Name == "" {
		return ""
	}
	label := out.Skill.Label(p.Name)
	if p.Missing {
		return "What is the " + label + "?"
	}
	if p.Plain {
		said := "I'm afraid the " + label + " " + p.Message
		if strings.HasSuffix(said, "?") {
			return said
		}
		return said + ". Could you give it to me again?"
	}
	return "I'm afraid that doesn't work as the " + label + ". Could you give it to me again?"
}

// askIdentity words the first question of a check.
func askIdentity(d *gate.Demand) string {
	say := "Before I can do that, I need to make sure who I'm speaking with."
	if len(d.Fields) == 0 {
		return say
	}
	return say + " " + askFirst(d.Verifier, d.Fields[0])
}

func askFirst(s *gate.Skill, name string) string { return "What is your " + s.Label(name) + "?" }

// readBack is the question for confirmation: the skill and every argument, the required
// ones first.
func readBack(s *gate.Skill, arguments json.RawMessage, now time.Time) string {
	args, err := strictjson.Object(arguments)
	if err != nil {
		args = nil
	}
	names := make([]string, 0, len(args))
	for _, n := range s.Required {
		if _, ok := args[n]; ok {
			names = append(names, n)
		}
	}
	var rest []string
	for n := range args {
		if !slices.Contains(names, n) {
			rest = append(rest, n)
		}
	}
	slices.Sort(rest)
	var values []spoken.Told
	for _, n := range append(names, rest...) {
		values = append(values, spoken.Told{Label: s.Label(n), Format: s.Kind(n), Value: fmt.Sprint(args[n]), Said: said(s, n, args[n])})
	}
	return spoken.ReadBack(s.Name, values, now)
}

func join(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

// said is an argument as it is read back.
func said(s *gate.Skill, name string, v any) string {
	switch v := v.(type) {
	case string:
		return s.Said(name, v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = said(s, name, item)
		}
		return join(parts)
	case map[string]any:
		return string(mustJSON(v))
	}
	return fmt.Sprint(v)
}
