package control_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"callwright"
	"callwright/internal/store"
	"callwright/internal/store/pgtest"
)

// A bench is an office beside a bare connection to its database: the floor that
// what it does is compared with. Both write as durably.
type bench struct {
	*office
	bare  *sql.DB
	skill callwright.Skill
	made  int
}

// onBoth runs a benchmark on both databases.
func onBoth(b *testing.B, run func(*testing.B, *bench)) {
	b.Run("SQLite", func(b *testing.B) {
		dir := b.TempDir()
		db, err := store.OpenSQLite(b.Context(), dir)
		must(b, err)
		pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(memory)"}}
		run(b, newBench(b, db, "sqlite", "file:"+filepath.Join(dir, "callwright.db")+"?"+pragmas.Encode()))
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		address := pgtest.NewDurable(b)
		db, err := store.OpenPostgres(b.Context(), address)
		must(b, err)
		// As a role above row-level security: a statement needs nothing around it.
		run(b, newBench(b, db, "pgx", strings.Replace(address, "callwright@", "postgres@", 1)))
	})
}

func newBench(b *testing.B, db *store.DB, driver, address string) *bench {
	b.Helper()
	b.Cleanup(func() { must(b, db.Close()) })
	x := &bench{office: newOfficeOn(b, db)}
	var err error
	x.bare, err = sql.Open(driver, address)
	must(b, err)
	b.Cleanup(func() { must(b, x.bare.Close()) })
	x.skill = x.create(b)
	// An agent that has worked for a while.
	for i := range 1000 {
		run := callwright.Run{ID: callwright.NewID[callwright.RunID](x.now()), OrganizationID: x.actor.Org, AgentID: x.agent, SkillID: x.skill.ID, IdempotencyKey: fmt.Sprint(i),
			State: callwright.RunRunning, StartedAt: callwright.At(x.now())}
		must(b, db.BeginRun(b.Context(), run))
		run.State, run.TookMs = callwright.RunDone, float64(100+i%50)
		must(b, db.EndRun(b.Context(), run))
	}
	return x
}

func (x *bench) spec() callwright.SkillSpec {
	x.made++
	return callwright.SkillSpec{Name: fmt.Sprintf("Check warranty %d", x.made), Description: "Use when a customer asks whether a product is still under warranty.", SkillType: callwright.HTTPWebhook,
		ParametersSchema: json.RawMessage(`{"type":"object","properties":{"serial_number":{"type":"string","description":"The serial number printed on the product"}},"required":["serial_number"]}`),
		ExecutionConfig:  json.RawMessage(`{"url":"https://api.example.com/w"}`)}
}

func (x *bench) create(b *testing.B) callwright.Skill {
	b.Helper()
	sk, err := x.s.CreateSkill(b.Context(), x.actor, x.agent, x.spec(), nil)
	must(b, err)
	return sk
}

// compare measures two ways in rounds that take turns, and reports the medians of
// both and how many times the floor ours takes; also of the quickest tenth, which
// other work on the machine disturbs least.
func compare(b *testing.B, ours, floor func(context.Context) error) {
	b.Helper()
	const round = 20
	var took [2][]float64
	ways := [2]func(context.Context) error{ours, floor}
	for n := 0; b.Loop(); n++ {
		which := n / round % 2
		start := time.Now()
		if err := ways[which](b.Context()); err != nil {
			b.Fatal(err)
		}
		took[which] = append(took[which], float64(time.Since(start).Nanoseconds())/1000)
	}
	if len(took[1]) == 0 {
		return // a trial of the benchmark itself
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	at := func(which, part int) float64 { return took[which][len(took[which])/part] }
	b.ReportMetric(0, "ns/op") // of both together: says nothing
	b.ReportMetric(at(0, 2), "µs")
	b.ReportMetric(at(1, 2), "µs-bare")
	b.ReportMetric(at(0, 2)/at(1, 2), "x-bare")
	b.ReportMetric(at(0, 10)/at(1, 10), "x-bare-quick")
}

// BenchmarkGetSkill: an operator reads a skill, beside a SELECT of its row.
func BenchmarkGetSkill(b *testing.B) {
	onBoth(b, func(b *testing.B, x *bench) {
		query, err := x.bare.Prepare(x.text(b, "SELECT doc FROM skills WHERE organization_id = ? AND agent_id = ? AND id = ?"))
		must(b, err)
		defer query.Close()
		compare(b, func(ctx context.Context) error {
			_, err := x.s.Skill(ctx, x.actor, x.agent, x.skill.ID)
			return err
		}, func(ctx context.Context) error {
			var doc string
			return query.QueryRowContext(ctx, x.actor.Org, x.agent, x.skill.ID).Scan(&doc)
		})
	})
}

// BenchmarkCreateSkill: an operator makes a skill, beside an INSERT of its row.
func BenchmarkCreateSkill(b *testing.B) {
	onBoth(b, func(b *testing.B, x *bench) {
		query, err := x.bare.Prepare(x.text(b, "INSERT INTO skills (organization_id, agent_id, id, name_key, doc) VALUES (?, ?, ?, ?, ?)"))
		must(b, err)
		defer query.Close()
		doc, err := json.Marshal(x.skill)
		must(b, err)
		compare(b, func(ctx context.Context) error {
			_, err := x.s.CreateSkill(ctx, x.actor, x.agent, x.spec(), nil)
			return err
		}, func(ctx context.Context) error {
			id := callwright.NewID[callwright.SkillID](x.now())
			_, err := query.ExecContext(ctx, x.actor.Org, x.agent, id, string(id), string(doc))
			return err
		})
	})
}

// text writes a query as the bare connection's database takes it.
func (x *bench) text(b *testing.B, query string) string {
	b.Helper()
	if !x.db.Shared() {
		return query
	}
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", fmt.Sprint("$", n), 1)
	}
	return query
}
