package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledInMidRequest: the server dies while the webhook runs. The official
// client tries again by itself; the webhook is not called again, and the caller
// hears that nobody knows.
func TestKilledInMidRequest(t *testing.T) {
	t.Parallel()
	needOpenAI(t)
	tests := []struct {
		name  string
		skill func(string) map[string]any
		turns []string
	}{
		{"read", warranty, mainJob},
		{"confirmed write", cancelOrder, []string{"Please cancel my order, the order number is A-4471", "yes"}},
	}
	for _, tt := range tests {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %v", tt.name, stream), func(t *testing.T) {
				t.Parallel()
				proc := newProcess(t, "")
				arrived, release := make(chan struct{}, 10), make(chan struct{})
				p := newPartner(t, func(w http.ResponseWriter, r *http.Request) {
					arrived <- struct{}{}
					<-release
					answers(inWarranty)(w, r)
				})
				s := proc.server()
				agent := s.agent(map[string]any{})
				s.skill(agent, tt.skill(p.URL))
				s.publish(agent)
				answered := make(chan []line, 1)
				problem := make(chan string, 1)
				go func() {
					lines, err := tryOpenAI(t, s.url, s.key, agent, map[string]any{"turns": tt.turns, "stream": stream, "maxRetries": 6})
					problem <- err
					answered <- lines
				}()
				<-arrived
				proc.kill()
				close(release)
				proc.start()
				if err := <-problem; stream && err != "" {
					// A stream that broke off after it began is not retried by the
					// client; its program would send the transcript again.
					if !strings.Contains(err, "terminated") && !strings.Contains(err, "closed") {
						t.Errorf("the client failed with %s", err)
					}
				} else if err != "" {
					t.Fatalf("the official client failed: %s", err)
				}
				lines := <-answered
				if n := len(p.received()); n != 1 {
					t.Fatalf("the webhook ran %d times", n)
				}
				if stream {
					return
				}
				if last := lines[len(lines)-1].Content; !strings.Contains(last, "can't tell whether that went through") {
					t.Errorf("the agent should say that nobody knows; it said %q", last)
				}
			})
		}
	}
}

// TestSlowServer: the client gives up waiting and tries again while the first
// request still runs.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("stream %v", stream), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			p := newPartner(t, func(w http.ResponseWriter, r *http.Request) {
				<-time.After(1500 * time.Millisecond) // three times as long as the client waits
				answers(inWarranty)(w, r)
			})
			agent := s.agent(map[string]any{})
			s.skill(agent, warranty(p.URL))
			s.publish(agent)
			lines := openAI(t, s.url, s.key, agent, map[string]any{"turns": []string{"Is SN-48213-B still under warranty?"}, "stream": stream, "timeout": 500, "maxRetries": 6})
			if !strings.Contains(lines[0].Content, "March 14, 2037") {
				t.Errorf("got %+v", lines)
			}
			if n := len(p.received()); n != 1 {
				t.Errorf("the webhook ran %d times", n)
			}
		})
	}
}

// TestNothingIsLostInACrash: what was acknowledged is there after kill -9, and a
// session goes on.
func TestNothingIsLostInACrash(t *testing.T) {
	t.Parallel()
	onBoth(t, testNothingIsLostInACrash)
}

func testNothingIsLostInACrash(t *testing.T, address string) {
	proc, p := newProcess(t, address), newPartner(t, answers(inWarranty))
	s := proc.server()
	agent := s.agent(map[string]any{})
	s.skill(agent, warranty(p.URL))
	s.publish(agent)
	c := s.chat(agent, false)
	c.say(mainJob[0])
	proc.kill()
	proc.start()
	if got := c.say(mainJob[1]).text(); !strings.Contains(got, "March 14, 2037") {
		t.Errorf("after a crash the conversation should go on; the agent said %q", got)
	}
	var messages []struct{ Role string }
	s.must("GET", "/chat/sessions/"+c.id+"/messages", nil, &messages)
	if len(messages) != 5 {
		t.Errorf("want the greeting and two exchanges, got %d messages", len(messages))
	}
}

// TestDrain: on SIGTERM the turn under way is finished and its client answered;
// then the program ends by itself.
func TestDrain(t *testing.T) {
	t.Parallel()
	proc := newProcess(t, "")
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	p := newPartner(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		answers(inWarranty)(w, r)
	})
	s := proc.server()
	agent := s.agent(map[string]any{})
	s.skill(agent, warranty(p.URL))
	s.publish(agent)
	c := s.chat(agent, false)
	said := make(chan string, 1)
	go func() { said <- c.say("Is SN-48213-B still under warranty?").text() }()
	<-arrived
	if err := proc.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	close(release)
	if got := <-said; !strings.Contains(got, "March 14, 2037") {
		t.Errorf("the turn under way should be finished; the agent said %q", got)
	}
	if err := proc.cmd.Wait(); err != nil {
		t.Errorf("the program should end well: %v", err)
	}
}
