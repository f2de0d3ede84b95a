package httpapi

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"

	"callwright/internal/engine"
	"callwright/internal/webchat"
)

// heartbeat is how long a stream may be silent: proxies close idle ones.
const heartbeat = 15 * time.Second

// A stream writes server-sent events.
type stream struct {
	ctx   huma.Context
	flush func()
}

func newStream(ctx huma.Context) *stream {
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	ctx.SetHeader("X-Accel-Buffering", "no")
	ctx.SetStatus(http.StatusOK)
	s := &stream{ctx: ctx, flush: func() {}}
	if f, ok := ctx.BodyWriter().(http.Flusher); ok {
		s.flush = f.Flush
	}
	return s
}

// event writes a named event; data writes one without a name. A client that has
// gone is noticed by the request's context.
func (s *stream) event(name string, v any) { s.write(eventName(name), v) }

// numbered writes a named event with an id, from which a client may take a broken
// stream up again.
func (s *stream) numbered(id int, name string, v any) { s.write(eventID(id)+eventName(name), v) }

func (s *stream) data(v any) { s.write("", v) }

func (s *stream) write(head string, v any) { s.raw(frame(head, v)) }

func eventID(id int) string        { return "id: " + strconv.Itoa(id) + "\n" }
func eventName(name string) string { return "event: " + name + "\n" }

// frame is a piece of a stream; what cannot be written makes none.
func frame(head string, v any) string {
	var buf bytes.Buffer
	buf.WriteString(head + "data: ")
	if err := jsonv2.MarshalWrite(&buf, v, jsonv2.Deterministic(true)); err != nil {
		return ""
	}
	buf.WriteString("\n\n")
	return buf.String()
}

func (s *stream) raw(text string) {
	_, _ = s.ctx.BodyWriter().Write([]byte(text))
	s.flush()
}

// follow shows every event of a reply, and keeps the connection alive between
// them.
func (s *stream) follow(reply *webchat.Reply, show func(engine.Event)) error {
	type step struct {
		ev  engine.Event
		err error
	}
	ctx := s.ctx.Context()
	steps := make(chan step)
	go func() {
		defer close(steps)
		for ev, err := range reply.Events(ctx) {
			select {
			case steps <- step{ev, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case st, ok := <-steps:
			if !ok {
				return nil
			}
			if st.err != nil {
				return st.err
			}
			show(st.ev)
		case <-beat.C:
			s.raw(": still here\n\n")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
