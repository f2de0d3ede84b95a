package store_test

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"callwright"
	"callwright/internal/store"
)

// BenchmarkRecord is what the journal of one turn with a skill takes, of many turns at a
// time: its beginning, its intent and its end.
func BenchmarkRecord(b *testing.B) {
	db, err := store.OpenSQLite(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	org, err := db.EnsureOrg(b.Context(), callwright.Org{ID: callwright.NewID[callwright.OrgID](time.Now()), Name: "Bench", CreatedAt: callwright.At(time.Now())})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(8)
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := recordTurn(b, db, org.ID); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func recordTurn(b *testing.B, db *store.DB, org callwright.OrgID) error {
	at := callwright.At(time.Now())
	c := callwright.Conversation{ID: callwright.NewID[callwright.ConversationID](at.Time()), OrganizationID: org, Channel: callwright.Chat, CreatedAt: at, UpdatedAt: at, Status: "active"}
	payload := json.RawMessage(`{"text":"` + strings.Repeat("x", 300) + `"}`)
	events := func(n int) (out []callwright.Event) {
		for range n {
			c.LastSeq++
			out = append(out, callwright.Event{ID: callwright.NewID[callwright.EventID](at.Time()), ConversationID: c.ID, Seq: c.LastSeq, TsMs: at.Time().UnixMilli(),
				Channel: c.Channel, EventType: callwright.AgentMessage, Payload: payload, TraceID: strings.Repeat("a", 32)})
		}
		return out
	}
	run := callwright.Run{ID: callwright.NewID[callwright.RunID](at.Time()), OrganizationID: org, ConversationID: c.ID, Turn: 1, IdempotencyKey: rand.Text(), State: callwright.RunRunning, StartedAt: at}
	row := store.Turn{Turn: 1, RequestHash: rand.Text(), StartedAt: at}
	if err := db.Record(b.Context(), store.Entry{Conversation: &c, New: true, Events: events(2), Turn: &row}); err != nil {
		return err
	}
	if err := db.Record(b.Context(), store.Entry{Conversation: &c, Events: events(1), Begin: []callwright.Run{run}}); err != nil {
		return err
	}
	run.State, run.Answer, row.Done = callwright.RunDone, payload, true
	return db.Record(b.Context(), store.Entry{Conversation: &c, Events: events(3), End: []callwright.Run{run}, Turn: &row, Transcript: rand.Text(), Used: store.Used{Tokens: 15}})
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
