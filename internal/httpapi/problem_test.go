package httpapi_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"callwright/internal/httpapi"
)

// TestEveryCodeHasAPage reads the codes out of the program itself: a new one
// without a row in the table of errors is found.
func TestEveryCodeHasAPage(t *testing.T) {
	t.Parallel()
	page := string(httpapi.ErrorsMarkdown())
	declared := regexp.MustCompile(`Code[A-Za-z]+\s+(?:callwright\.)?Code\s*=\s*"([a-z_]+)"`)
	found := 0
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile("../../" + path)
		if err != nil {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(string(raw), -1) {
			found++
			if !strings.Contains(page, "| `"+m[1]+"` |") {
				t.Errorf("%s declares the code %s, which has no row in the table of errors", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 30 {
		t.Fatalf("found %d codes; the test looks at the wrong place", found)
	}
}
