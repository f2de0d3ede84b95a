package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"callwright"
	"callwright/internal/skill/sms"
	"callwright/internal/spoken"
	"callwright/internal/store"
)

// OptOutSpec is what an operator writes of a number that wants no text messages.
type OptOutSpec struct {
	Number string `json:"number" doc:"E.164" example:"+12125550123"`
	Note   string `json:"note" required:"false" maxLength:"2000" doc:"How you know"`
}

// CreateOptOut notes that a number wants no text messages: somebody said so on the phone,
// or wrote a letter.
func (s *Service) CreateOptOut(ctx context.Context, actor callwright.Actor, spec OptOutSpec, problems []callwright.FieldError) (callwright.OptOut, error) {
	number, err := spoken.Read("phone", spec.Number, spoken.Context{})
	switch {
	case spec.Number == "":
		problems = append(problems, at("number", "is required")...)
	case err != nil || number != spec.Number:
		problems = append(problems, at("number", "must be a number in E.164 such as +12125550123")...)
	}
	if err := fail(append(problems, text("note", spec.Note, 0, 2_000)...)); err != nil {
		return callwright.OptOut{}, err
	}
	now := s.Now()
	o := callwright.OptOut{ID: callwright.NewID[callwright.OptOutID](now), OrganizationID: actor.Org, Number: number, Source: callwright.OptOutOperator, Note: spec.Note, CreatedAt: callwright.At(now)}
	change := store.Change{Action: "optout.create", Resource: string(o.ID), After: &o}
	return o, s.Store.As(actor, now, change).CreateOptOut(ctx, o)
}

// ListOptOuts returns a page of the numbers that want no text messages, newest first.
func (s *Service) ListOptOuts(ctx context.Context, actor callwright.Actor, number string, p callwright.Page) ([]callwright.OptOut, callwright.Pagination, error) {
	return s.Store.ListOptOuts(ctx, actor.Org, number, p)
}

// DeleteOptOut lets a number have text messages again.
func (s *Service) DeleteOptOut(ctx context.Context, actor callwright.Actor, id callwright.OptOutID) error {
	var before callwright.OptOut
	change := store.Change{Action: "optout.delete", Resource: string(id), Before: &before}
	return s.Store.As(actor, s.Now(), change).DeleteOptOut(ctx, actor.Org, id, func(o callwright.OptOut) { before = o })
}

// A ProviderRequest is one that claims to come from the provider of text messages.
type ProviderRequest struct {
	Org       callwright.OrgID // whose address was called
	URL       string           // as it was called
	Signature string
	Form      url.Values
}

// genuine refuses a request that the provider did not sign.
func (s *Service) genuine(r ProviderRequest) error {
	switch {
	case s.Texts == nil:
		return callwright.Errorf(callwright.CodeNotFound, "This server has no provider of text messages.")
	case !s.Texts.Genuine(r.URL, r.Signature, r.Form):
		return callwright.Errorf(callwright.CodeSignature, "X-Twilio-Signature is not that of this server's account over this request.")
	}
	return nil
}

// TextArrived takes a message that somebody wrote to the organization, and returns the
// answer; empty for none. Only the words that turn messages off and on mean something.
func (s *Service) TextArrived(ctx context.Context, r ProviderRequest) (reply string, err error) {
	if err := s.genuine(r); err != nil {
		return "", err
	}
	number, err := spoken.Read("phone", r.Form.Get("From"), spoken.Context{})
	if err != nil || number != r.Form.Get("From") {
		return "", nil // no telephone: a short code, or another kind of message
	}
	switch k, word := sms.ReadKeyword(r.Form); k {
	case sms.Stop:
		now := s.Now()
		_, err := s.Store.AddOptOut(ctx, callwright.OptOut{ID: callwright.NewID[callwright.OptOutID](now), OrganizationID: r.Org, Number: number, Source: callwright.OptOutKeyword, Word: cut(word, 40), CreatedAt: callwright.At(now)})
		return "", err
	case sms.Start:
		return "", s.Store.OptIn(ctx, r.Org, number)
	case sms.Help:
		return s.Texts.Help, nil
	}
	return "", nil
}

// TextReported takes what the provider says of a message that a run sent. A message that
// the run did not send changes nothing.
func (s *Service) TextReported(ctx context.Context, r ProviderRequest, run callwright.RunID) error {
	if err := s.genuine(r); err != nil {
		return err
	}
	return s.Store.UpdateRun(ctx, r.Org, run, func(known *callwright.Run) error {
		if !sms.Report(known, r.Form, s.now()) {
			s.Log.InfoContext(ctx, "a report about a text message changed nothing", "run", run)
		}
		return nil
	})
}

// cut bounds a text.
func cut(text string, most int) string {
	r := []rune(strings.ToValidUTF8(text, ""))
	return string(r[:min(len(r), most)])
}

// delivered adds to the calls of a receipt what became of the messages that they sent: it
// is known after they are journalled.
func (s *Service) delivered(ctx context.Context, actor callwright.Actor, id callwright.ConversationID, events []callwright.Event) error {
	known, err := s.Store.Deliveries(ctx, actor.Org, id)
	if err != nil || len(known) == 0 {
		return err
	}
	for i, ev := range events {
		var call callwright.ToolCall
		if ev.EventType != callwright.ToolCallEvent || json.Unmarshal(ev.Payload, &call) != nil || call.State == "started" {
			continue
		}
		d, ok := known[call.RunID]
		if !ok {
			continue
		}
		call.Delivery = new(d.Said())
		if events[i].Payload, err = json.Marshal(call); err != nil {
			return fmt.Errorf("write %s: %w", ev.EventType, err)
		}
	}
	return nil
}
