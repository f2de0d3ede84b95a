package callwright_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// layers is the table of docs/arch.md: a package may import packages of lower
// rows, never its own row's or a higher one's. "skill/*" stands for the folders
// below internal/skill.
func layers() [][]string {
	return [][]string{
		{""}, // the domain
		{"relevance", "schema", "spoken", "tmpl", "secret", "strictjson"},
		{"skill", "llm", "speech", "outbound", "client", "sqldb", "geo"},
		{"gate", "skill/*", "llm/*", "speech/*", "store"},
		{"control", "engine", "store/*"},
		{"webchat", "sqldb/*"},
		{"httpapi", "phone", "dash", "terminal", "ascode"},
		{"app"},
		{"demo"},
		{"cmd/*", "testcount", "bench", "e2e"},
	}
}

func layerOf(pkg string) int {
	name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(pkg, "callwright"), "/"), "internal/")
	for i, row := range layers() {
		for _, l := range row {
			if name == l {
				return i
			}
			if folder, ok := strings.CutSuffix(l, "/*"); ok && strings.HasPrefix(name, folder+"/") {
				return i
			}
		}
	}
	return -1
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		from := layerOf(p.ImportPath)
		if from < 0 {
			t.Errorf("%s has no layer: add it to the table here and in docs/arch.md", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if to := layerOf(imp); strings.HasPrefix(imp, "callwright") && to >= from {
				t.Errorf("%s (layer %d) imports %s (layer %d): imports point down only", p.ImportPath, from, imp, to)
			}
		}
	}
	if packages < 20 {
		t.Fatalf("go list found %d packages; the test looks at the wrong place", packages)
	}
}
