// Package terminal is a chat with an agent in a terminal, through the public API.
// It is called by the command "callwright chat".
package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"callwright"
	"callwright/internal/client"
)

// Chat reads what the visitor says from in, line by line, and writes what the
// agent says to out, until in ends, the visitor types /quit or ctx ends.
func Chat(ctx context.Context, c client.Client, agent string, draft bool, in io.Reader, out io.Writer) error {
	var s struct {
		ID       string
		Messages []struct{ Content string }
	}
	if err := c.Do(ctx, "POST", "/chat/sessions", map[string]any{"agentId": agent, "draftMode": draft}, &s); err != nil {
		return err
	}
	for _, m := range s.Messages {
		fmt.Fprintf(out, "agent  %s\n", m.Content)
	}
	fmt.Fprint(out, "\n  you  ")
	lines := make(chan string)
	go func() {
		defer close(lines)
		for sc := bufio.NewScanner(in); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	for {
		var line string
		var ok bool
		select {
		case line, ok = <-lines:
		case <-ctx.Done():
			fmt.Fprintln(out)
			return nil
		}
		line = strings.TrimSpace(line)
		if !ok || line == "/quit" {
			fmt.Fprintln(out)
			return c.Do(context.WithoutCancel(ctx), "POST", "/chat/sessions/"+s.ID+"/end", nil, nil)
		}
		if line != "" {
			if err := say(ctx, c, s.ID, line, out); err != nil {
				return err
			}
		}
		fmt.Fprint(out, "\n  you  ")
	}
}

// say sends one message and writes the answer as it comes, with a line for every
// skill that ran.
func say(ctx context.Context, c client.Client, session, text string, out io.Writer) error {
	message := ""
	err := c.Stream(ctx, "/chat/sessions/"+session+"/messages", map[string]any{"content": text, "stream": true}, func(event string, data json.RawMessage) {
		switch event {
		case "message_delta":
			var d struct{ MessageID, Text string }
			_ = json.Unmarshal(data, &d) // our own server's
			if d.MessageID != message {
				if message != "" {
					fmt.Fprintln(out)
				}
				fmt.Fprint(out, "agent  ")
				message = d.MessageID
			}
			fmt.Fprint(out, d.Text)
		case "tool_call":
			var ev struct{ Payload callwright.ToolCall }
			_ = json.Unmarshal(data, &ev)
			if p := ev.Payload; p.State != "started" {
				if message != "" {
					fmt.Fprintln(out)
					message = ""
				}
				fmt.Fprintf(out, "       [%s %s: %s, %.0f ms]\n", p.Tool, p.Arguments, p.State, p.TookMs)
			}
		}
	})
	if message != "" {
		fmt.Fprintln(out)
	}
	return err
}
