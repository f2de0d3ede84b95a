package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readsAtOnce = 5
	readTurns   = 200

	hangTimeout   = 500 * time.Millisecond
	hangTurns     = 1000
	hangEndpoints = 100
	hangEvery     = 5 * time.Millisecond // one begins: what is measured is waiting, not a queue for one core
	quietEvery    = 25 * time.Millisecond
	quietFor      = 5 * time.Second // that the other organization is measured alone

	idleSessions = 10_000
)

var serial atomic.Int64 // of the conversations of waits

func newSerial(mark string) string { return fmt.Sprintf("SN-%s%d", mark, serial.Add(1)) }

// takeTimes returns what the mock saw since the last time, by serial number.
func takeTimes(mock string) (map[string]times, error) {
	res, err := http.Post("http://"+mock+"/times", "", nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	seen := map[string]times{}
	return seen, json.NewDecoder(res.Body).Decode(&seen)
}

// reads measures the tool phase of a turn with several reads, one turn at a time.
func reads(mock string, floor, ours *program) error {
	agent, err := ours.newAgent("http://"+mock+"/slow", readsAtOnce, 4000)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d reads of one model answer, %v each at the partner; %d turns, one at a time, from the model's answer to its next request\n", readsAtOnce, partnerTakes, readTurns)
	var p99 []float64
	for _, p := range []*program{floor, ours} {
		if _, err := takeTimes(mock); err != nil {
			return err
		}
		for n := range readTurns + 10 { // the first ten warm up
			mark := "r"
			if n < 10 {
				mark = "w"
			}
			if err := p.ask(http.DefaultClient, "/reads", agent, "Is "+newSerial(mark)+" under warranty?", answerText); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		seen, err := takeTimes(mock)
		if err != nil {
			return err
		}
		var took []float64
		for s, t := range seen {
			if strings.HasPrefix(s, "SN-r") {
				took = append(took, ms(t.Told.Sub(t.Asked)))
			}
		}
		fmt.Printf("%-14s p50 %6.1f ms, p99 %6.1f ms (%d turns)\n", p.name, median(took), percentile(took, 99), len(took))
		p99 = append(p99, percentile(took, 99))
	}
	fmt.Printf("p99 ratio callwright / %s: %.2f. Goal: 55 ms or less.\n", floor.name, p99[1]/p99[0])
	return nil
}

// hang measures many turns whose webhook never answers, and the turns of
// another organization meanwhile.
func hang(mock string, floor, ours *program) error {
	// Of one endpoint that keeps failing, most turns would be refused: see httpwebhook.
	agents := make([]string, hangEndpoints)
	for i := range agents {
		var err error
		if agents[i], err = ours.newAgent(fmt.Sprintf("http://%s/hang?%d", mock, i), 1, int(hangTimeout.Milliseconds())); err != nil {
			return err
		}
	}
	quiet := *ours
	if err := quiet.organization("Quiet"); err != nil {
		return err
	}
	var err error
	if quiet.agent, err = quiet.newAgent("http://"+mock+"/webhook", 1, 4000); err != nil {
		return err
	}
	fmt.Printf("\n%d turns whose webhook never answers (timeout_ms %d), one begun every %v, and one of another organization every %v\n", hangTurns, hangTimeout.Milliseconds(), hangEvery, quietEvery)
	var p99 []float64
	for _, p := range []*program{floor, ours} {
		other := p
		if p == ours {
			other = &quiet
		}
		alone, err := other.turns(mock, func() error { time.Sleep(quietFor); return nil })
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		var after []float64
		beside, err := other.turns(mock, func() (err error) { after, err = p.hanging(mock, agents); return err })
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Printf("%-14s ends after its webhook was called (%d were): p50 %6.1f ms, p99 %6.1f ms; the other's p99 alone %.1f ms (%d turns), meanwhile %.1f ms (%d turns), ratio %.2f\n",
			p.name, len(after), median(after), percentile(after, 99), percentile(alone, 99), len(alone), percentile(beside, 99), len(beside), percentile(beside, 99)/percentile(alone, 99))
		p99 = append(p99, percentile(after, 99))
	}
	fmt.Printf("p99 ratio callwright / %s: %.2f. Goal: p99 510 ms or less, the other's ratio 1.2 or less.\n", floor.name, p99[1]/p99[0])
	return nil
}

// hanging makes the turns that hang, and returns how long after its webhook was called
// each ended, in ms. One whose time was over before it got that far is left out.
func (p *program) hanging(mock string, agents []string) ([]float64, error) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	ended := map[string]time.Time{}
	var failed error
	var group sync.WaitGroup
	due := time.Now()
	for n := range hangTurns {
		time.Sleep(time.Until(due))
		due = due.Add(hangEvery)
		group.Go(func() {
			s := newSerial("h")
			err := p.ask(client, "/hang", agents[n%len(agents)], "Is "+s+" under warranty?", failedText)
			now := time.Now()
			mu.Lock()
			defer mu.Unlock()
			ended[s], failed = now, errors.Join(failed, err)
		})
	}
	group.Wait()
	seen, err := takeTimes(mock)
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	var after []float64
	for s, at := range ended {
		if called := seen[s].Called; !called.IsZero() {
			after = append(after, ms(at.Sub(called)))
		}
	}
	if len(after) == 0 {
		return nil, errors.New("no webhook was called")
	}
	return after, nil
}

// turns makes ordinary turns, at a steady pace whatever becomes of them, until during
// returns. It returns how long each took from when it was due, in ms.
func (p *program) turns(mock string, during func() error) ([]float64, error) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var mu sync.Mutex
	var took []float64
	var failed error
	var group sync.WaitGroup
	group.Go(func() {
		for due := time.Now(); ctx.Err() == nil; due = due.Add(quietEvery) {
			time.Sleep(time.Until(due))
			group.Go(func() {
				err := p.ask(client, "", p.agent, "Is "+newSerial("q")+" under warranty?", answerText)
				mu.Lock()
				defer mu.Unlock()
				took, failed = append(took, ms(time.Since(due))), errors.Join(failed, err)
			})
		}
	})
	err := during()
	stop()
	group.Wait()
	return took, errors.Join(err, failed)
}

// idle measures memory with chat sessions that say nothing, each of which has a
// connection of its own that is kept open.
func idle(floor, ours *program) error {
	fmt.Printf("\n%d idle chat sessions, each with an open connection\n", idleSessions)
	var with []float64
	for _, p := range []*program{floor, ours} {
		before, err := memory(p.cmd.Process.Pid)
		if err != nil {
			return err
		}
		transport := &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: idleSessions, WriteBufferSize: 1 << 10, ReadBufferSize: 1 << 10}
		if err := p.sessions(&http.Client{Transport: transport}); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		after, err := memory(p.cmd.Process.Pid)
		transport.CloseIdleConnections()
		if err != nil {
			return err
		}
		fmt.Printf("%-14s RSS %.0f MB before, %.0f MB with them: %.1f KB a session\n", p.name, before, after, (after-before)*1024/idleSessions)
		with = append(with, after)
	}
	fmt.Printf("RSS ratio callwright / %s: %.1f. Goal: 350 MB or less.\n", floor.name, with[1]/with[0])
	return nil
}

// sessions begins the sessions, and leaves the connection of each open.
func (p *program) sessions(client *http.Client) error {
	const atOnce = 32
	var mu sync.Mutex
	var open []io.Closer // a body that is not closed keeps its connection from being used again
	var failed error
	next := make(chan struct{})
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for range next {
				body, err := p.session(client)
				mu.Lock()
				if failed = errors.Join(failed, err); err == nil {
					open = append(open, body)
				}
				mu.Unlock()
			}
		})
	}
	for range idleSessions {
		next <- struct{}{}
	}
	close(next)
	group.Wait()
	for _, b := range open {
		failed = errors.Join(failed, b.Close())
	}
	return failed
}

func (p *program) session(client *http.Client) (io.Closer, error) {
	req, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/chat/sessions", bytes.NewReader([]byte(`{"agentId":"`+p.agent+`"}`)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusCreated {
		return nil, errors.Join(fmt.Errorf("begin a session: %s", res.Status), res.Body.Close())
	}
	return res.Body, nil
}

// memory is the resident memory of a process in MB (proc(5), status).
func memory(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kb / 1024, err
}

func percentile(v []float64, p int) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[min(len(s)-1, len(s)*p/100)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
