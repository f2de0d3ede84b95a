package sms

import (
	"context"
	"errors"
	"slices"
	"time"

	"callwright"
	"callwright/internal/skill"
)

// A Book is what the server remembers of text messages. It holds for all servers that
// share a database.
type Book interface {
	// UpdateSentTexts changes what is known to have been sent to a number through fn,
	// which one caller at a time is in for each number.
	UpdateSentTexts(ctx context.Context, org callwright.OrgID, number string, fn func(optedOut bool, sent []callwright.SentText) ([]callwright.SentText, error)) error

	// AddOptOut notes that a number wants no messages, and returns what was noted first.
	AddOptOut(context.Context, callwright.OptOut) (callwright.OptOut, error)

	Run(context.Context, callwright.OrgID, callwright.RunID) (callwright.Run, error)
	UpdateRun(ctx context.Context, org callwright.OrgID, id callwright.RunID, fn func(*callwright.Run) error) error
}

// At most so many one-time codes leave to a number in ten minutes, from all
// conversations.
const (
	maxCodes    = 5
	codesWindow = 10 * time.Minute
)

// Remembered is how long messages are remembered for limits.
const Remembered = 24 * time.Hour

func optedOut() error {
	return callwright.Errorf(callwright.CodeOptedOut, "The number gets no text messages: somebody wrote STOP from it, or asked for that another way.")
}

// admit counts a message that is about to leave, or refuses it. A message that is tried
// again counts once.
func (p *Provider) admit(ctx context.Context, call skill.Call, number string) (again bool, err error) {
	now := p.Now()
	err = p.Book.UpdateSentTexts(ctx, call.Org, number, func(out bool, sent []callwright.SentText) ([]callwright.SentText, error) {
		if out {
			return nil, optedOut()
		}
		sent = slices.DeleteFunc(sent, func(s callwright.SentText) bool { return now.Sub(s.At.Time()) >= Remembered })
		if slices.ContainsFunc(sent, func(s callwright.SentText) bool { return s.Run == call.Run }) {
			again = true
			return sent, nil
		}
		for _, limit := range []struct {
			most   int
			within time.Duration
			codes  bool // counts one-time codes alone
			words  string
		}{
			{p.PerHour, time.Hour, false, "text messages in an hour"},
			{p.PerDay, Remembered, false, "text messages in a day"},
			{maxCodes, codesWindow, true, "one-time codes in ten minutes"},
		} {
			if limit.most == 0 || limit.codes && !call.OneTime {
				continue
			}
			n := 0
			for _, s := range sent {
				if now.Sub(s.At.Time()) < limit.within && (s.OneTime || !limit.codes) {
					n++
				}
			}
			if n >= limit.most {
				return nil, callwright.Errorf(callwright.CodeTextLimit, "The number has had %d %s, which is the limit.", n, limit.words)
			}
		}
		return append(sent, callwright.SentText{Run: call.Run, At: callwright.At(now), OneTime: call.OneTime}), nil
	})
	switch _, ours := errors.AsType[*callwright.Error](err); {
	case err == nil || ours:
		return again, err
	case ctx.Err() != nil:
		return false, callwright.Wrap(callwright.CodeTimeout, err, "The message was given up before it was sent.")
	}
	return false, callwright.Wrap(callwright.CodeInternal, err, "The message could not be counted, so it was not sent.")
}
