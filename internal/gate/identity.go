package gate

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"callwright"
	"callwright/internal/spoken"
	"callwright/internal/strictjson"
)

const (
	defaultTTL      = 900 // seconds
	defaultAttempts = 3

	// stepUpFresh is how old a check may be for a step-up.
	stepUpFresh = 2 * time.Minute

	codeLifetime = 10 * time.Minute
	codeDigits   = 6

	// At most so many codes leave in a conversation in ten minutes.
	maxCodes      = 5
	codesWindowMs = callwright.Time(10 * 60_000)
)

// A Demand is what a caller must do to be verified.
type Demand struct {
	Method   callwright.VerificationMethod
	Verifier *Skill   // the skill that checks, or sends the code
	Fields   []string // its parameters to collect
}

// A Verdict is what a check found.
type Verdict struct {
	Method   callwright.VerificationMethod
	Verified bool
	CodeSent bool // a one-time code is on its way; the caller's words will have it
	Attempts int  // failed ones in a row
	Left     int
	Expires  callwright.Time
}

// 6: identity.
func (r *run) identity(context.Context) (Outcome, bool) {
	s, c, now := r.skill, r.turn.Conversation, r.gate.Now()
	if r.turn.Operator {
		r.detail = "does not apply to a test"
		return Outcome{}, true
	}
	if s.verifies != nil {
		if out, ok := r.mayTry(*s.verifies, now); !ok {
			return out, false
		}
		r.detail = "it is how callers are verified (" + string(s.verifies.Method) + ")"
		return Outcome{}, true
	}
	methods := r.turn.Agent.stepUpBy(s)
	switch need := r.turn.Agent.level(s); {
	case need == "" && len(methods) == 0:
		r.unset = true
		return Outcome{}, true
	case len(methods) > 0 || need == "step_up":
		if len(methods) == 0 {
			methods = r.turn.Agent.stronger()
		}
		if c.Identity.Verified(callwright.At(now)) && now.Sub(c.Identity.At.Time()) <= stepUpFresh &&
			slices.ContainsFunc(methods, func(m callwright.CallerVerification) bool { return m.Method == c.Identity.Method }) {
			r.detail = "verified by " + string(c.Identity.Method) + " a moment ago"
			return Outcome{}, true
		}
	default:
		if c.Identity.Verified(callwright.At(now)) {
			r.detail = "verified by " + string(c.Identity.Method)
			return Outcome{}, true
		}
		methods = r.turn.Agent.CallerVerification
	}
	return r.demand(methods)
}

// demand asks for the first method that the caller may still try.
func (r *run) demand(methods []callwright.CallerVerification) (Outcome, bool) {
	locked := false
	for _, m := range methods {
		v := r.turn.Agent.Skill(m.VerifierSkillID)
		if v == nil || v.broken != nil || !v.enabled() || !v.on(r.turn.Conversation.Channel) {
			continue
		}
		if left(m, r.turn.Conversation.Identity) <= 0 {
			locked = true
			continue
		}
		fields := m.RequiredFields
		if len(fields) == 0 {
			fields = v.Required
		}
		return Outcome{Kind: Verify, Detail: "the caller must be verified by " + string(m.Method), Verify: &Demand{Method: m.Method, Verifier: v, Fields: fields}}, false
	}
	if locked {
		return refuse(CodeLocked, "every way to verify the caller is locked after too many failed attempts")
	}
	return Outcome{Kind: Verify, Code: CodeCannotVerify, Detail: "the skill needs a verified caller, and no method that can verify one well enough is configured"}, false
}

// level is how well a caller must be verified for a skill: "", basic or step_up.
func (a *Agent) level(s *Skill) string {
	switch {
	case s.VerificationLevel == "step_up":
		return "step_up"
	case s.VerificationLevel == "basic", s.RequiresVerifiedIdentity:
		return "basic"
	case s.IsWrite && slices.ContainsFunc(of(a.policies.writes, s.SkillType), func(w WritePolicy) bool { return w.RequireVerified }):
		return "basic"
	}
	return ""
}

// NeedsIdentity is how well a caller must be verified for a skill: "", basic or
// step_up.
func (a *Agent) NeedsIdentity(s *Skill) string {
	if s.verifies == nil && len(a.stepUpBy(s)) > 0 {
		return "step_up"
	}
	return a.level(s)
}

// CanVerify reports whether some method of the agent reaches a level.
func (a *Agent) CanVerify(level string) bool {
	if level == "step_up" {
		return len(a.stronger()) > 0 || slices.ContainsFunc(a.CallerVerification, func(v callwright.CallerVerification) bool { return len(v.StepUpFor) > 0 })
	}
	return len(a.CallerVerification) > 0
}

// BrokenRules is why the agent's rules cannot be judged, or nil.
func (a *Agent) BrokenRules() error { return a.brokenRules }

// stepUpBy returns the methods that name the skill in stepUpFor.
func (a *Agent) stepUpBy(s *Skill) []callwright.CallerVerification {
	var out []callwright.CallerVerification
	for _, m := range a.CallerVerification {
		if slices.ContainsFunc(m.StepUpFor, s.called) {
			out = append(out, m)
		}
	}
	return out
}

// stronger returns the methods that are stronger than the weakest one, the basic
// check: only these step up.
func (a *Agent) stronger() []callwright.CallerVerification {
	weakest := 0
	for _, m := range a.CallerVerification {
		if n := m.Method.Strength(); weakest == 0 || n < weakest {
			weakest = n
		}
	}
	var out []callwright.CallerVerification
	for _, m := range a.CallerVerification {
		if m.Method.Strength() > weakest {
			out = append(out, m)
		}
	}
	return out
}

// Verifier returns the skill of a method, or nil.
func (a *Agent) Verifier(m callwright.VerificationMethod) *Skill {
	for _, s := range a.Skills {
		if s.verifies != nil && s.verifies.Method == m {
			return s
		}
	}
	return nil
}

// left is how many attempts a method has left in the conversation.
func left(m callwright.CallerVerification, id callwright.Identity) int {
	most := m.MaxAttempts
	if most == 0 {
		most = defaultAttempts
	}
	return most - id.Failed[m.Method]
}

// mayTry bounds attempts, and the codes that are sent.
func (r *run) mayTry(m callwright.CallerVerification, now time.Time) (Outcome, bool) {
	id := r.turn.Conversation.Identity
	if left(m, id) <= 0 {
		return refuse(CodeLocked, fmt.Sprintf("%s is locked after %d failed attempts", m.Method, id.Failed[m.Method]))
	}
	if m.Method == callwright.OTPSMS && len(since(id.Sent, callwright.At(now)-codesWindowMs)) >= maxCodes {
		return refuse(CodeTooOften, fmt.Sprintf("%d codes were sent in the last ten minutes, which is the limit", maxCodes))
	}
	return Outcome{}, true
}

// Private reports whether the skill's arguments are what callers prove who they are
// with: they are not kept.
func (s *Skill) Private() bool { return s.verifies != nil }

// Masked is arguments without their values.
func Masked(arguments json.RawMessage) json.RawMessage {
	args, err := strictjson.Object(arguments)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	for name := range args {
		args[name] = hidden
	}
	out, err := json.Marshal(args)
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return out
}

const hidden = "••••"

// judge reads the answer of a skill that verifies callers. The model learns whether
// they match, and what allowedFields lets in.
func (r *run) judge() (Outcome, bool) {
	m := *r.skill.verifies
	if m.Method == callwright.OTPSMS {
		return r.codeSent(m)
	}
	if !matches(r.result.Data) {
		r.verdict = r.turn.fail(m, r.gate.Now())
		r.result.Data = nil
		if r.verdict.Left <= 0 {
			return refuse(CodeLocked, "the caller's claim does not match, and no attempt is left")
		}
		var problems []Problem
		for _, name := range r.skill.Required {
			problems = append(problems, Problem{Name: name, Message: "does not match what is on file"})
		}
		if len(problems) == 0 {
			problems = []Problem{{Message: "the claim does not match what is on file"}}
		}
		return Outcome{Kind: Ask, Problems: problems, Detail: fmt.Sprintf("the caller's claim does not match; %d attempts left", r.verdict.Left)}, false
	}
	r.verdict = r.turn.succeed(m, r.gate.Now())
	r.detail = "the caller is verified until " + r.verdict.Expires.String()
	if len(r.skill.AllowedFields) == 0 {
		r.result.Data = json.RawMessage(`{"verified":true}`)
	}
	return Outcome{}, true
}

// matches reports whether a verifier's answer says that the claim is right: a member
// match, matched, verified, valid or ok that is true at its top, in data or in the
// first of rows.
func matches(data json.RawMessage) bool {
	v, err := strictjson.Value(data)
	if err != nil {
		return false
	}
	for _, place := range []any{v, first(at(v, "data")), first(at(v, "rows[]")), first(at(v, "result"))} {
		o, ok := place.(map[string]any)
		if !ok {
			continue
		}
		for _, name := range []string{"match", "matched", "verified", "valid"} {
			if said, ok := o[name]; ok {
				return said == true || same(said, 1)
			}
		}
	}
	return false
}

func first(all []any) any {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// succeed notes that a method verified the caller.
func (t *Turn) succeed(m callwright.CallerVerification, now time.Time) *Verdict {
	ttl := m.TokenTTLSeconds
	if ttl == 0 {
		ttl = defaultTTL
	}
	id := &t.Conversation.Identity
	id.Method, id.At, id.Expires, id.Code = m.Method, callwright.At(now), callwright.At(now.Add(time.Duration(ttl)*time.Second)), nil
	delete(id.Failed, m.Method)
	return &Verdict{Method: m.Method, Verified: true, Left: left(m, *id), Expires: id.Expires}
}

// fail notes that a method did not.
func (t *Turn) fail(m callwright.CallerVerification, _ time.Time) *Verdict {
	id := &t.Conversation.Identity
	if id.Failed == nil {
		id.Failed = map[callwright.VerificationMethod]int{}
	}
	id.Failed[m.Method]++
	if left(m, *id) <= 0 {
		id.Code = nil
	}
	return &Verdict{Method: m.Method, Attempts: id.Failed[m.Method], Left: left(m, *id)}
}

// codeOut makes a one-time code and builds what leaves with it. The code goes where
// the skill sends it, never to a place that the caller names.
func (r *run) codeOut() (Outcome, bool) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Outcome{Kind: Failed, Code: callwright.CodeInternal, Detail: "no random code could be made"}, false
	}
	r.code = fmt.Sprintf("%0*d", codeDigits, n)
	fields := map[string]any{}
	for name, v := range r.args {
		fields[name] = v
	}
	fields["code"] = r.code
	caller := r.turn.Conversation.Caller
	for name, v := range map[string]string{"caller_phone": caller.Phone, "caller_email": caller.Email, "caller_name": caller.Name} {
		if v != "" {
			fields[name] = v
		}
	}
	if len(r.skill.DataEgressMap) > 0 {
		if fields, err = mapFields(r.skill.DataEgressMap, fields, r.turn); err != nil {
			return refuse(CodeSkillBroken, "dataEgressMap: "+err.Error())
		}
	}
	r.fields, r.detail = fields, fmt.Sprintf("%d fields, with a one-time code", len(fields))
	return Outcome{}, true
}

// codeSent keeps the hash of the code that left.
func (r *run) codeSent(m callwright.CallerVerification) (Outcome, bool) {
	id, now := &r.turn.Conversation.Identity, r.gate.Now()
	id.Code = &callwright.OneTimeCode{Hash: r.turn.codeHash(r.code), Expires: callwright.At(now.Add(codeLifetime))}
	id.Sent = append(since(id.Sent, callwright.At(now)-codesWindowMs), callwright.At(now))
	r.verdict = &Verdict{Method: m.Method, CodeSent: true, Attempts: id.Failed[m.Method], Left: left(m, *id)}
	r.result.Data = json.RawMessage(`{"code_sent":true}`)
	return Outcome{}, true
}

func (t *Turn) codeHash(code string) string {
	sum := sha256.Sum256([]byte(string(t.Conversation.ID) + "/" + code))
	return hex.EncodeToString(sum[:])
}

// CodeFields are what a skill gets that sends a one-time code, beside its parameters.
func CodeFields() []string { return []string{"code", "caller_phone", "caller_email", "caller_name"} }

// hideCode takes a one-time code out of everything that is kept of its run.
func (r *run) hideCode() {
	if r.code == "" {
		return
	}
	r.result.Request = bytes.ReplaceAll(r.result.Request, []byte(r.code), []byte(hidden))
	r.result.Data = bytes.ReplaceAll(r.result.Data, []byte(r.code), []byte(hidden))
	r.out.Detail = strings.ReplaceAll(r.out.Detail, r.code, hidden)
}

// TryCode reads a one-time code out of the caller's own words. It returns nil when
// none is awaited or the words have none. A code counts once, for ten minutes.
func (g *Gate) TryCode(t *Turn, words string) *Verdict {
	id, now := &t.Conversation.Identity, g.Now()
	code := codeIn(words)
	if id.Code == nil || code == "" {
		return nil
	}
	i := slices.IndexFunc(t.Agent.CallerVerification, func(m callwright.CallerVerification) bool { return m.Method == callwright.OTPSMS })
	if i < 0 {
		return nil
	}
	m := t.Agent.CallerVerification[i]
	if callwright.At(now) >= id.Code.Expires {
		id.Code = nil
		return &Verdict{Method: m.Method, Left: left(m, *id), Attempts: id.Failed[m.Method]}
	}
	if subtle.ConstantTimeCompare([]byte(t.codeHash(code)), []byte(id.Code.Hash)) != 1 {
		return t.fail(m, now)
	}
	return t.succeed(m, now)
}

// HasDigits reports whether words have digits, spoken or written: perhaps a part of a
// code.
func HasDigits(words string) bool {
	for _, w := range strings.Fields(spoken.Bare(words)) {
		if digit(w) != "" {
			return true
		}
	}
	return false
}

// digit is a word as digits, "" when it is none.
func digit(word string) string {
	if strings.Trim(word, "0123456789") == "" {
		return word
	}
	return map[string]string{"zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}[word]
}

// codeIn finds six digits in words, spoken or written, with anything but letters
// between them.
func codeIn(words string) string {
	var run strings.Builder
	found := ""
	end := func() {
		if run.Len() == codeDigits {
			found = run.String()
		}
		run.Reset()
	}
	for _, w := range strings.Fields(spoken.Bare(words)) {
		if d := digit(w); d != "" {
			run.WriteString(d)
		} else {
			end()
		}
	}
	end()
	return found
}
