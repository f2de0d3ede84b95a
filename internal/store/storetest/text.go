package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"callwright"
)

const number = "+12125550123"

func (h *house) optOut(org callwright.OrgID, number string) callwright.OptOut {
	at := h.now()
	return callwright.OptOut{ID: callwright.NewID[callwright.OptOutID](at), OrganizationID: org, Number: number, Source: callwright.OptOutKeyword, Word: "ARRÊT", CreatedAt: callwright.At(at)}
}

func optOuts(t *testing.T, h *house) {
	ctx := t.Context()
	one, two := h.optOut(h.mine.ID, number), h.optOut(h.mine.ID, "+12125550124")
	got, err := h.AddOptOut(ctx, one)
	must(t, err)
	wantSame(t, "opt-out", got, one)
	must(t, h.CreateOptOut(ctx, two))
	again, err := h.AddOptOut(ctx, h.optOut(h.mine.ID, number))
	must(t, err)
	wantSame(t, "the same number again", again, one)
	theirs, err := h.AddOptOut(ctx, h.optOut(h.theirs.ID, number)) // numbers are an organization's own
	must(t, err)
	wantCode(t, "a number that is there, strictly", h.CreateOptOut(ctx, h.optOut(h.mine.ID, number)), callwright.CodeDuplicateName)
	_, err = h.AddOptOut(ctx, h.optOut("org_none", number))
	wantCode(t, "for an organization that is not there", err, callwright.CodeNotFound)

	list, info, err := h.ListOptOuts(ctx, h.mine.ID, "", callwright.Page{Page: 1, Limit: 1})
	must(t, err)
	wantSame(t, "page", list, []callwright.OptOut{two})
	if info.Total != 2 || info.NextCursor == "" {
		t.Errorf("pagination: got %+v, want a second page", info)
	}
	list, _, err = h.ListOptOuts(ctx, h.mine.ID, number, first)
	must(t, err)
	wantSame(t, "of a number", list, []callwright.OptOut{one})

	nothing := func(callwright.OptOut) {}
	wantCode(t, "delete by another organization", h.DeleteOptOut(ctx, h.theirs.ID, one.ID, nothing), callwright.CodeNotFound)
	wantCode(t, "delete what is not there", h.DeleteOptOut(ctx, h.mine.ID, "opt_none", nothing), callwright.CodeNotFound)
	var seen callwright.OptOut
	must(t, h.DeleteOptOut(ctx, h.mine.ID, one.ID, func(o callwright.OptOut) { seen = o }))
	wantSame(t, "deleted", seen, one)
	must(t, h.OptIn(ctx, h.mine.ID, two.Number))
	must(t, h.OptIn(ctx, h.mine.ID, two.Number)) // who is in may come in again
	list, _, err = h.ListOptOuts(ctx, h.mine.ID, "", first)
	must(t, err)
	if len(list) != 0 {
		t.Errorf("afterwards: got %+v, want none", list)
	}
	list, _, err = h.ListOptOuts(ctx, h.theirs.ID, "", first)
	must(t, err)
	wantSame(t, "of the other organization", list, []callwright.OptOut{theirs})
}

func sentTexts(t *testing.T, h *house) {
	ctx := t.Context()
	one, two := callwright.SentText{Run: "run_1", At: callwright.At(h.now())}, callwright.SentText{Run: "run_2", At: callwright.At(h.now()), OneTime: true}
	look := func(org callwright.OrgID, number string, wantOut bool, want []callwright.SentText, write ...callwright.SentText) {
		t.Helper()
		must(t, h.UpdateSentTexts(ctx, org, number, func(out bool, sent []callwright.SentText) ([]callwright.SentText, error) {
			if out != wantOut {
				t.Errorf("opted out: got %v, want %v", out, wantOut)
			}
			if len(sent)+len(want) > 0 {
				wantSame(t, "sent", sent, want)
			}
			return append(sent, write...), nil
		}))
	}
	look(h.mine.ID, number, false, nil, one)
	look(h.mine.ID, number, false, []callwright.SentText{one}, two)
	stop := errors.New("stop")
	err := h.UpdateSentTexts(ctx, h.mine.ID, number, func(bool, []callwright.SentText) ([]callwright.SentText, error) { return nil, stop })
	if !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	_, err = h.AddOptOut(ctx, h.optOut(h.mine.ID, number))
	must(t, err)
	look(h.mine.ID, number, true, []callwright.SentText{one, two})
	look(h.theirs.ID, number, false, nil)
	look(h.mine.ID, "+12125550124", false, nil, one)

	// The second number got nothing since, and the others' row is empty.
	n, err := h.ForgetSentTexts(ctx, one.At)
	must(t, err)
	if n != 2 {
		t.Errorf("forgotten: got %d numbers, want 2", n)
	}
	look(h.mine.ID, number, true, []callwright.SentText{one, two})
	look(h.mine.ID, "+12125550124", false, nil)
}

// However many send at once, each sees what the others did.
func sentTextsInParallel(t *testing.T, h *house) {
	const senders, most = 16, 5
	stop := errors.New("enough")
	var group sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	for i := range senders {
		group.Go(func() {
			err := h.UpdateSentTexts(t.Context(), h.mine.ID, number, func(_ bool, sent []callwright.SentText) ([]callwright.SentText, error) {
				if len(sent) >= most {
					return nil, stop
				}
				return append(sent, callwright.SentText{Run: callwright.RunID(fmt.Sprint("run_", i)), At: 5}), nil
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				admitted++
			case !errors.Is(err, stop):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if admitted != most {
		t.Errorf("got %d admitted, want exactly %d", admitted, most)
	}
}

func deliveries(t *testing.T, h *house) {
	ctx := t.Context()
	c, other := h.mustBegin(), h.mustBegin()
	run, silent := h.run(c, "key"), h.run(c, "key2")
	run.State = callwright.RunUnknown
	must(t, h.BeginRun(ctx, run))
	must(t, h.BeginRun(ctx, silent))
	d := callwright.Delivery{MessageID: "SM1", Status: "delivered", ErrorCode: "30003", SentAt: 5, At: 6}
	settle := func(r *callwright.Run) error {
		if r.State != callwright.RunUnknown || r.Delivery != nil {
			t.Errorf("run: got %+v, want the one that is unknown", r)
		}
		r.State, r.Code, r.Note, r.ResolvedBy, r.ResolvedAt, r.Delivery = callwright.RunDone, "c", "n", "key_1", 7, &d
		return nil
	}
	wantCode(t, "by another organization", h.UpdateRun(ctx, h.theirs.ID, run.ID, settle), callwright.CodeNotFound)
	wantCode(t, "not there", h.UpdateRun(ctx, h.mine.ID, "run_none", settle), callwright.CodeNotFound)
	stop := errors.New("stop")
	if err := h.UpdateRun(ctx, h.mine.ID, run.ID, func(r *callwright.Run) error { r.Note = "x"; return stop }); !errors.Is(err, stop) {
		t.Errorf("error: got %v, want the function's own", err)
	}
	must(t, h.UpdateRun(ctx, h.mine.ID, run.ID, settle))
	got, err := h.Run(ctx, h.mine.ID, run.ID)
	must(t, err)
	run.State, run.Code, run.Note, run.ResolvedBy, run.ResolvedAt, run.Delivery = callwright.RunDone, "c", "n", "key_1", 7, &d
	wantSame(t, "run", got, run)
	all, err := h.Deliveries(ctx, h.mine.ID, c.ID)
	must(t, err)
	wantSame(t, "deliveries", all, map[callwright.RunID]callwright.Delivery{run.ID: d})
	for _, where := range []struct {
		org  callwright.OrgID
		conv callwright.ConversationID
	}{{h.mine.ID, other.ID}, {h.theirs.ID, c.ID}} {
		if all, err := h.Deliveries(ctx, where.org, where.conv); err != nil || len(all) != 0 {
			t.Errorf("deliveries of %+v: got %v, %v; want none", where, all, err)
		}
	}
	// The run's end, which may come later, leaves them.
	run.State, run.TookMs = callwright.RunDone, 3
	must(t, h.EndRun(ctx, run))
	got, err = h.Run(ctx, h.mine.ID, run.ID)
	must(t, err)
	if got.Delivery == nil || *got.Delivery != d {
		t.Errorf("delivery after the end: got %+v, want %+v", got.Delivery, d)
	}
}
