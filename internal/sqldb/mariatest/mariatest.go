// Package mariatest gives tests databases on a MariaDB of their own: one throw-away
// server for each test binary that asks, on loopback, in a temporary folder. It is
// called by tests alone.
//
// A machine without MariaDB fails the tests; it does not skip them.
package mariatest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"callwright/internal/store/pgtest"
)

// A Main runs the tests of a binary and then stops the server, if one was started.
type Main struct {
	M interface{ Run() int }
}

// Run runs the tests and returns the exit status.
func (m Main) Run() int {
	status := m.M.Run()
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		if err := running.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop MariaDB:", err)
			status = max(status, 1)
		}
	}
	return status
}

var (
	mu      sync.Mutex
	running *server
	made    int
)

// New makes a database, runs setup in it, and returns how a role that owns it reaches
// it: with a password, over TLS.
func New(t testing.TB, setup string) pgtest.Guarded {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if running == nil {
		s, err := start()
		if err != nil {
			t.Fatalf("MariaDB: %v (make parts installs it)", err)
		}
		running = s
	}
	made++
	name := fmt.Sprintf("test_%d", made)
	g := pgtest.Guarded{Host: "127.0.0.1", Port: running.port, Database: name, User: "owner_" + name, Password: "maria-canary-5518", CA: running.ca, Address: running.address(name)}
	running.mustExec(t, "", fmt.Sprintf("CREATE DATABASE %s; CREATE USER %s@'%%' IDENTIFIED BY '%s'; GRANT ALL ON %s.* TO %s@'%%'", name, g.User, g.Password, name, g.User))
	running.mustExec(t, name, setup)
	return g
}

type server struct {
	dir, ca string
	port    uint16
	cmd     *exec.Cmd
	alive   io.Closer
	ended   chan string // its log
}

func start() (*server, error) {
	var bad error
	for range 3 { // somebody else may take the free port first
		dir, err := os.MkdirTemp("", "callwright-maria-")
		if err != nil {
			return nil, err
		}
		s := &server{dir: dir}
		if err = s.initialize(); err == nil {
			if err = s.serve(); err == nil {
				return s, nil
			}
		}
		bad = errors.Join(bad, err, os.RemoveAll(dir))
	}
	return nil, bad
}

func (s *server) initialize() (err error) {
	if s.ca, err = pgtest.Certificate(s.dir); err != nil {
		return err
	}
	args := []string{"--no-defaults", "--datadir=" + s.data(), "--auth-root-authentication-method=normal", "--skip-test-db"}
	if os.Getuid() == 0 {
		args = append(args, "--user=root") // which MariaDB refuses unless told
	}
	out, err := exec.Command("mariadb-install-db", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	return nil
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// watch runs its arguments until they end or its input does.
const watch = `exec 3<&0; "$@" </dev/null 3<&- & pid=$!
(cat <&3 >/dev/null; kill -KILL $pid) 2>/dev/null >&2 & exec 3<&-
wait $pid; rm -rf "$DATA"; kill $! 2>/dev/null`

func (s *server) serve() error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = uint16(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return err
	}
	args := []string{"-c", watch, "sh", "mariadbd", "--no-defaults", "--datadir=" + s.data(), "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", s.port), "--socket=" + filepath.Join(s.dir, "sock"),
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--ssl-cert=" + filepath.Join(s.dir, "server.crt"), "--ssl-key=" + filepath.Join(s.dir, "server.key"), "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--character-set-server=utf8mb4"}
	if os.Getuid() == 0 {
		args = append(args, "--user=root")
	}
	s.cmd = exec.Command("/bin/sh", args...)
	s.cmd.Env = append(os.Environ(), "DATA="+s.dir, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan struct{})
	s.ended = make(chan string, 1)
	go func() {
		var log strings.Builder
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "ready for connections") {
				close(ready)
			}
		}
		s.ended <- log.String()
	}()
	select {
	case <-ready:
		return nil
	case log := <-s.ended:
		return errors.Join(fmt.Errorf("start: %s", log), s.alive.Close(), s.cmd.Wait())
	}
}

func (s *server) stop() error {
	err := s.alive.Close()
	<-s.ended
	_ = s.cmd.Wait() // how it ended says nothing more
	return errors.Join(err, os.RemoveAll(s.dir))
}

// address is the data source name of a database for root.
func (s *server) address(database string) string {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.DBName, c.MultiStatements = "unix", filepath.Join(s.dir, "sock"), "root", database, true
	return c.FormatDSN()
}

func (s *server) mustExec(t testing.TB, database, statements string) {
	t.Helper()
	db, err := sql.Open("mysql", s.address(database))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatalf("set the database up: %v", err)
	}
}
