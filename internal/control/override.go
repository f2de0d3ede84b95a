package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"callwright"
)

// checkOverrides checks the members of an agent that channels have of their own: a
// member of a channel must be what the agent's member may be.
func checkOverrides(a callwright.AgentSpec) []callwright.FieldError {
	var p []callwright.FieldError
	for _, channel := range slices.Sorted(maps.Keys(a.ChannelOverrides)) {
		field := "channelOverrides." + channel
		if known := []string{"voice", "chat", "sms", "whatsapp", "email"}; !slices.Contains(known, channel) {
			p = append(p, at(field, "is not a channel: use one of "+list(known))...)
			continue
		}
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal(a.ChannelOverrides[channel], &members); err != nil || members == nil {
			p = append(p, at(field, `must be an object of the members that differ, such as {"greeting":"Hi!"}`)...)
			continue
		}
		for _, problem := range checkOverride(a, members) {
			p = append(p, callwright.FieldError{Field: under(field, problem.Field), Message: problem.Message})
		}
	}
	return p
}

func checkOverride(a callwright.AgentSpec, members map[string]json.RawMessage) []callwright.FieldError {
	const enabled = "enabled"
	var p []callwright.FieldError
	// What the channel would run with, as far as members depend on each other.
	merged := callwright.AgentSpec{Name: a.Name, PrimaryLanguage: a.PrimaryLanguage, Languages: slices.Clone(a.Languages)}
	known := agentMembers()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch {
		case name == enabled:
			if v := string(members[name]); v != "true" && v != "false" {
				p = append(p, at(name, "must be true or false")...)
			}
		case !slices.Contains(known, name):
			p = append(p, at(name, "is not a member that can differ: use "+enabled+" or one of "+list(known))...)
		default:
			dec := json.NewDecoder(bytes.NewReader(fmt.Appendf(nil, "{%q:%s}", name, members[name])))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&merged); err != nil {
				p = append(p, at(name, "must be as the agent's own "+name)...)
			}
		}
	}
	for _, problem := range checkMembers(&merged) {
		root, _, _ := strings.Cut(problem.Field, ".")
		root, _, _ = strings.Cut(root, "[")
		if _, ok := members[root]; ok {
			p = append(p, problem)
		}
	}
	return p
}

// agentMembers are the members that an operator writes of an agent, but for those
// of the channels.
func agentMembers() []string {
	var names []string
	for f := range reflect.TypeFor[callwright.AgentSpec]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "channelOverrides" {
			names = append(names, name)
		}
	}
	return names
}
