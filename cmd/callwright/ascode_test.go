package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestApplyFlags: what is wrong is told before a server is asked.
func TestApplyFlags(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "desk.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: callwright/v1\nkind: Agent\nagent:\n  name: Desk\n  tonne: warm\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := "apiVersion: callwright/v1\nkind: Agent\nagent:\n  name: Desk\n"
	for args, want := range map[string]string{
		"apply":                                    "-f is required",
		"apply -f " + file:                         file + ":5: agent.tonne: unknown member",
		"apply -f " + file + ".none":               "no such file",
		"apply -f " + file + " more":               "unknown command",
		"apply -f - --url http://127.0.0.1:1/":     "http://127.0.0.1:1/api/v1/agents",
		"export":                                   "accepts 1 arg",
		"export agt_1 --url http://127.0.0.1:1":    "http://127.0.0.1:1/api/v1/agents/agt_1",
		"export ../keys --url http://127.0.0.1:1/": "/agents/..%2Fkeys",
	} {
		cmd := root()
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(t.Output())
		cmd.SetIn(strings.NewReader(good))
		cmd.SetArgs(strings.Fields(args))
		if err := cmd.ExecuteContext(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}
