// Command bench measures what one tool turn costs: a chat completion that makes a
// model call, a webhook call and a second model call, in CPU time of the server
// process, beside a floor program that makes the same three calls with no logic.
// Both run in interleaved rounds on one core, against one scripted model server
// and webhook on the other; every answer is checked. It prints a table and asserts
// nothing.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	role := flag.String("role", "", "run as the floor program or the mock (used by the bench itself)")
	mock := flag.String("mock", "", "address of the mock, for the floor")
	rounds := flag.Int("rounds", 7, "rounds a program")
	seconds := flag.Int("seconds", 4, "seconds a round")
	workers := flag.Int("workers", 8, "requests under way at a time")
	flag.Parse()
	var err error
	switch *role {
	case "mock":
		err = serveMock()
	case "floor":
		err = serveFloor(*mock, func() error { return nil })
	case "durable-floor":
		var l *journal
		if l, err = newJournal(); err == nil {
			err = serveFloor(*mock, l.sync)
		}
	default:
		err = run(*rounds, time.Duration(*seconds)*time.Second, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const answerText = "Yes, your dishwasher is under warranty until March 14, 2027."

func serve(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, h)
}

// serveMock is the scripted model server and the webhook.
func serveMock() error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Messages []struct{ Role string }
			Tools    []struct{ Function struct{ Name string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil || len(req.Messages) == 0 || len(req.Tools) == 0 {
			http.Error(w, "bad request", 400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		last := len(req.Messages) - 1
		for last > 0 && req.Messages[last].Role == "system" { // the turn's circumstances may trail
			last--
		}
		if req.Messages[last].Role == "tool" {
			io.WriteString(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"`+answerText+`"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`)
			return
		}
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":%q,"arguments":"{\"serial_number\":\"SN-48213-B\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`, req.Tools[0].Function.Name)
	})
	mux.HandleFunc("POST /webhook", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if string(raw) != `{"serial_number":"SN-48213-B"}` {
			http.Error(w, "bad request", 400)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"serial_number":"SN-48213-B","product":"dishwasher","in_warranty":true,"expires":"2027-03-14"}`)
	})
	return serve(mux)
}

// serveFloor makes the same three calls for every request and does nothing else.
// durable is called before the webhook and after it, where a durable turn must
// reach the disk.
func serveFloor(mock string, durable func() error) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	call := func(path string, body string) ([]byte, error) {
		res, err := client.Post("http://"+mock+path, "application/json", strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		return io.ReadAll(res.Body)
	}
	const tools = `"tools":[{"type":"function","function":{"name":"check_warranty_status","parameters":{"type":"object"}}}]`
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, err1 := call("/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"Is SN-48213-B under warranty?"}],`+tools+`}`)
		err4 := durable()
		_, err2 := call("/webhook", `{"serial_number":"SN-48213-B"}`)
		err5 := durable()
		answer, err3 := call("/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"Is SN-48213-B under warranty?"},{"role":"tool","content":"{}"}],`+tools+`}`)
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
	return serve(mux)
}

// A journal is the least that makes a turn durable: a line in a file, and one
// fsync for all who wait for one.
type journal struct {
	file *os.File
	mu   sync.Mutex
	next chan struct{} // closed when the sync that covers who waits now is done
	wait int           // who waits for it
	busy bool
}

func newJournal() (*journal, error) {
	f, err := os.CreateTemp("", "callwright-bench-journal-")
	if err != nil {
		return nil, err
	}
	return &journal{file: f, next: make(chan struct{})}, os.Remove(f.Name())
}

func (j *journal) sync() error {
	j.mu.Lock()
	_, err := j.file.WriteString("an intent of about the size that a turn journals, with its arguments and its key, as one line of a file\n")
	mine := j.next
	j.wait++
	if !j.busy {
		j.busy = true
		go j.flush()
	}
	j.mu.Unlock()
	<-mine
	return err
}

func (j *journal) flush() {
	for {
		j.mu.Lock()
		if j.wait == 0 {
			j.busy = false
			j.mu.Unlock()
			return
		}
		covered := j.next
		j.next, j.wait = make(chan struct{}), 0
		j.mu.Unlock()
		_ = j.file.Sync() // a floor: what a failure means is not its business
		close(covered)
	}
}

// A program is something under test.
type program struct {
	name  string
	cmd   *exec.Cmd
	url   string
	key   string
	agent string
	cpu   []float64 // µs a turn, by round
	rate  []float64 // turns a second, by round
	p50   []float64 // ms, by round
}

func run(rounds int, length time.Duration, workers int) error {
	dir, err := os.MkdirTemp("", "callwright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	mock, stopMock, err := child(1, self, "-role", "mock")
	if err != nil {
		return err
	}
	defer stopMock()
	floor, err := startFloor(self, "floor", mock.line)
	if err != nil {
		return err
	}
	defer floor.stop()
	durable, err := startFloor(self, "durable-floor", mock.line)
	if err != nil {
		return err
	}
	defer durable.stop()
	ours, err := startOurs(dir, mock.line)
	if err != nil {
		return err
	}
	defer ours.stop()
	programs := []*program{floor, durable, ours}
	seed := uint64(time.Now().UnixNano())
	shuffle := rand.New(rand.NewPCG(seed, 0))
	fmt.Printf("one tool turn: model call, webhook, model call; %d rounds of %v after a warm-up, %d at a time, order by seed %d\n", rounds, length, workers, seed)
	for round := range rounds + 1 {
		shuffle.Shuffle(len(programs), func(i, j int) { programs[i], programs[j] = programs[j], programs[i] })
		for _, p := range programs {
			if err := p.round(length, workers, round > 0); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	report(floor, durable, ours)
	return nil
}

func report(floor, durable, ours *program) {
	fmt.Printf("\n%-14s %14s %12s %10s\n", "", "CPU µs a turn", "turns/s", "p50 ms")
	for _, p := range []*program{floor, durable, ours} {
		fmt.Printf("%-14s %14.0f %12.0f %10.2f   (CPU by round: %s)\n", p.name, median(p.cpu), median(p.rate), median(p.p50), spread(p.cpu))
	}
	fmt.Println()
	for _, base := range []*program{floor, durable} {
		ratios := make([]float64, len(base.cpu))
		for i := range ratios {
			ratios[i] = ours.cpu[i] / base.cpu[i]
		}
		fmt.Printf("CPU ratio callwright / %s: %.1f (median of rounds; %s). Goal: 2.5 or less.\n", base.name, median(ratios), spread(ratios))
	}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func spread(v []float64) string {
	return fmt.Sprintf("%.4g to %.4g", slices.Min(v), slices.Max(v))
}

type started struct {
	cmd  *exec.Cmd
	line string // the first line it printed
}

// child starts a program on one core, if the machine lets us choose, and waits
// for its first line.
func child(core int, name string, args ...string) (started, func(), error) {
	if path, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"-c", strconv.Itoa(core), name}, args...)
		name = path
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return started{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return started{}, nil, err
	}
	stop := func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	buf := make([]byte, 256)
	n, err := out.Read(buf)
	if err != nil {
		stop()
		return started{}, nil, fmt.Errorf("%s said nothing: %w", name, err)
	}
	return started{cmd, strings.TrimSpace(string(buf[:n]))}, stop, nil
}

func (p *program) stop() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() }

func startFloor(self, role, mock string) (*program, error) {
	s, _, err := child(0, self, "-role", role, "-mock", mock)
	return &program{name: role, cmd: s.cmd, url: "http://" + s.line}, err
}

// startOurs runs the real server with everything on, and makes an agent.
func startOurs(dir, mock string) (*program, error) {
	path := filepath.Join(dir, "callwright")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/callwright").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	data := filepath.Join(dir, "data")
	s, stop, err := child(0, path, "serve", "--listen", "127.0.0.1:0", "--data", data, "--outbound-allow", "127.0.0.0/8", "--log-level", "warn", "--rate-limit", "0",
		"--model", "openai/m", "--openai-base-url", "http://"+mock+"/v1", "--openai-api-key", "k", "--openai-stream=false")
	if err != nil {
		return nil, err
	}
	p := &program{name: "callwright", cmd: s.cmd, url: strings.TrimPrefix(s.line, "callwright is ready at ")}
	key, err := exec.Command(path, "keys", "create", "--data", data, "--org", "Bench", "--name", "bench", "--scopes", "all").Output()
	if err != nil {
		stop()
		return nil, fmt.Errorf("make a key: %w", err)
	}
	p.key = strings.TrimSpace(string(key))
	if err := p.setUp(mock); err != nil {
		stop()
		return nil, err
	}
	return p, nil
}

func (p *program) setUp(mock string) error {
	var agent struct{ Data struct{ ID string } }
	if err := p.post("/agents", `{"name":"Bench"}`, &agent); err != nil {
		return err
	}
	p.agent = agent.Data.ID
	skill := `{"name":"Check warranty status","description":"Use when a customer asks whether a product is still under warranty.","skillType":"http_webhook",
		"parametersSchema":{"type":"object","properties":{"serial_number":{"type":"string","description":"The serial number"}},"required":["serial_number"]},
		"executionConfig":{"url":"http://` + mock + `/webhook","headers":{"X-Api-Key":"k"},"timeout_ms":4000}}`
	if err := p.post("/agents/"+p.agent+"/skills", skill, nil); err != nil {
		return err
	}
	return p.post("/agents/"+p.agent+"/publish", `{}`, nil)
}

func (p *program) post(path, body string, out any) error {
	req, err := http.NewRequest(http.MethodPost, p.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return fmt.Errorf("%s: %s %s", path, res.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// round loads the program for a while and keeps what it cost.
func (p *program) round(length time.Duration, workers int, keep bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var turns atomic.Int64
	var mu sync.Mutex
	var took []float64
	var failed error
	before, err := cpuTime(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	start := time.Now()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			var mine []float64
			for ctx.Err() == nil {
				began := time.Now()
				if err := p.turn(client, turns.Add(1)); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
				mine = append(mine, float64(time.Since(began).Microseconds())/1000)
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	group.Wait()
	after, err := cpuTime(p.cmd.Process.Pid)
	if err = errors.Join(err, failed); err != nil || !keep {
		return err
	}
	n := float64(len(took))
	p.cpu = append(p.cpu, float64((after-before).Microseconds())/n)
	p.rate = append(p.rate, n/time.Since(start).Seconds())
	p.p50 = append(p.p50, median(took))
	return nil
}

// turn asks once and checks the answer. The words differ from turn to turn, so
// that no request looks like a repeated one.
func (p *program) turn(client *http.Client, n int64) error {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"Is SN-48213-B still under warranty? (%d)"}]}`, p.agent, n)
	req, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.key)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if !bytes.Contains(raw, []byte(answerText)) {
		return fmt.Errorf("wrong answer: %s %s", res.Status, raw)
	}
	return nil
}

// cpuTime is the user and system time of a process so far (proc(5), stat, fields
// 14 and 15, in hundredths of a second).
func cpuTime(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("this bench reads CPU time from /proc, so it needs Linux: %w", err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}
