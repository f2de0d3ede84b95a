// Package demo runs the main job of a Callwright server where everyone can watch:
// a server on embedded defaults, a sample warranty system, an agent and a skill
// made through the public API, one conversation, and then the server stays up.
//
// It uses nothing that a user could not: what it does is what it prints. It is
// called by the command "callwright demo".
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/client"
)

// Options is how a demo runs.
type Options struct {
	Listen string // host:port; when it is taken, a free port
	Data   string // empty: a temporary folder, removed at the end
	Once   bool   // end after the conversation
	Color  bool
	Out    io.Writer
	Log    *slog.Logger
}

// conversation is what the caller says in the demo, and what must be in the
// agent's answer for the demo to have worked.
const (
	opening = "Hi, is my dishwasher still under warranty?"
	serial  = "It's SN-48213-B"
	exact   = `{"serial_number":"SN-48213-B"}`
)

// Run runs the demo until ctx ends, or with Once until the conversation is over.
// An error means that a step failed.
func Run(ctx context.Context, o Options) error {
	p := printer{o.Out, o.Color}
	sample, err := startService(time.Now)
	if err != nil {
		return fmt.Errorf("start the sample service: %w", err)
	}
	defer sample.close()
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "callwright-demo-"); err != nil {
			return fmt.Errorf("make a data folder: %w", err)
		}
		defer os.RemoveAll(o.Data)
	}
	server, err := start(ctx, o, sample)
	if err != nil {
		return err
	}
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(stop) }()

	d := &demo{printer: p, server: server, sample: sample, options: o}
	if err := d.play(ctx); err != nil {
		cancel()
		return errors.Join(err, <-ended)
	}
	if o.Once {
		cancel()
		return <-ended
	}
	d.goOn()
	err = <-ended
	p.line("\nStopped. " + d.farewell())
	return err
}

// start builds and binds the server. The sample service is the one private
// address it may dial.
func start(ctx context.Context, o Options, sample *service) (*app.App, error) {
	u, err := url.Parse(sample.url)
	if err != nil {
		return nil, err
	}
	opts := app.Defaults()
	opts.Listen, opts.Data, opts.Log = o.Listen, o.Data, o.Log
	opts.OutboundAllow = []string{u.Hostname() + "/32@" + u.Port()}
	opts.Drain = 5 * time.Second
	server, err := app.New(ctx, opts)
	if err != nil {
		return nil, err
	}
	err = server.Listen(ctx)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return server, err
	}
	if err := server.Close(); err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	opts.Listen = net.JoinHostPort(host, "0")
	if server, err = app.New(ctx, opts); err != nil {
		return nil, err
	}
	return server, server.Listen(ctx)
}

type demo struct {
	printer
	server  *app.App
	sample  *service
	options Options
	api     client.Client
	agent   string
}

// play makes everything and holds the conversation.
func (d *demo) play(ctx context.Context) error {
	d.title("Callwright demo", "an agent that answers a chat and acts through a business's own system")
	_, key, err := d.server.Control.CreateKey(ctx, "Demo Appliances", "demo", callwright.Scopes())
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	d.api = client.Client{URL: d.server.URL(), Key: key}

	d.section("Set up")
	d.step("server", "ready at "+d.server.URL()+", SQLite in "+d.options.Data)
	d.step("organization", "Demo Appliances, with an API key")
	d.step("sample system", "a warranty service at "+d.sample.url+" (what a business would have)")
	if err := d.setUp(ctx); err != nil {
		return err
	}
	d.section("The conversation")
	if err := d.converse(ctx); err != nil {
		return err
	}
	if got := d.sample.received(); len(got) != 1 || got[0] != exact {
		return fmt.Errorf("the sample service should have received %s once; it received %q", exact, got)
	}
	return nil
}

func (d *demo) setUp(ctx context.Context) error {
	var agent, skill struct{ ID string }
	err := d.api.Do(ctx, "POST", "/agents", map[string]any{"name": "Appliance desk", "greeting": "Hello, Demo Appliances. How can I help?"}, &agent)
	if err != nil {
		return fmt.Errorf("create the agent: %w", err)
	}
	d.agent = agent.ID
	d.step("agent", "POST /agents → "+agent.ID)
	err = d.api.Do(ctx, "POST", "/agents/"+agent.ID+"/skills", Skill(d.sample.url), &skill)
	if err != nil {
		return fmt.Errorf("create the skill: %w", err)
	}
	d.step("skill", "POST /agents/…/skills → "+skill.ID+" “Check warranty status”, http_webhook, 4 s")
	var version struct {
		Version     int
		PublishedAt string
	}
	if err := d.api.Do(ctx, "POST", "/agents/"+agent.ID+"/publish", map[string]any{"note": "first version"}, &version); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	d.step("published", fmt.Sprintf("POST /agents/…/publish → version %d", version.Version))
	return nil
}

// Skill is the skill of the demo: the body of POST /agents/{agentId}/skills.
func Skill(serviceURL string) map[string]any {
	return map[string]any{
		"name":        "Check warranty status",
		"description": "Use when a customer asks whether a product is still under warranty.",
		"skillType":   "http_webhook",
		"parametersSchema": map[string]any{
			"type": "object",
			"properties": map[string]any{
				"serial_number": map[string]any{"type": "string", "description": "The serial number printed on the product"},
			},
			"required": []string{"serial_number"},
		},
		"requiredParams": []string{"serial_number"},
		"executionConfig": map[string]any{
			"url": serviceURL, "method": "POST", "headers": map[string]string{"X-Api-Key": sampleKey}, "timeout_ms": 4000,
		},
	}
}

func (d *demo) converse(ctx context.Context) error {
	var s struct {
		ID       string
		Messages []struct{ Content string }
	}
	if err := d.api.Do(ctx, "POST", "/chat/sessions", map[string]any{"agentId": d.agent}, &s); err != nil {
		return fmt.Errorf("start the chat: %w", err)
	}
	for _, m := range s.Messages {
		d.says("agent", m.Content)
	}
	last := ""
	for _, words := range []string{opening, serial} {
		d.line("")
		d.says("caller", words)
		answer, err := d.turn(ctx, s.ID, words)
		if err != nil {
			return err
		}
		last = answer
	}
	if year := time.Now().AddDate(1, 4, 0).Format("2006"); !strings.Contains(last, year) {
		return fmt.Errorf("the agent should have told the date of the warranty; it said %q", last)
	}
	return nil
}

// turn says something and prints all that happened.
func (d *demo) turn(ctx context.Context, session, words string) (string, error) {
	var reply struct {
		Messages []struct{ Content string }
		Events   []callwright.Event
	}
	if err := d.api.Do(ctx, "POST", "/chat/sessions/"+session+"/messages", map[string]any{"content": words}, &reply); err != nil {
		return "", fmt.Errorf("say %q: %w", words, err)
	}
	var said []string
	for _, ev := range reply.Events {
		switch ev.EventType {
		case callwright.AgentMessage:
			m := read[callwright.AgentText](ev)
			said = append(said, m.Text)
			d.says("agent", m.Text)
		case callwright.ToolCallEvent:
			if c := read[callwright.ToolCall](ev); c.State != "started" {
				d.toolCall(c)
			}
		case callwright.LatencyEvent:
			l := read[callwright.Latency](ev)
			d.note(fmt.Sprintf("turn %d took %.1f ms: model %.1f ms (%s), skills %.1f ms", l.Turn, l.TotalMs, l.ModelMs, l.Model, l.SkillMs))
		}
	}
	return strings.Join(said, " "), nil
}

func read[T any](ev callwright.Event) T {
	var v T
	_ = json.Unmarshal(ev.Payload, &v) // our own server's
	return v
}

func (d *demo) toolCall(c callwright.ToolCall) {
	d.box(c.Tool + " → " + c.State)
	d.boxed("asked with", string(c.Arguments))
	var sent struct {
		Method, URL string
		Headers     map[string]any
		Body        json.RawMessage
	}
	if json.Unmarshal(c.Sent, &sent) == nil && sent.URL != "" {
		d.boxed("what left", sent.Method+" "+sent.URL)
		d.boxed("", string(sent.Body))
		if v, ok := sent.Headers["X-Api-Key"]; ok {
			d.boxed("", fmt.Sprintf("X-Api-Key: %v  (and a signature, an idempotency key, a trace)", v))
		}
	}
	var answer struct{ Result json.RawMessage }
	if json.Unmarshal(c.Answer, &answer) == nil && answer.Result != nil {
		d.boxed("came back", string(answer.Result))
	}
	name := "the gate"
	for lines := range slices.Chunk(c.Gate, 4) {
		var phases []string
		for _, l := range lines {
			mark, ok := map[string]string{"passed": "✓", "not_configured": "·"}[l.Outcome]
			if !ok {
				mark = "✗"
			}
			phases = append(phases, l.Phase+" "+mark)
		}
		d.boxed(name, strings.Join(phases, ", "))
		name = ""
	}
	d.boxed("", "(✓ passed, · no rule set)")
	d.boxed("took", fmt.Sprintf("%.1f ms", c.TookMs))
}

// goOn tells what one can do now.
func (d *demo) goOn() {
	u := d.server.URL()
	d.section("Your turn")
	d.line("The server stays up until you press Ctrl-C. In another terminal:")
	d.line("")
	d.note("# talk to the agent (try SN-48213-B, SN-90077-A or one that does not exist)")
	d.line("  export CALLWRIGHT_URL=" + u + " CALLWRIGHT_KEY=" + d.api.Key)
	d.line("  go run ./cmd/callwright chat " + d.agent)
	d.line("")
	d.note("# the same over HTTP, as any OpenAI client does it")
	d.line("  curl -s " + u + "/api/v1/chat/completions -H \"Authorization: Bearer $CALLWRIGHT_KEY\" -H 'Content-Type: application/json' \\")
	d.line(`    -d '{"model":"` + d.agent + `","messages":[{"role":"user","content":"` + opening + `"}]}'`)
	d.line("")
	d.note("# see the skill as it was stored: the key it was given is now a sealed secret")
	d.line("  curl -s " + u + "/api/v1/agents/" + d.agent + "/skills -H \"Authorization: Bearer $CALLWRIGHT_KEY\"")
	d.line("")
	d.note("# make a key of your own")
	d.line("  go run ./cmd/callwright keys create --data " + d.options.Data + " --org \"Demo Appliances\" --name mine --scopes all")
	d.line("")
	d.note("# the API reference: " + u + "/docs")
}

func (d *demo) farewell() string {
	return "To run a server of your own: callwright serve --data ./callwright-data"
}
