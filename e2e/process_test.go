package e2e_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/secret"
	"callwright/internal/sqldb/mariatest"
	"callwright/internal/store/pgtest"
)

// programs is the folder of what the tests build.
var programs, errPrograms = os.MkdirTemp("", "callwright-e2e-")

func TestMain(m *testing.M) {
	status := mariatest.Main{M: pgtest.Main{M: m}}.Run()
	if err := errors.Join(errPrograms, os.RemoveAll(programs)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// onBoth runs a test on SQLite and on PostgreSQL, whose address it gets; that of
// SQLite is empty.
func onBoth(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, pgtest.New(t)) })
}

// at makes a server keep its data in the database of an address.
func at(address string) func(*app.Options) {
	return func(o *app.Options) { o.DatabaseURL = secret.New(address) }
}

// binary builds the server once.
var binary = sync.OnceValues(func() (string, error) { return build("callwright") })

// build makes the program under a name of its own; options are those of go build.
func build(name string, options ...string) (path string, err error) {
	path = filepath.Join(programs, name)
	args := append([]string{"build", "-o", path}, options...)
	if out, err := exec.Command("go", append(args, "../cmd/callwright")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// A process is the real server program, which can be killed.
type process struct {
	t       testing.TB
	path    string // of the program
	address string // of its PostgreSQL database, or ""
	data    string
	listen  string
	cmd     *exec.Cmd
}

// newProcess starts the program on the database of an address, SQLite when that is
// empty.
func newProcess(t testing.TB, address string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return runProcess(t, path, address)
}

func runProcess(t testing.TB, path, address string) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that stays the same over restarts
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, path: path, address: address, data: t.TempDir(), listen: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(func() { p.kill() })
	return p
}

func (p *process) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.path, append(args, "--data", p.data)...)
	cmd.Env = append(os.Environ(), "CALLWRIGHT_DATABASE_URL="+p.address)
	cmd.Stderr = p.t.Output()
	return cmd
}

// start runs the program until it says that it is ready.
func (p *process) start() {
	p.t.Helper()
	p.cmd = p.command("serve", "--listen", p.listen, "--outbound-allow", "127.0.0.0/8", "--log-level", "error")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || ready != "callwright is ready at http://"+p.listen+"\n" {
		p.t.Fatalf("the server said %q, %v", ready, err)
	}
	go io.Copy(io.Discard, out)
}

// kill ends the program as a power cut would.
func (p *process) kill() {
	if p.cmd.Process.Kill() == nil {
		_ = p.cmd.Wait() // it was killed: the error says so
	}
}

// server gives the process the methods of a server in this process.
func (p *process) server() *server {
	p.t.Helper()
	s := &server{t: p.t, url: "http://" + p.listen, mint: p.mint}
	s.key = s.newKey("Acme", callwright.Scopes()...)
	return s
}

// mint makes a key of an organization.
func (p *process) mint(org string, scopes []callwright.Scope) (string, error) {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	var key bytes.Buffer
	cmd := p.command("keys", "create", "--org", org, "--name", "test", "--scopes", strings.Join(names, ","))
	cmd.Stdout = &key
	err := cmd.Run()
	if key.Len() == 0 {
		err = errors.Join(err, errors.New("keys create printed nothing"))
	}
	return strings.TrimSpace(key.String()), err
}
