package engine

import (
	"context"
	"encoding/json"
	"strings"

	"callwright"
	"callwright/internal/gate"
	"callwright/internal/llm"
	"callwright/internal/store"
)

// history turns a journal into the messages that a model sees.
func history(events []callwright.Event) []llm.Message {
	var out []llm.Message
	for _, ev := range events {
		switch ev.EventType {
		case callwright.UserUtterance:
			out = append(out, llm.Message{Role: llm.User, Content: payload[callwright.Utterance](ev).Text})
		case callwright.AgentMessage:
			m := payload[callwright.AgentText](ev)
			if m.Kind == "filler" {
				continue // no model said it, and what a model sees must not change behind it
			}
			out = append(out, llm.Message{Role: llm.Assistant, Content: m.Text})
		case callwright.ToolCallEvent:
			c := payload[callwright.ToolCall](ev)
			if c.State == "started" {
				continue
			}
			call := llm.ToolCall{ID: c.CallID, Name: c.Tool, Arguments: c.Arguments}
			// What a model says before it calls belongs to the same message.
			if n := len(out) - 1; n >= 0 && out[n].Role == llm.Assistant && len(out[n].ToolCalls) == 0 && !c.ByServer {
				out[n].ToolCalls = []llm.ToolCall{call}
			} else {
				out = append(out, llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{call}})
			}
			out = append(out, llm.Message{Role: llm.ToolRole, ToolCallID: c.CallID, Content: string(c.Answer)})
		}
	}
	return out
}

// results has what the runs of a conversation returned, by tool, as the model saw it.
func results(events []callwright.Event) map[string][]json.RawMessage {
	out := map[string][]json.RawMessage{}
	for _, ev := range events {
		if ev.EventType != callwright.ToolCallEvent {
			continue
		}
		c := payload[callwright.ToolCall](ev)
		var r llm.ToolResult
		if c.State == string(llm.StatusDone) && json.Unmarshal(c.Answer, &r) == nil {
			out[c.Tool] = append(out[c.Tool], r.Result)
		}
	}
	return out
}

// payload reads an event of our own making; one that cannot be read is empty.
func payload[T any](ev callwright.Event) T {
	var v T
	_ = json.Unmarshal(ev.Payload, &v)
	return v
}

// resume takes up a turn from its journal. What had been said is said again to
// the channel, which the first time had nobody to hear it; calls that had begun
// are answered by their runs.
func (t *turn) resume(ctx context.Context) error {
	events, err := t.Store.Events(ctx, t.conv.OrganizationID, t.conv.ID, 0)
	if err != nil {
		return err
	}
	if n := len(events); n > 0 {
		t.conv.LastSeq = events[n-1].Seq
	}
	t.messages, t.earlier = history(events), results(events)
	t.row = store.Turn{Turn: t.conv.Turns, RequestHash: t.in.RequestHash, IdempotencyKey: t.in.IdempotencyKey}
	for _, ev := range lastTurn(events) {
		if ev.EventType == callwright.AgentMessage {
			m := payload[callwright.AgentText](ev)
			t.said = append(t.said, m.Text)
			t.out(Say{MessageID: m.MessageID, Text: m.Text})
		}
		t.out(Recorded{ev})
	}
	return t.settle(ctx, events)
}

// settle answers the calls of the last turn that have none from their runs.
func (t *turn) settle(ctx context.Context, events []callwright.Event) error {
	open := map[string]callwright.ToolCall{}
	var order []string
	for _, ev := range lastTurn(events) {
		if ev.EventType != callwright.ToolCallEvent {
			continue
		}
		c := payload[callwright.ToolCall](ev)
		delete(open, c.CallID)
		if c.State == "started" {
			open[c.CallID], order = c, append(order, c.CallID)
		}
	}
	if len(open) == 0 {
		return nil
	}
	runs, err := t.Store.Runs(ctx, t.conv.OrganizationID, t.conv.ID, t.conv.Turns)
	if err != nil {
		return err
	}
	for _, id := range order {
		if c, ok := open[id]; ok {
			t.settleCall(c, runs, "settled from the journal after a restart")
		}
	}
	return nil
}

func (t *turn) settleCall(c callwright.ToolCall, runs []callwright.Run, why string) {
	out := gate.Outcome{Kind: gate.Unknown, Code: callwright.CodeOutcomeUnknown, Detail: "the server stopped while it ran"}
	for _, r := range runs {
		if r.ID != c.RunID {
			continue
		}
		switch r.State {
		case callwright.RunRunning:
			r.State, r.Code = callwright.RunUnknown, callwright.CodeOutcomeUnknown
			t.ended = append(t.ended, r)
		case callwright.RunQueued:
			out = gate.Outcome{Kind: gate.Queued}
		case callwright.RunDone:
			out = gate.Outcome{Kind: gate.Done, Result: r.Answer}
		case callwright.RunFailed:
			out = gate.Outcome{Kind: gate.Failed, Code: r.Code}
		}
	}
	out.Skill = t.agent.Skill(c.SkillID)
	call := llm.ToolCall{ID: c.CallID, Name: c.Tool, Arguments: json.RawMessage(`{}`)}
	if len(c.Arguments) > 0 {
		call.Arguments = c.Arguments
	}
	// The model's message with this call was never stored: it is told as one of
	// the server's.
	t.answer(call, toolResult(out, t.Now()), true, callwright.ToolCall{RunID: c.RunID, Arguments: call.Arguments, Code: out.Code,
		Detail: strings.TrimSpace(why + ". " + out.Detail)}, out.Skill)
}

// lastTurn returns the events from the last words of the caller on.
func lastTurn(events []callwright.Event) []callwright.Event {
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].EventType == callwright.UserUtterance {
			return events[i+1:]
		}
	}
	return nil
}
