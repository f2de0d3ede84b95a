package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/strictjson"
)

// What the engine says by itself.
const (
	sayNothing  = "I'm sorry, I didn't get that. Could you put it another way?"
	sayLost     = "I'm sorry, I'm not getting any further with this. Is there something else I can help you with?"
	sayDeclined = "All right, I haven't done anything. What would you like instead?"
)

// toolResult is the one table from outcomes to what a model is told. Say is what
// may be said to the caller; details are for the operator's receipt only.
func toolResult(out gate.Outcome) llm.ToolResult {
	r := llm.ToolResult{Code: string(out.Code)}
	switch out.Kind {
	case gate.Done:
		r.Status, r.Result = llm.StatusDone, out.Result
	case gate.Queued:
		r.Status, r.Say = llm.StatusQueued, "That's being taken care of now."
	case gate.Ask:
		r.Status = llm.StatusNeedsInput
		for _, p := range out.Problems {
			r.Fields = append(r.Fields, llm.FieldProblem{Name: p.Name, Problem: p.Message})
		}
		r.Say = ask(out)
	case gate.Confirm:
		r.Status, r.Say = llm.StatusConfirmation, readBack(out.Skill, out.Confirm.Arguments)
	case gate.Verify:
		r.Status, r.Say = llm.StatusVerification, "I'm sorry, I can only do that for a caller whose identity has been checked, and I can't check it here."
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
	case gate.CodeUnknownSkill, gate.CodeSkillDisabled:
		return ""
	}
	return "I'm sorry, I can't do that at the moment."
}

// failure is what may be said of a system that failed: what the caller can rely
// on, not whose fault it is.
func failure(out gate.Outcome) string {
	why := ""
	switch out.Code {
	case callwright.CodeTimeout:
		why = "the system I need for that is taking too long to answer"
	case callwright.CodeRefused, callwright.CodeUnreachable, callwright.CodeConnection, callwright.CodeRedirect, callwright.CodeUnavailable, callwright.CodeSecretMissing:
		why = "I can't reach the system I need for that right now"
	case callwright.CodeRemoteStatus:
		why = "the system I need for that reported a problem"
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
	return "I'm afraid that doesn't work as the " + label + ". Could you give it to me again?"
}

// readBack is the question for confirmation: the skill and every argument.
func readBack(s *gate.Skill, arguments json.RawMessage) string {
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
	var parts []string
	for _, n := range append(names, rest...) {
		parts = append(parts, s.Label(n)+" "+spoken(args[n]))
	}
	what := lowerFirst(s.Name)
	if len(parts) == 0 {
		return "Before I go ahead, let me check: " + what + ". Is that right?"
	}
	return "Before I go ahead, let me check: " + what + ", with " + join(parts) + ". Is that right?"
}

func join(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func spoken(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = spoken(item)
		}
		return join(parts)
	case map[string]any:
		return string(mustJSON(v))
	}
	return fmt.Sprint(v)
}

// lowerFirst makes a name fit into a sentence, unless it begins with an acronym.
func lowerFirst(name string) string {
	r := []rune(name)
	if len(r) > 1 && unicode.IsUpper(r[0]) && !unicode.IsUpper(r[1]) {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}
