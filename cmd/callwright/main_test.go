package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// TestConfigurationReference: the committed reference is what the flags say.
func TestConfigurationReference(t *testing.T) {
	var sb strings.Builder
	sb.WriteString("# Configuration\n\n<!-- Generated from the flags by make generate. -->\n\n" +
		"Every flag has an environment variable; a flag that is given wins. Appending `_FILE` to a variable's name reads the value from the file it names, for secrets.\n" +
		"A repeatable flag's variable holds its values separated by spaces.\n")
	for _, cmd := range append([]*cobra.Command{serve()}, keys().Commands()...) {
		sb.WriteString("\n## callwright " + cmd.CommandPath() + strings.TrimPrefix(cmd.Use, cmd.Name()) + "\n")
		if cmd.HasParent() {
			sb.WriteString("\n" + cmd.Short + ". Works beside a running server ([keys.md](keys.md)).\n")
		}
		sb.WriteString("\n| flag | variable | default | meaning |\n| --- | --- | --- | --- |\n")
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			def := f.DefValue
			if def == "[]" {
				def = ""
			}
			if def != "" {
				def = "`" + def + "`"
			}
			fmt.Fprintf(&sb, "| `--%s` | `%s` | %s | %s |\n", f.Name, variable(f.Name), def, f.Usage)
		})
	}
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(sb.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != sb.String() {
		t.Error("docs/configuration.md is stale: run make generate")
	}
}

// TestEnvironment: variables fill flags that were not given, and _FILE reads.
func TestEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sk-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CALLWRIGHT_LISTEN", "127.0.0.1:1")
	t.Setenv("CALLWRIGHT_DATA", "from-environment")
	t.Setenv("CALLWRIGHT_OPENAI_API_KEY_FILE", file)
	t.Setenv("CALLWRIGHT_OUTBOUND_ALLOW", "10.0.0.0/8 127.0.0.1/32@80,443")
	flags := serve().Flags()
	if err := flags.Parse([]string{"--data", "given"}); err != nil {
		t.Fatal(err)
	}
	if err := environment(flags); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"listen": "127.0.0.1:1", "data": "given", "openai-api-key": "sk-secret", "outbound-allow": "[10.0.0.0/8,127.0.0.1/32@80,443]"} {
		if got := strings.ReplaceAll(flags.Lookup(name).Value.String(), `"`, ""); got != want {
			t.Errorf("--%s: got %s, want %s", name, got, want)
		}
	}
	t.Setenv("CALLWRIGHT_DRAIN", "a while")
	if err := environment(serve().Flags()); err == nil || !strings.Contains(err.Error(), "CALLWRIGHT_DRAIN") {
		t.Errorf("a bad value should name its variable; got %v", err)
	}
}

// TestDemo runs the demo as a newcomer does.
func TestDemo(t *testing.T) {
	var out bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetErr(t.Output())
	cmd.SetArgs([]string{"demo", "--once", "--listen", "127.0.0.1:0"})
	if err := cmd.ExecuteContext(context.Background()); err != nil {
		t.Fatalf("demo: %v\n%s", err, out.String())
	}
	for _, part := range []string{"Is my dishwasher", "serial number", `{"serial_number":"SN-48213-B"}`, "check_warranty_status → done", "egress_out ✓", "It expires on"} {
		if !strings.Contains(strings.ReplaceAll(out.String(), "is my", "Is my"), part) {
			t.Errorf("the demo should show %q:\n%s", part, out.String())
		}
	}
}

// TestKeysCreate prints a key alone, and says what is wrong with bad scopes.
func TestKeysCreate(t *testing.T) {
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		cmd := root()
		cmd.SetOut(&out)
		cmd.SetErr(t.Output())
		cmd.SetArgs(append([]string{"keys", "create", "--data", t.TempDir()}, args...))
		err := cmd.ExecuteContext(context.Background())
		return out.String(), err
	}
	out, err := run("--org", "Acme", "--name", "k", "--scopes", "all")
	if err != nil || !strings.HasPrefix(out, "cw_sk_live_") || strings.Count(out, "\n") != 1 {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := run("--org", "Acme", "--name", "k", "--scopes", "agents:read,agents:fly"); err == nil || !strings.Contains(err.Error(), "agents:fly") {
		t.Errorf("an unknown scope should be named; got %v", err)
	}
}
