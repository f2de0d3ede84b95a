package e2e_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"callwright"
)

// TestBadSkillBodies: each is refused with the member and the fix named, all of
// them at once, and nothing is stored.
func TestBadSkillBodies(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	good := func(change map[string]any) string {
		raw, err := json.Marshal(with(warranty("https://api.example.com/w"), change))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	config := func(c map[string]any) map[string]any { return map[string]any{"executionConfig": c} }
	tests := []struct {
		name   string
		body   string
		status int
		code   string
		fields map[string]string // field → a part of its message
	}{
		{"bare map", good(map[string]any{"parametersSchema": map[string]any{"serial_number": map[string]any{"type": "string"}}}), 400, "validation_error",
			map[string]string{"parametersSchema.properties": `wrap it: {"type":"object","properties":`}},
		{"required names nothing", good(map[string]any{"requiredParams": []string{"serial_number", "colour"}}), 400, "validation_error",
			map[string]string{"requiredParams[1]": "add the property or correct the name"}},
		{"no url", good(config(map[string]any{"method": "POST"})), 400, "validation_error", map[string]string{"executionConfig.url": "is required"}},
		{"timeout in words", good(config(map[string]any{"url": "https://a.example/", "timeout_ms": "soon"})), 400, "validation_error", map[string]string{"executionConfig.timeout_ms": "must be a whole number"}},
		{"timeout too long", good(config(map[string]any{"url": "https://a.example/", "timeout_ms": 99_000_000})), 400, "validation_error", map[string]string{"executionConfig.timeout_ms": "60000"}},
		{"unknown setting", good(config(map[string]any{"url": "https://a.example/", "retry": 3})), 400, "validation_error", map[string]string{"executionConfig.retry": "not a known member"}},
		{"template of nothing", good(config(map[string]any{"url": "https://a.example/{colour}"})), 400, "validation_error", map[string]string{"executionConfig.url": "{colour}"}},
		{"unknown type", good(map[string]any{"skillType": "telepathy"}), 400, "validation_error", map[string]string{"skillType": "http_webhook"}},
		{"reserved type", good(map[string]any{"skillType": "mcp"}), 403, "capability_not_enabled", nil},
		{"unknown field", good(map[string]any{"colour": "red"}), 400, "validation_error", map[string]string{"colour": "remove it or correct its name"}},
		{"bad type of a property", good(map[string]any{"parametersSchema": map[string]any{"type": "object", "properties": map[string]any{"serial_number": map[string]any{"type": "strnig"}}}}), 400, "validation_error",
			map[string]string{"parametersSchema.properties.serial_number.type": "must be"}},
		{"remote reference", good(map[string]any{"parametersSchema": map[string]any{"type": "object", "properties": map[string]any{"serial_number": map[string]any{"$ref": "file:///etc/passwd"}}}}), 400, "validation_error",
			map[string]string{"parametersSchema": "references within the schema"}},
		{"egress of nothing", good(map[string]any{"dataEgressMap": map[string]any{"sn": "colour"}}), 400, "validation_error", map[string]string{"dataEgressMap.sn": "colour"}},
		{"duplicate members", `{"name":"a","name":"b"}`, 400, "malformed_body", map[string]string{"name": "keep one of them"}},
		{"trailing text", good(nil) + "x", 400, "malformed_body", map[string]string{"body": "not valid JSON"}},
		{"bad UTF-8", "{\"name\":\"\xff\"}", 400, "malformed_body", map[string]string{"name": "not valid JSON"}},
		{"not an object", `[1]`, 400, "validation_error", map[string]string{"body": "must be an object"}},
		{"empty", ``, 400, "validation_error", map[string]string{"body": "is required"}},
		{"2 MiB", good(map[string]any{"description": strings.Repeat("a", 2<<20)}), 413, "body_too_large", nil},
		{"everything at once", `{"name":"","skillType":"http_webhook","stakes":"huge","colour":1,"parametersSchema":{"x":{"type":"string"}},"executionConfig":{"timeout_ms":"soon"}}`, 400, "validation_error",
			map[string]string{"name": "required", "description": "required", "stakes": "low, medium, high", "colour": "known member", "parametersSchema.properties": "wrap it", "executionConfig.timeout_ms": "whole number", "executionConfig.url": "required"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := s.try(s.key, "POST", "/agents/"+agent+"/skills", tt.body)
			p := r.problem(t)
			if r.status != tt.status || p.Code != tt.code || p.Status != tt.status {
				t.Fatalf("want %d %s, got %d %s", tt.status, tt.code, r.status, r.body)
			}
			if ct := r.header.Get("Content-Type"); ct != "application/problem+json" || p.Success == nil || *p.Success || p.Message == "" || p.Title == "" || p.Instance == "" || !strings.HasSuffix(p.Type, "/errors/"+tt.code) {
				t.Errorf("the problem lacks members of one of the two conventions: %s %s", ct, r.body)
			}
			got := map[string]string{}
			for _, f := range p.Errors {
				got[f.Field] += f.Message
			}
			for field, part := range tt.fields {
				if !strings.Contains(got[field], part) {
					t.Errorf("errors should say %q of %s; got %v", part, field, p.Errors)
				}
			}
		})
	}
	var skills []json.RawMessage
	s.must("GET", "/agents/"+agent+"/skills", nil, &skills)
	if len(skills) != 0 {
		t.Errorf("a refused body was stored: %s", skills)
	}
}

// TestPatch: members that are absent stay, null goes back to the default, and what
// was stored survives a bad patch.
func TestPatch(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	path := "/agents/" + agent + "/skills/" + s.skill(agent, with(warranty("https://api.example.com/w"), map[string]any{"stakes": "high", "allowedFields": []string{"expires"}}))
	var sk callwright.Skill
	s.must("PATCH", path, `{"description":"New words","stakes":null}`, &sk)
	if sk.Description != "New words" || sk.Stakes != "low" || sk.Name != "Check warranty status" || !slices.Equal(sk.AllowedFields, []string{"expires"}) {
		t.Errorf("patched skill: %+v", sk)
	}
	if r := s.try(s.key, "PATCH", path, `{"name":"Other","executionConfig":{"url":"ftp://x"}}`); r.status != 400 || r.problem(t).Errors[0].Field != "executionConfig.url" {
		t.Errorf("want 400 for executionConfig.url, got %d %s", r.status, r.body)
	}
	s.must("GET", path, nil, &sk)
	if sk.Name != "Check warranty status" {
		t.Errorf("a refused patch changed the name to %q", sk.Name)
	}
	// What a client reads it may send back whole.
	var config map[string]any
	if err := json.Unmarshal(sk.ExecutionConfig, &config); err != nil {
		t.Fatal(err)
	}
	s.must("PATCH", path, map[string]any{"executionConfig": config}, nil)
	config["url"] = "https://evil.example.net/w"
	if r := s.try(s.key, "PATCH", path, map[string]any{"executionConfig": config}); r.status != 400 || r.problem(t).Errors[0].Field != "executionConfig.headers.X-Api-Key" {
		t.Errorf("a stored secret must not follow a skill to another host; got %d %s", r.status, r.body)
	}
	if r := s.try(s.key, "POST", "/agents/"+agent+"/skills", warranty("https://api.example.com/w")); r.status != 409 || r.problem(t).Code != "duplicate_name" {
		t.Errorf("want 409 duplicate_name, got %d %s", r.status, r.body)
	}
	s.must("DELETE", path, nil, nil)
	if r := s.try(s.key, "GET", path, nil); r.status != 404 {
		t.Errorf("want 404 after delete, got %d", r.status)
	}
}

// TestPaging walks a list by cursor and by page.
func TestPaging(t *testing.T) {
	t.Parallel()
	s := start(t)
	var want []string
	for range 7 {
		want = append(want, s.agent(map[string]any{}))
	}
	slices.Reverse(want) // newest first
	type list struct {
		Data       []struct{ ID string }
		Pagination callwright.Pagination
	}
	read := func(query string) list {
		var l list
		if err := json.Unmarshal(s.try(s.key, "GET", "/agents?"+query, nil).body, &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	var got []string
	for cursor, pages := "", 0; ; pages++ {
		l := read("limit=3&cursor=" + cursor)
		for _, a := range l.Data {
			got = append(got, a.ID)
		}
		if l.Pagination.Total != 7 || l.Pagination.TotalPages != 3 || pages > 3 {
			t.Fatalf("pagination %+v", l.Pagination)
		}
		if cursor = l.Pagination.NextCursor; cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("by cursor: got %v, want %v", got, want)
	}
	if l := read("limit=3&page=3"); len(l.Data) != 1 || l.Data[0].ID != want[6] {
		t.Errorf("page 3: %+v", l)
	}
}

// operations reads the routes out of the OpenAPI document, so that a new one is
// covered without anyone remembering.
func operations(t *testing.T, s *server) map[string]callwright.Scope {
	t.Helper()
	res, err := http.Get(s.url + "/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]callwright.Scope
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]callwright.Scope{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if strings.HasPrefix(path, "/api-keys") || strings.HasPrefix(path, "/widget/") {
				continue // no scope of a secret key opens these: see keys_test.go
			}
			if len(op.Security) != 1 || len(op.Security[0]["apiKey"]) != 1 {
				t.Fatalf("%s %s documents no scope", method, path)
			}
			out[strings.ToUpper(method)+" "+path] = op.Security[0]["apiKey"][0]
		}
	}
	if len(out) < 20 {
		t.Fatalf("the document has %d operations; it should have more", len(out))
	}
	return out
}

// TestWhoMayDoWhat tries every route with no key, a bad key, a key with every
// scope but the one, and another organization's key.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	skill := s.skill(agent, warranty("https://api.example.com/w"))
	var version struct{ ID string }
	s.must("POST", "/agents/"+agent+"/publish", nil, &version)
	session := s.chat(agent, false).id
	var secret struct{ ID string }
	s.must("POST", "/secrets", map[string]any{"name": "MINE", "value": "v"}, &secret)
	var pub struct{ ID string }
	s.must("POST", "/agents/"+agent+"/publishable-keys", map[string]any{"name": "Shop", "allowedOrigins": []string{"https://shop.example"}}, &pub)
	stranger := s.newKey("Rivals", callwright.Scopes()...)

	ops := operations(t, s)
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		t.Run(op, func(t *testing.T) {
			method, path, _ := strings.Cut(op, " ")
			foreign := strings.Contains(path, "{")
			ids := strings.NewReplacer("{agentId}", agent, "{versionId}", version.ID, "/skills/{id}", "/skills/"+skill, "/agents/{id}", "/agents/"+agent, "/sessions/{id}", "/sessions/"+session, "/secrets/{id}", "/secrets/"+secret.ID, "/publishable-keys/{id}", "/publishable-keys/"+pub.ID)
			path = ids.Replace(path)
			if strings.Contains(path, "{") {
				t.Fatalf("the test does not know what to put into %s", path)
			}
			body := map[string]any{"content": "Hi", "agentId": agent, "model": agent, "messages": []any{map[string]any{"role": "user", "content": "Hi"}}}
			switch {
			case strings.HasSuffix(path, "/chat/sessions"):
				body, foreign = map[string]any{"agentId": agent}, true
			case strings.HasSuffix(path, "/messages"):
				body = map[string]any{"content": "Hi"}
			case strings.HasSuffix(path, "/rollback"):
				body = map[string]any{"versionId": version.ID}
			case strings.HasSuffix(path, "/test"), method == "PATCH", strings.HasSuffix(path, "/publish"):
				body = map[string]any{}
			case strings.HasSuffix(path, "/skills") && method == "POST":
				body = with(warranty("https://api.example.com/w"), map[string]any{"name": "Another"})
			}
			check := func(who, key string, status int, code string) {
				t.Helper()
				r := s.try(key, method, path, body)
				if p := r.problem(t); r.status != status || p.Code != code {
					t.Errorf("%s: want %d %s, got %d %s", who, status, code, r.status, r.body)
				}
			}
			check("no key", "", 401, "unauthenticated")
			check("bad key", "cw_sk_live_nonsense", 401, "unauthenticated")
			others := slices.DeleteFunc(callwright.Scopes(), func(sc callwright.Scope) bool { return sc == ops[op] })
			limited := s.newKey("Acme", others...)
			check("key without "+string(ops[op]), limited, 403, "missing_scope")
			if p := s.try(limited, method, path, body).problem(t); !strings.Contains(p.Detail, string(ops[op])) {
				t.Errorf("the refusal should name the scope %s: %s", ops[op], p.Detail)
			}
			if foreign {
				check("stranger", stranger, 404, "not_found")
			}
			if strings.HasSuffix(path, "/chat/completions") {
				check("stranger", stranger, 400, "validation_error") // as for any model that is not there
			}
		})
	}
	// All of it is still there.
	s.must("GET", "/agents/"+agent+"/skills/"+skill, nil, nil)
	s.must("GET", "/chat/sessions/"+session, nil, nil)
}

// TestSecretsNeverComeOut searches every answer and the database itself.
func TestSecretsNeverComeOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent := s.agent(map[string]any{})
	p := newPartner(t, answers(`{"ok":true}`))
	s.must("POST", "/secrets", map[string]any{"name": "CANARY", "value": "canary-1"}, nil)
	spec := warranty(p.URL)
	spec["executionConfig"] = map[string]any{"url": p.URL, "headers": map[string]string{"X-Api-Key": "canary-2", "X-Named": "{{secret.CANARY}}"},
		"auth": map[string]any{"type": "bearer", "token": "canary-3"}, "secret": "whsec_Y2FuYXJ5LTQtY2FuYXJ5LTQtY2FuYXJ5LTQtYWI="}
	id := s.skill(agent, spec)
	s.publish(agent)
	r := s.chat(agent, false).say("Is SN-1 still under warranty?")
	got := p.received()
	if len(got) != 1 || got[0].Header.Get("X-Api-Key") != "canary-2" || got[0].Header.Get("X-Named") != "canary-1" || got[0].Header.Get("Authorization") != "Bearer canary-3" {
		t.Fatalf("the partner should get the secrets themselves; got %+v", got)
	}
	var seen strings.Builder
	for _, ev := range r.Events {
		seen.Write(ev.Payload)
	}
	for _, path := range []string{"/secrets", "/agents/" + agent, "/agents/" + agent + "/skills", "/agents/" + agent + "/skills/" + id, "/agents/" + agent + "/versions"} {
		seen.Write(s.try(s.key, "GET", path, nil).body)
	}
	seen.Write(s.try(s.key, "POST", "/agents/"+agent+"/skills/"+id+"/test", `{"arguments":{"serial_number":"SN-2"}}`).body)
	for _, canary := range []string{"canary-1", "canary-2", "canary-3", "Y2FuYXJ5LTQ"} {
		if strings.Contains(seen.String(), canary) {
			t.Errorf("%s came out", canary)
		}
	}
}

// TestSkillTypes: every type of the reference is there, in one of three states.
func TestSkillTypes(t *testing.T) {
	t.Parallel()
	s := start(t)
	var types []struct {
		Type, Description, Status string
		ExecutionConfig           map[string]any
	}
	s.must("GET", "/skill-types", nil, &types)
	want := strings.Fields("builtin calendar crm db_query email geo google_sheets http_webhook knowledge_query mcp native_graphql native_rest native_sql playbook sms transfer")
	var got []string
	for _, ty := range types {
		got = append(got, ty.Type)
		if ty.Description == "" {
			t.Errorf("%s has no description", ty.Type)
		}
		if (ty.Status == "available") != (ty.ExecutionConfig["properties"] != nil) || ty.Status != "available" && ty.Status != "reserved" {
			t.Errorf("%s: status %s with schema %v", ty.Type, ty.Status, ty.ExecutionConfig)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
