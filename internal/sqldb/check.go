package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"callwright"
)

// slow is a round trip that a caller on the telephone notices.
const slow = 250 * time.Millisecond

// Check tries a database, step by step, and stops where one fails. Nothing of it is
// kept.
func (o *Opener) Check(ctx context.Context, db Database) []callwright.ConnectionCheck {
	trial := &Opener{Dial: o.Dial, Files: o.Files}
	defer trial.Close()
	db.ID = "check"
	c := &checker{ctx: ctx}
	var s session
	var n int
	connected := c.timed(func(ctx context.Context) (err error) {
		if s, err = trial.session(ctx, db, false); err == nil {
			n, err = s.tables(ctx)
		}
		return err
	})
	// One connection shows three things; what is wrong with it tells which.
	reached := c.err == nil || callwright.CodeOf(c.err) == callwright.CodeRemoteStatus
	c.add("reachable", reached, connected, "The host answers, and the connection is encrypted.", "The file is there.", db.Kind)
	known := c.err == nil || Status(c.err) != http.StatusUnauthorized
	c.add("authenticated", known, connected, "The database accepts the user.", "A file needs no user.", db.Kind)
	tables := fmt.Sprintf("The user sees %d tables.", n)
	c.add("schema", c.err == nil, connected, tables, tables, db.Kind)
	if c.failed {
		return c.checks
	}
	query := Query{Statement: &Statement{text: "SELECT 1"}, Timeout: checkTimeout}
	var took []time.Duration
	for range 5 {
		took = append(took, c.timed(func(ctx context.Context) error { _, err := s.run(ctx, query); return err }))
		if c.err != nil {
			break
		}
	}
	c.add("read", c.err == nil, took[0], "A read was answered.", "A read was answered.", db.Kind)
	if c.failed {
		return c.checks
	}
	tried := c.timed(func(ctx context.Context) error { return s.probe(ctx) })
	allowed := c.err == nil
	refusal := "A table could not be made in a session for reads."
	if allowed {
		c.err = callwright.Errorf(callwright.CodeRemoteStatus, "A session for reads could make a table callwright_read_only_check: drop it, and give the user fewer rights.")
	}
	c.add("read_only", !allowed, tried, refusal, refusal, db.Kind)
	c.err = nil
	slices.Sort(took)
	median := took[len(took)/2]
	verdict := fmt.Sprintf("A read takes %.1f ms: quick enough for a conversation.", ms(median))
	if median > slow {
		c.err = callwright.Errorf(callwright.CodeTimeout, "A read takes %.0f ms, which a caller notices: use a database nearer to this server.", ms(median))
	}
	c.add("latency", median <= slow, median, verdict, verdict, db.Kind)
	return c.checks
}

// A checker collects the steps up to the first that fails.
type checker struct {
	ctx    context.Context
	checks []callwright.ConnectionCheck
	err    error // of the last thing that was tried
	failed bool
}

func (c *checker) timed(try func(context.Context) error) time.Duration {
	ctx, cancel := context.WithTimeout(c.ctx, checkTimeout)
	defer cancel()
	began := time.Now()
	c.err = explain(ctx, try(ctx))
	return time.Since(began)
}

func (c *checker) add(name string, ok bool, took time.Duration, detail, ofFile string, kind callwright.ConnectionKind) {
	if c.failed {
		return
	}
	if kind == callwright.SQLiteConnection {
		detail = ofFile
	}
	if !ok {
		detail = c.err.Error()
		if e, is := errors.AsType[*callwright.Error](c.err); is {
			detail = e.Message
		}
	}
	c.checks = append(c.checks, callwright.ConnectionCheck{Name: name, OK: ok, Detail: detail, TookMs: ms(took)})
	c.failed = !ok
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
