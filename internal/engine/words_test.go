package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"callwright"
	"callwright/internal/llm"
	"callwright/internal/skill"
)

// Every outcome has a fitting result for the model, and what is for the operator
// is in none of them.
func TestWords(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	off := false
	fails := func(code callwright.Code, sent bool) func(*room) {
		return func(r *room) {
			r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
				return skill.Result{Sent: sent, Request: json.RawMessage(`{"authorization":"` + secret + `"}`)}, callwright.Wrap(code, errors.New(secret), "At %s something went wrong.", secret)
			}
		}
	}
	status := func(status int) func(*room) {
		return func(r *room) {
			r.partner.do = func(context.Context, skill.Call) (skill.Result, error) {
				return skill.Result{Sent: true, Status: status}, callwright.Errorf(callwright.CodeRemoteStatus, "%d", status)
			}
		}
	}
	change := func(id callwright.SkillID, fn func(*callwright.Skill)) func(*room) {
		return func(r *room) {
			must(r.t, second(r.db.UpdateSkill(r.t.Context(), org, agentID, id, func(s *callwright.Skill) error { fn(s); return nil })))
		}
	}
	plainWrite := change(bookID, func(s *callwright.Skill) { s.Stakes = "low" })
	both := func(fs ...func(*room)) func(*room) {
		return func(r *room) {
			for _, f := range fs {
				f(r)
			}
		}
	}
	const noEffect, noAnswer = "so it has not been done", "so I don't have an answer"
	for name, c := range map[string]struct {
		setup  func(*room)
		tool   string
		status llm.ToolStatus
		code   callwright.Code
		say    string // part of it; "-" = nothing at all
	}{
		"done":                   {tool: "find_order", status: llm.StatusDone, say: "-"},
		"queued":                 {setup: change(findID, func(s *callwright.Skill) { s.ToolMode = "one_way" }), tool: "find_order", status: llm.StatusQueued, say: "taken care of"},
		"confirmation":           {tool: "book_visit", status: llm.StatusConfirmation, say: "Is that right?"},
		"verification":           {setup: change(findID, func(s *callwright.Skill) { s.RequiresVerifiedIdentity = true }), tool: "find_order", status: llm.StatusVerification, code: "verification_not_configured", say: "identity"},
		"unknown tool":           {tool: "no_such_tool", status: llm.StatusRefused, code: "unknown_skill", say: "-"},
		"disabled":               {setup: change(findID, func(s *callwright.Skill) { s.IsEnabled = &off }), tool: "find_order", status: llm.StatusRefused, code: "skill_disabled", say: "-"},
		"channel":                {setup: change(findID, func(s *callwright.Skill) { s.Channels = []callwright.Channel{callwright.Voice} }), tool: "find_order", status: llm.StatusRefused, code: "channel_not_allowed", say: "something I can do here"},
		"hours":                  {setup: change(findID, func(s *callwright.Skill) { s.AvailabilityWindow = "closed" }), tool: "find_order", status: llm.StatusRefused, code: "outside_window", say: "time of day"},
		"broken":                 {setup: change(findID, func(s *callwright.Skill) { s.SkillType = "telepathy" }), tool: "find_order", status: llm.StatusRefused, code: "skill_unusable", say: "can't do that at the moment"},
		"timeout of a read":      {setup: fails(callwright.CodeTimeout, true), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeTimeout, say: "too long to answer, " + noAnswer},
		"timeout of a write":     {setup: both(plainWrite, fails(callwright.CodeTimeout, true)), tool: "book_visit", status: llm.StatusUnknown, code: callwright.CodeTimeout, say: "can't tell whether that went through"},
		"lost connection":        {setup: both(plainWrite, fails(callwright.CodeConnection, true)), tool: "book_visit", status: llm.StatusUnknown, code: callwright.CodeConnection, say: "don't try it again"},
		"write that never left":  {setup: both(plainWrite, fails(callwright.CodeUnreachable, false)), tool: "book_visit", status: llm.StatusFailed, code: callwright.CodeUnreachable, say: "can't reach the system I need for that right now, " + noEffect},
		"write refused by them":  {setup: both(plainWrite, fails(callwright.CodeRemoteStatus, true)), tool: "book_visit", status: llm.StatusFailed, code: callwright.CodeRemoteStatus, say: "reported a problem, " + noEffect},
		"unknown to them":        {setup: status(404), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeRemoteStatus, say: "I couldn't find anything under that order id. Could you check it?"},
		"a write of the unknown": {setup: both(plainWrite, status(410)), tool: "book_visit", status: llm.StatusFailed, code: callwright.CodeRemoteStatus, say: "so it has not been done. Could you check it?"},
		"unreadable answer":      {setup: fails(callwright.CodeBadResponse, true), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeBadResponse, say: "can't read, " + noAnswer},
		"oversized answer":       {setup: fails(callwright.CodeTooLarge, true), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeTooLarge, say: "can't read, " + noAnswer},
		"guarded address":        {setup: fails(callwright.CodeRefused, false), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeRefused, say: "can't reach the system"},
		"missing secret":         {setup: fails(callwright.CodeSecretMissing, false), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeSecretMissing, say: "can't reach the system"},
		"redirect":               {setup: fails(callwright.CodeRedirect, true), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeRedirect, say: "can't reach the system"},
		"opted out":              {setup: both(plainWrite, fails(callwright.CodeOptedOut, false)), tool: "book_visit", status: llm.StatusRefused, code: callwright.CodeOptedOut, say: "has turned off text messages from us"},
		"enough text messages":   {setup: both(plainWrite, fails(callwright.CodeTextLimit, false)), tool: "book_visit", status: llm.StatusRefused, code: callwright.CodeTextLimit, say: "as many text messages as I may for now"},
		"something of our own":   {setup: fails(callwright.CodeInternal, false), tool: "find_order", status: llm.StatusFailed, code: callwright.CodeInternal, say: "on our side, " + noAnswer},
		"a code of the future":   {setup: fails("quantum_decoherence", false), tool: "find_order", status: llm.StatusFailed, code: "quantum_decoherence", say: "on our side, " + noAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, calling(tool("c1", c.tool, `{"order_id":"A-1"}`)), text("Well."), text("Well."))
			if c.setup != nil {
				c.setup(r)
			}
			p := r.say("Please")
			must(t, r.engine.Gate.Wait(t.Context()))
			if c.status == llm.StatusConfirmation {
				p = r.say("hm")
			}
			got := results(t, r.model)[0]
			if got.Status != c.status || got.Code != string(c.code) {
				t.Errorf("got %s %q, want %s %q", got.Status, got.Code, c.status, c.code)
			}
			if c.say == "-" && got.Say != "" || c.say != "-" && !strings.Contains(got.Say, c.say) {
				t.Errorf("say: got %q, want %q in it", got.Say, c.say)
			}
			for _, req := range r.model.Requests() {
				for _, m := range req.Messages {
					if strings.Contains(m.Content, secret) {
						t.Errorf("the model was told %s", m.Content)
					}
				}
			}
			if strings.Contains(strings.Join(p.said, ""), secret) {
				t.Errorf("said: %q", p.said)
			}
		})
	}
}

// The read-back says every argument in words.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schema, args, want string }{
		{"Book visit", `{"properties":{"when":{"title":"date"},"a":{}},"required":["when"]}`, `{"a":"x","when":"Friday"}`, "So I'll book a visit, date: Friday, a: x."},
		{"VIN check", `{"properties":{"vin":{}}}`, `{}`, "So that's a VIN check."},
		{"Go", `{"properties":{"yes":{"type":"boolean"},"list":{"type":"array"},"n":{"type":"number"}}}`, `{"yes":false,"list":["a","b","c"],"n":12345678901234567890.50}`, "So that's a go, list: a, b and c, n 12345678901234567890.50, yes: no."},
		{"Book visit", `{"properties":{"when":{"type":"string","format":"date-time"},"phone":{"type":"string","format":"phone"},"days":{"type":"array","items":{"type":"string","format":"date"}}}}`, `{"when":"tomorrow at noon","phone":"212 555 0123","days":["Friday","May 3"]}`,
			"So I'll book a visit on Tuesday, March 2 at noon, days Friday, March 5, 2027 and Monday, May 3, 2027, phone (212) 555-0123."},
		{"Go", `{"properties":{"o":{"type":"object"}}}`, `{"o":{"k":[1]}}`, `So that's a go, o {"k":[1]}.`},
	} {
		r := newRoom(t)
		must(t, second(r.db.UpdateSkill(t.Context(), org, agentID, bookID, func(s *callwright.Skill) error {
			s.Name, s.ParametersSchema = c.name, json.RawMessage(c.schema)
			return nil
		})))
		a, err := r.engine.Agent(t.Context(), org, agentID, "")
		must(t, err)
		r.model.Steps = append(r.model.Steps, calling(tool("c1", a.Skill(bookID).Tool, c.args)))
		p := r.say("do it")
		wantList(t, c.name, p.said, c.want+" Is that right?")
	}
}
