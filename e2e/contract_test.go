package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"callwright/internal/schema"
	"callwright/internal/strictjson"
)

// A contract is the OpenAPI document, which judges every answer that a test gets:
// its status and code are among the documented ones, its body is as described.
type contract struct {
	raw    json.RawMessage
	routes []promise

	mu      sync.Mutex
	schemas map[string]*schema.Schema
}

// A promise is what is documented of one operation.
type promise struct {
	method    string
	path      *regexp.Regexp
	template  string
	responses map[string]struct {
		Description string
		Content     map[string]json.RawMessage
	}
}

var (
	agreed     *contract
	agreedOnce sync.Once
)

// contractOf reads the document from the first server that a test asks: it is the
// same on all of them.
func contractOf(t testing.TB, url string) *contract {
	t.Helper()
	agreedOnce.Do(func() {
		c, err := readContract(url)
		if err != nil {
			t.Errorf("read the API's document: %v", err)
			return
		}
		agreed = c
	})
	return agreed
}

var parameter = regexp.MustCompile(`\\\{[A-Za-z]+\\\}`)

func readContract(url string) (*contract, error) {
	res, err := http.Get(url + "/api/v1/openapi.json")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	c := &contract{schemas: map[string]*schema.Schema{}}
	if c.raw, err = io.ReadAll(res.Body); err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Description string
				Content     map[string]json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(c.raw, &doc); err != nil {
		return nil, err
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			c.routes = append(c.routes, promise{strings.ToUpper(method), regexp.MustCompile("^" + parameter.ReplaceAllString(regexp.QuoteMeta(path), "[^/]*") + "$"), path, op.Responses})
		}
	}
	return c, nil
}

// judge compares an answer with what is documented. What has no route is not its
// business.
func (c *contract) judge(method, path string, r response) error {
	path, _, _ = strings.Cut(path, "?")
	i := slices.IndexFunc(c.routes, func(p promise) bool { return p.method == method && p.path.MatchString(path) })
	if i < 0 {
		return nil
	}
	p, status := c.routes[i], fmt.Sprint(r.status)
	documented, ok := p.responses[status]
	if !ok {
		return fmt.Errorf("the document has no answer %s for %s %s: %s", status, method, p.template, r.body)
	}
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if documented.Content[kind] == nil {
		return fmt.Errorf("the document has no %s in the answer %s of %s %s: %s", kind, status, method, p.template, r.body)
	}
	if kind == "text/event-stream" {
		return nil
	}
	if r.status >= 400 {
		var got struct{ Code string }
		if err := json.Unmarshal(r.body, &got); err != nil || !strings.Contains(documented.Description, "`"+got.Code+"`") {
			return fmt.Errorf("the document does not name the code %s in the answer %s of %s %s (%q)", got.Code, status, method, p.template, documented.Description)
		}
	}
	value, err := strictjson.Value(r.body)
	if err != nil {
		return fmt.Errorf("%s %s answers what is not JSON: %w: %s", method, p.template, err, r.body)
	}
	s, err := c.schema("#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.template) + "/" + strings.ToLower(method) + "/responses/" + status + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema")
	if err != nil {
		return err
	}
	if problems := s.Validate(value); len(problems) > 0 {
		return fmt.Errorf("%s %s answers %s other than documented: %v in %s", method, p.template, status, problems, r.body)
	}
	return nil
}

// schema compiles the part of the document that a pointer leads to.
func (c *contract) schema(pointer string) (*schema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.schemas[pointer]; s != nil {
		return s, nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(c.raw, &doc); err != nil {
		return nil, err
	}
	doc["$ref"] = json.RawMessage(`"` + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer) + `"`)
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	s, err := schema.Compile(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pointer, err)
	}
	c.schemas[pointer] = s
	return s, nil
}
