// Package pgtest gives tests databases on a PostgreSQL of their own: one
// throw-away cluster for each test binary that asks, on loopback, in a temporary
// folder. It is called by tests alone.
//
// A machine without PostgreSQL fails the tests; it does not skip them.
package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A Main runs the tests of a binary and then stops the cluster, if one was
// started:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main{M: m}.Run()) }
type Main struct{ M *testing.M }

// Run runs the tests and returns the exit status.
func (m Main) Run() int {
	status := m.M.Run()
	mu.Lock()
	defer mu.Unlock()
	for _, c := range running {
		if err := c.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
			status = max(status, 1)
		}
	}
	return status
}

var (
	mu      sync.Mutex
	running = map[string]*cluster{} // by fsync
	made    int
)

// New makes an empty database, and returns its address for a role that owns it and
// is neither superuser nor above row-level security.
func New(t testing.TB) string {
	t.Helper()
	c, name := database(t, "off") // tests outlive no power cut
	return c.address("callwright", name)
}

// NewDurable is New on a PostgreSQL that waits for the disk as in earnest: for
// benchmarks.
func NewDurable(t testing.TB) string {
	t.Helper()
	c, name := database(t, "on")
	return c.address("callwright", name)
}

func database(t testing.TB, fsync string) (*cluster, string) {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	c := running[fsync]
	if c == nil {
		var err error
		if c, err = start(fsync); err != nil {
			t.Fatalf("PostgreSQL: %v (make parts installs it)", err)
		}
		running[fsync] = c
	}
	made++
	name := fmt.Sprintf("test_%d", made)
	if err := c.exec(t.Context(), "CREATE DATABASE "+name+" OWNER callwright TEMPLATE template0"); err != nil {
		t.Fatalf("make database: %v", err)
	}
	return c, name
}

// A cluster is a PostgreSQL that ends when its input does, so it does not outlive
// the tests however they end.
type cluster struct {
	dir, port string
	cmd       *exec.Cmd
	alive     io.Closer
	logged    chan string // all of its log, when it has ended
}

func start(fsync string) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	var bad error
	for range 3 { // somebody else may take the free port first
		dir, err := os.MkdirTemp("", "callwright-pg-")
		if err != nil {
			return nil, err
		}
		c := &cluster{dir: dir}
		if err := c.initialize(bin); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		if err := c.serve(bin, fsync); err != nil {
			bad = errors.Join(bad, err, os.RemoveAll(dir))
			continue
		}
		if err := c.exec(context.Background(), "CREATE ROLE callwright LOGIN NOSUPERUSER NOBYPASSRLS; CREATE ROLE guarded"); err != nil {
			return nil, errors.Join(err, c.stop())
		}
		return c, nil
	}
	return nil, bad
}

func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, errors.New("there is no initdb in PATH or /usr/lib/postgresql"))
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// initialize makes the cluster's files. Their language is English, whose order of
// words is not that of bytes: nothing may depend on the database's collation.
func (c *cluster) initialize(bin string) error {
	cmd, err := c.command(filepath.Join(bin, "initdb"), "-D", filepath.Join(c.dir, "data"), "-A", "trust", "-N", "-U", "postgres", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c.secure()
}

// secure gives the cluster a certificate, and asks the roles of the group guarded for
// a password.
func (c *cluster) secure() error {
	data := filepath.Join(c.dir, "data")
	_, err := Certificate(data)
	if err != nil {
		return err
	}
	rules := filepath.Join(data, "pg_hba.conf")
	others, err := os.ReadFile(rules)
	if err != nil {
		return err
	}
	owner, err := os.Stat(rules)
	if err != nil {
		return err
	}
	for _, name := range []string{"server.crt", "server.key"} {
		sys := owner.Sys().(*syscall.Stat_t)
		if err := os.Chown(filepath.Join(data, name), int(sys.Uid), int(sys.Gid)); err != nil {
			return err
		}
	}
	return os.WriteFile(rules, append([]byte("host all +guarded 127.0.0.1/32 scram-sha-256\n"), others...), 0o600)
}

// watch runs its arguments until they end or its input does.
const watch = `exec 3<&0; "$@" </dev/null 3<&- & pid=$!
(cat <&3 >/dev/null; kill -INT $pid) 2>/dev/null >&2 & exec 3<&-
wait $pid; rm -rf "$PGDATA"; kill $! 2>/dev/null`

func (c *cluster) serve(bin, fsync string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return err
	}
	c.cmd, err = c.command("/bin/sh", "-c", watch, "sh",
		filepath.Join(bin, "postgres"), "-p", c.port, "-k", c.dir, "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", "fsync="+fsync, "-c", "max_connections=400")
	if err != nil {
		return err
	}
	c.cmd.Env = append(os.Environ(), "PGDATA="+filepath.Join(c.dir, "data"), "LC_ALL=C.UTF-8")
	if c.alive, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan struct{})
	c.logged = make(chan string, 1)
	go func() {
		var log strings.Builder
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "ready to accept connections") {
				close(ready)
			}
		}
		c.logged <- log.String()
	}()
	select {
	case <-ready:
		return nil
	case log := <-c.logged:
		return errors.Join(fmt.Errorf("start: %s", log), c.alive.Close(), c.cmd.Wait())
	}
}

// command is run by the user postgres when the tests are run by root, which
// PostgreSQL refuses.
func (c *cluster) command(name string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	if os.Getuid() != 0 {
		return cmd, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd, os.Chown(c.dir, int(uid), int(gid))
}

func (c *cluster) stop() error {
	err := c.alive.Close()
	<-c.logged
	_ = c.cmd.Wait() // how it ended says nothing more
	return errors.Join(err, os.RemoveAll(c.dir))
}

func (c *cluster) address(role, database string) string {
	return (&url.URL{Scheme: "postgres", User: url.User(role), Host: "127.0.0.1:" + c.port, Path: "/" + database, RawQuery: "sslmode=disable"}).String()
}

// exec runs a statement as the superuser.
func (c *cluster) exec(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, c.address("postgres", "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, query)
	return errors.Join(err, conn.Close(ctx))
}
