package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"callwright/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main{M: m}.Run()) }

// A machine is where a server runs and its operator types commands.
type machine struct {
	t    *testing.T
	args []string // of every command: where the data are
	url  string
}

// newMachine starts a server with the command, as an operator does.
func newMachine(t *testing.T, where ...string) *machine {
	t.Helper()
	m := &machine{t: t, args: where}
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	cmd := root()
	cmd.SetOut(in)
	cmd.SetErr(t.Output())
	cmd.SetArgs(append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "error"}, where...))
	go func() {
		err := cmd.ExecuteContext(ctx)
		in.CloseWithError(io.EOF)
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop server: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server is not ready: %v", err)
	}
	_, m.url, _ = strings.Cut(strings.TrimSpace(line), "ready at ")
	return m
}

// keys runs a keys command.
func (m *machine) keys(args ...string) (string, error) {
	m.t.Helper()
	var out bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetErr(m.t.Output())
	cmd.SetArgs(append(append([]string{"keys"}, args...), m.args...))
	err := cmd.ExecuteContext(m.t.Context())
	return out.String(), err
}

func (m *machine) mustKeys(args ...string) string {
	m.t.Helper()
	out, err := m.keys(args...)
	if err != nil {
		m.t.Fatalf("keys %v: %v", args, err)
	}
	return out
}

// send sends a request to the running server.
func (m *machine) send(key, method, path, body string) (int, string) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), method, m.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// wantEnded waits until the server refuses a key that the command line has ended: it
// believes for half a second what it read of it.
func (m *machine) wantEnded(what, key string) {
	m.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if status, _ := m.send(key, "GET", "/agents", ""); status != 200 {
			break
		}
	}
	m.wantStatus(what, key, 401)
}

func (m *machine) wantStatus(what, key string, want int) {
	m.t.Helper()
	if got, body := m.send(key, "GET", "/agents", ""); got != want {
		m.t.Errorf("%s: got %d %s, want %d", what, got, body, want)
	}
}

// row is the line of a key in the list.
func (m *machine) row(id string) string {
	m.t.Helper()
	for line := range strings.Lines(m.mustKeys("list", "--org", "Acme")) {
		if strings.HasPrefix(line, id) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// TestKeysBesideAServer: keys are made, listed, rotated and revoked while the
// server runs, which sees each at once.
func TestKeysBesideAServer(t *testing.T) {
	for name, where := range map[string]func() []string{
		"sqlite":   func() []string { return []string{"--data", t.TempDir()} },
		"postgres": func() []string { return []string{"--data", t.TempDir(), "--database-url", pgtest.New(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, where()...)
			end := time.Now().UTC().Add(720 * time.Hour)
			first := m.mustKeys("create", "--org", "Acme", "--name", "ci  deploy", "--scopes", "agents:read,pubkeys:write,agents:write", "--env", "test", "--expires", "720h")
			if !strings.HasPrefix(first, "cw_sk_test_") || strings.Count(first, "\n") != 1 {
				t.Errorf("create: got %q, want the key alone", first)
			}
			first = strings.TrimSpace(first)
			m.wantStatus("a new key", first, 200)
			id := regexp.MustCompile(`key_[0-9a-v]{26}`).FindString(m.mustKeys("list", "--org", "Acme"))
			day := "(" + end.Format(time.DateOnly) + "|" + end.Add(time.Minute).Format(time.DateOnly) + ")" // it may be midnight
			if row := m.row(id); !regexp.MustCompile(`^` + id + ` +ci deploy +test +secret +` + first[:16] + `… +agents:read,pubkeys:write,agents:write +20\S+Z +` + day + `T\S+Z +active$`).MatchString(row) {
				t.Errorf("list: got %q", row)
			}
			second := strings.TrimSpace(m.mustKeys("rotate", id, "--org", "Acme"))
			m.wantStatus("the new text", second, 200)
			m.wantStatus("the old text in its grace period", first, 200)
			if row := m.row(id); !strings.Contains(row, second[:16]) || !strings.Contains(row, "active, the one before until 20") {
				t.Errorf("list after a rotation: got %q", row)
			}
			third := strings.TrimSpace(m.mustKeys("rotate", id, "--org", "Acme", "--grace", "0"))
			m.wantEnded("replaced without grace", second)
			m.wantStatus("the last text", third, 200)

			_, body := m.send(third, "POST", "/agents", `{"name":"Desk"}`)
			agent := regexp.MustCompile(`agt_[0-9a-v]{26}`).FindString(body)
			_, body = m.send(third, "POST", "/agents/"+agent+"/publishable-keys", `{"name":"Shop","allowedOrigins":["https://a.example"]}`)
			pk := regexp.MustCompile(`pk_[0-9a-v]{26}`).FindString(body)
			text := strings.TrimSpace(m.mustKeys("rotate", pk, "--org", "Acme"))
			if row := m.row(pk); !strings.HasPrefix(text, "cw_pk_live_") || !strings.Contains(row, "publishable") || !strings.Contains(row, text[:16]) || !strings.Contains(row, "chat:public") {
				t.Errorf("a publishable key: got %q in the list, and %q after a rotation", row, text)
			}
			for _, key := range []string{pk, id} {
				if out := m.mustKeys("revoke", key, "--org", "Acme"); out != "revoked "+key+"\n" {
					t.Errorf("revoke: got %q", out)
				}
				if row := m.row(key); !strings.HasSuffix(row, "revoked") {
					t.Errorf("list after revoking: got %q", row)
				}
			}
			m.wantEnded("revoked", third)
			m.wantEnded("a revoked publishable key", text)
			for _, secret := range []string{first, second, third} {
				if strings.Contains(m.mustKeys("list", "--org", "Acme"), secret[16:]) {
					t.Error("the list shows a key")
				}
			}
		})
	}
}

// TestKeysRefused: what is wrong with a command is told by the name of its flag.
func TestKeysRefused(t *testing.T) {
	m := &machine{t: t, args: []string{"--data", t.TempDir()}}
	m.mustKeys("create", "--org", "Acme", "--name", "ci", "--scopes", "all")
	id := regexp.MustCompile(`key_[0-9a-v]{26}`).FindString(m.mustKeys("list", "--org", "Acme"))
	m.mustKeys("revoke", id, "--org", "Acme")
	for args, want := range map[string]string{
		"list --org Rivals":                                                `no organization named "Rivals"`,
		"rotate key_none --org Acme":                                       "no such key",
		"rotate " + id + " --org Acme":                                     "revoked or has expired",
		"revoke pk_none --org Acme":                                        "no such publishable key",
		"create --org Acme --name x --scopes all --expires soon":           "--expires: use a duration",
		"create --org Acme --name x --scopes all --expires 1999-01-01":     "expires must be in the future",
		"create --org Acme --name x --scopes all --env prod":               "env must be one of live, test",
		"create --org Acme --name x --scopes chat:public":                  "publishable-keys",
		"rotate " + id + " --org Acme --grace 721h":                        "grace must be between",
		"revoke --org Acme":                                                "accepts 1 arg",
		"list":                                                             "org is required",
		"create --org Acme --name x --scopes all --expires 2027-02-30":     "--expires: use a duration",
		"create --org Acme --name y --scopes all --expires -1h --env test": "expires must be in the future",
	} {
		if _, err := m.keys(strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("keys %s: got %v, want %q", args, err, want)
		}
	}
}

// TestExpires: an end may be a date or an instant as well as a duration.
func TestExpires(t *testing.T) {
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"720h": "2027-03-31T09:00:00.000Z", "90m": "2027-03-01T10:30:00.000Z", "2027-12-31": "2027-12-31T00:00:00.000Z", "2027-12-31T10:00:00+02:00": "2027-12-31T08:00:00.000Z"} {
		if got, err := parseExpires(text, now); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
}
