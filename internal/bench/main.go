// Command bench measures the server beside floor programs that make the same calls
// with no logic, and prints figures; it asserts nothing. Server and floors run on one
// core, a scripted model server and its webhooks on the other, and every answer is
// checked. Its parts, of which -parts chooses:
//
//   - turn: CPU time of the server process for one tool turn, a chat completion that
//     makes a model call, a webhook call and a second model call, in interleaved rounds.
//   - reads: how long five reads of one model answer take, each 50 ms at the partner,
//     from the model's answer to its next request.
//   - hang: how long after its webhook was called a turn ends, of 1,000 whose webhook
//     never answers (timeout_ms 500), and what another organization notices. One begins
//     every 5 ms: of 1,000 begun at once, most of the time would be the wait for a core.
//   - idle: memory with 10,000 chat sessions, each with a connection that is kept open.
//
// The server logs warnings and errors only: a log line per request would be most of
// what the terminal shows.
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
	parts := flag.String("parts", "turn,reads,idle,hang", "what to measure")
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
		err = run(strings.Split(*parts, ","), *rounds, time.Duration(*seconds)*time.Second, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func serve(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, h)
}

// A program is something under test.
type program struct {
	name  string
	cmd   *exec.Cmd
	url   string
	key   string
	agent string
	path  string // of the built server; empty for a floor
	data  string
	cpu   []float64 // µs a turn, by round
	rate  []float64 // turns a second, by round
	p50   []float64 // ms, by round
}

func run(parts []string, rounds int, length time.Duration, workers int) error {
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
	for _, part := range parts {
		switch part {
		case "turn":
			err = compare(floor, durable, ours, rounds, length, workers)
		case "reads":
			err = reads(mock.line, durable, ours)
		case "hang":
			err = hang(mock.line, durable, ours)
		case "idle":
			err = idle(floor, ours)
		default:
			err = errors.New("-parts: use some of turn, reads, idle, hang")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

// compare measures the CPU time of a tool turn, in rounds.
func compare(floor, durable, ours *program, rounds int, length time.Duration, workers int) error {
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
	p := &program{name: "callwright", cmd: s.cmd, path: path, data: data, url: strings.TrimPrefix(s.line, "callwright is ready at ")}
	err = p.organization("Bench")
	if err == nil {
		p.agent, err = p.newAgent("http://"+mock+"/webhook", 1, 4000)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return p, nil
}

// organization makes one and gives p its key.
func (p *program) organization(name string) error {
	key, err := exec.Command(p.path, "keys", "create", "--data", p.data, "--org", name, "--name", "bench", "--scopes", "all").Output()
	p.key = strings.TrimSpace(string(key))
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	return nil
}

// newAgent makes an agent with reads of one webhook, and publishes it.
func (p *program) newAgent(url string, skills, timeout int) (string, error) {
	var agent struct{ Data struct{ ID string } }
	if err := p.post("/agents", `{"name":"Bench"}`, &agent); err != nil {
		return "", err
	}
	id := agent.Data.ID
	for n := range skills {
		skill := fmt.Sprintf(`{"name":"Check warranty status %d","description":"Use when a customer asks whether a product is still under warranty.","skillType":"http_webhook",
			"parametersSchema":{"type":"object","properties":{"serial_number":{"type":"string","description":"The serial number"}},"required":["serial_number"]},
			"executionConfig":{"url":%q,"headers":{"X-Api-Key":"k"},"timeout_ms":%d}}`, n, url, timeout)
		if err := p.post("/agents/"+id+"/skills", skill, nil); err != nil {
			return "", err
		}
	}
	return id, p.post("/agents/"+id+"/publish", `{}`, nil)
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
	return p.ask(client, "", p.agent, fmt.Sprintf("Is SN-%d still under warranty?", n), answerText)
}

// ask makes one chat completion, by the route of a floor program for its case.
func (p *program) ask(client *http.Client, route, agent, words, want string) error {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, agent, words)
	if p.path != "" {
		route = ""
	}
	req, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/chat/completions"+route, strings.NewReader(body))
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
	if !bytes.Contains(raw, []byte(want)) {
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
