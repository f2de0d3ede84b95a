package e2e_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/sqldb/mariatest"
	"callwright/internal/store/pgtest"
)

const orders = `CREATE TABLE orders (number VARCHAR(20) PRIMARY KEY, status VARCHAR(40) NOT NULL, arrives VARCHAR(20) NOT NULL, secret_note VARCHAR(40) NOT NULL);
INSERT INTO orders VALUES ('A-17', 'on its way', '2026-12-03', 'margin 40 percent')`

// A database of each kind, through the API alone: stored, tested, used by skills in a
// conversation, and seen in the receipt.
func TestDatabases(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"postgres", "mysql", "sqlite"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			s := start(t, func(o *app.Options) { o.Data = data })
			password := s.mustConnection(kind, data)
			var test struct {
				OK     bool
				Checks []callwright.ConnectionCheck
			}
			var list []callwright.Connection
			s.must("GET", "/connections", nil, &list)
			if len(list) != 1 || list[0].HasPassword != (password != "") {
				t.Fatalf("connections: got %+v, want one", list)
			}
			s.must("POST", "/connections/"+string(list[0].ID)+"/test", nil, &test)
			if !test.OK || len(test.Checks) != 6 {
				t.Errorf("test: got %+v, want six steps that succeed", test)
			}
			agent := s.agent(map[string]any{"name": "Shop"})
			s.skill(agent, `{"name":"Track order","description":"Use when a customer asks where an order is or when it arrives.","skillType":"db_query",
"parametersSchema":{"type":"object","properties":{"order_number":{"type":"string","description":"The order number, for example A-17"}},"required":["order_number"]},
"allowedFields":["rows[].status","rows[].arrives","count"],"executionConfig":{"connection":"shop","sql_template":"SELECT status, arrives, secret_note FROM orders WHERE number = {order_number}","failWhen":{"path":"count","equals":0}}}`)
			s.skill(agent, `{"name":"Cancel order","description":"Use when a customer wants to cancel an order.","skillType":"db_query","isWrite":true,"requiresConfirmation":true,
"parametersSchema":{"type":"object","properties":{"order_number":{"type":"string","description":"The order number, for example A-17"}},"required":["order_number"]},
"executionConfig":{"connection":"shop","sql_template":"UPDATE orders SET status = 'cancelled', arrives = '' WHERE number = {order_number}"}}`)
			s.publish(agent)
			c := s.chat(agent, false)
			var out strings.Builder
			for _, words := range []string{"Where is my order A-17?", "I want to cancel the order", "Yes", "Where is my order A-17?"} {
				r := c.say(words)
				fmt.Fprintf(&out, "caller: %s\nagent: %s\n", words, r.text())
				for _, e := range r.Events {
					if strings.Contains(string(e.Payload), "margin") {
						t.Errorf("the receipt shows what may not come in: %s", e.Payload)
					}
				}
			}
			for _, want := range []string{"on its way", "December 3", "cancel order", "Is that right?", "cancelled"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the conversation has no %q", want)
				}
			}
			t.Log(out.String())
			receipt := string(s.try(s.key, "GET", "/conversations/"+c.id+"/receipt", nil).body)
			for _, want := range []string{`"read only"`, `"read write"`, "SELECT status, arrives, secret_note FROM orders WHERE number = $1", `"A-17"`} {
				if !strings.Contains(receipt, want) && !strings.Contains(receipt, strings.ReplaceAll(want, `"`, `\"`)) {
					t.Errorf("the receipt has no %s", want)
				}
			}
			if all := receipt + string(s.try(s.key, "GET", "/connections", nil).body) + string(s.try(s.key, "GET", "/audit-events", nil).body); password != "" && strings.Contains(all, password) {
				t.Error("a password came out")
			}
		})
	}
}

// mustConnection stores the connection shop to a database of a kind with orders in it,
// and returns its password.
func (s *server) mustConnection(kind, data string) string {
	s.t.Helper()
	var g pgtest.Guarded
	switch kind {
	case "postgres":
		g = pgtest.NewGuarded(s.t, orders)
	case "mysql":
		g = mariatest.New(s.t, orders)
	default:
		var agent callwright.Agent
		s.must("POST", "/agents", map[string]any{"name": "To know the organization by"}, &agent)
		path := filepath.Join(data, "databases", string(agent.OrganizationID), "shop.db")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			s.t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = db.ExecContext(s.t.Context(), orders)
		}
		if err = errors.Join(err, db.Close()); err != nil {
			s.t.Fatal(err)
		}
		s.must("POST", "/connections", map[string]any{"name": "shop", "kind": "sqlite", "database": "shop.db"}, nil)
		return ""
	}
	s.must("POST", "/connections", map[string]any{"name": "shop", "kind": kind, "host": g.Host, "port": fmt.Sprint(g.Port), "database": g.Database, "user": g.User, "password": g.Password, "caPem": g.CA}, nil)
	return g.Password
}

// A stored password goes nowhere else: not to a host that is written over the one it
// was given for, and not with less care.
func TestConnectionKeepsItsPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.mustConnection("postgres", "")
	var list []callwright.Connection
	s.must("GET", "/connections", nil, &list)
	path := "/connections/" + string(list[0].ID)
	for _, patch := range []string{`{"host":"attacker.example.com"}`, `{"port":"5555"}`, `{"user":"other"}`, `{"sslmode":"require"}`, `{"caPem":null}`, `{"kind":"mysql"}`} {
		r := s.try(s.key, "PATCH", path, patch)
		if r.status != 400 || !strings.Contains(string(r.body), `"field"`) {
			t.Errorf("%s: got %d %s, want a field error", patch, r.status, r.body)
		}
	}
	s.must("PATCH", path, `{"name":"store"}`, nil)
	s.must("PATCH", path, `{"host":"localhost","sslmode":"verify-ca","password":"another"}`, nil)
	var test struct {
		OK     bool
		Checks []callwright.ConnectionCheck
	}
	s.must("POST", path+"/test", nil, &test)
	if last := test.Checks[len(test.Checks)-1]; test.OK || last.Name != "authenticated" {
		t.Errorf("with another password: got %+v, want it to fail at the user", test)
	}
	agent := s.agent(map[string]any{})
	s.skill(agent, `{"name":"Count","description":"Use it when somebody asks how many there are.","skillType":"db_query","executionConfig":{"connection":"store","sql_template":"SELECT 1"}}`)
	s.must("DELETE", path, nil, nil)
	if r := s.try(s.key, "POST", "/agents/"+agent+"/publish", nil); r.status != 422 || !strings.Contains(string(r.body), "names the connection store, which does not exist") {
		t.Errorf("publishing with a connection that is gone: got %d %s, want 422", r.status, r.body)
	}
	r := s.try(s.key, "POST", "/agents/"+agent+"/skills", `{"name":"S","description":"Use it when somebody asks.","skillType":"db_query","executionConfig":{"connection":"store","sql_template":"SELECT 1"}}`)
	if r.status != 400 || !strings.Contains(string(r.body), "executionConfig.connection") {
		t.Errorf("a skill of a connection that is gone: got %d %s, want a field error", r.status, r.body)
	}
}

// Databases are reached through the guard like everything else, stored or tried.
func TestConnectionsAreGuarded(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *app.Options) { o.OutboundAllow = nil })
	for _, host := range []string{"127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "2130706433", "0x7f000001", "64:ff9b::7f00:1", "100.64.0.1"} {
		for _, kind := range []string{"postgres", "mysql"} {
			var test struct {
				OK     bool
				Checks []callwright.ConnectionCheck
			}
			r := s.try(s.key, "POST", "/connections/test", map[string]any{"name": "x", "kind": kind, "host": host, "port": "5432", "database": "d", "user": "u", "password": "p"})
			if r.status != 200 || json.Unmarshal(r.body, &struct{ Data any }{&test}) != nil || test.OK || len(test.Checks) != 1 || test.Checks[0].Name != "reachable" {
				t.Errorf("%s at %s: got %d %s, want it to fail at the first step", kind, host, r.status, r.body)
			}
			if said := test.Checks[0].Detail; !strings.Contains(said, "--outbound-allow") && !strings.Contains(said, "in an unusual form") {
				t.Errorf("%s at %s: got %q, want the refusal of the guard", kind, host, said)
			}
		}
	}
}
