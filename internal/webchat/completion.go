package webchat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
)

// A Completion is a request of the OpenAI-compatible endpoint. The client keeps
// no state; the transcript it sends is how its conversation is found again.
type Completion struct {
	Agent    callwright.AgentID
	Messages []llm.Message // user and assistant only, the last from the user
	User     string

	// IdempotencyKey, or Retry (the client says that it tries again), mark a
	// request that was perhaps made before.
	IdempotencyKey string
	Retry          bool
}

// Complete answers a transcript. The reply is under way when it returns.
//
// A transcript that this server produced goes on in its conversation, with what
// was pending or remembered there. Any other begins a new one, in which nothing
// is confirmed, whatever the messages claim. A key of the test environment gets the
// draft.
func (c *Channel) Complete(ctx context.Context, actor callwright.Actor, req Completion) (*Reply, error) {
	agent, version, err := c.agent(ctx, actor.Org, req.Agent, actor.DraftsOnly())
	if err != nil {
		return nil, err
	}
	owner := []string{string(actor.Org), string(actor.Key), string(req.Agent), req.User}
	hash := digest(append(owner, visible(req.Messages)...)...)
	name := "request " + hash
	if req.IdempotencyKey != "" { // another key is another request, whatever it says
		name = "key " + string(actor.Org) + " " + req.IdempotencyKey
	}
	past, words := split(req.Messages)
	in := engine.Input{Text: words, RequestHash: hash, IdempotencyKey: req.IdempotencyKey,
		Transcript: func(answer string) string {
			all := append(req.Messages[:len(req.Messages):len(req.Messages)], llm.Message{Role: llm.Assistant, Content: answer})
			return digest(append(owner, visible(all)...)...)
		}}
	return c.begin(ctx, []string{name}, hash, func(ctx context.Context, r *Reply) error {
		if req.Retry || req.IdempotencyKey != "" {
			if again, err := c.again(ctx, actor.Org, in, r); again || err != nil {
				return err
			}
		}
		return c.complete(ctx, actor, agent.Agent, version, owner, past, in, r)
	})
}

func (c *Channel) complete(ctx context.Context, actor callwright.Actor, agent callwright.Agent, version callwright.VersionID, owner []string, past []llm.Message, in engine.Input, r *Reply) error {
	if len(past) > 0 {
		in.Claim = digest(append(owner, visible(past)...)...)
		id, ok, err := c.Store.Continued(ctx, actor.Org, in.Claim)
		if err != nil {
			return err
		}
		if ok {
			leave, err := c.enter(ctx, actor.Org, id)
			if err != nil {
				return err
			}
			defer leave()
			conv, err := c.Store.Conversation(ctx, actor.Org, id)
			if err != nil {
				return err
			}
			if conv.Status != "ended" {
				return c.turn(ctx, conv, in, r)
			}
		}
	}
	if err := c.Engine.Admit(ctx, agent); err != nil {
		return err
	}
	in.Claim, in.New, in.History = "", true, past
	return c.turn(ctx, c.conversation(actor.Org, agent.ID, version), in, r)
}

// split parts a transcript into what came before and the caller's new words.
func split(messages []llm.Message) (past []llm.Message, words string) {
	i := len(messages)
	for i > 0 && messages[i-1].Role == llm.User {
		i--
	}
	var said []string
	for _, m := range messages[i:] {
		said = append(said, m.Content)
	}
	return messages[:i], strings.Join(said, "\n")
}

// visible is a transcript as far as a client sees it: who said what. White space
// at the ends is not part of it, since clients trim.
func visible(messages []llm.Message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, string(m.Role), strings.TrimSpace(m.Content))
	}
	return out
}

// digest hashes parts unambiguously.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
