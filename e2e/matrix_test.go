package e2e_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"callwright"
)

// A world is what an organization has: one of everything that has an id.
type world struct {
	org, key string
	ids      map[string]string // by the word before the id in a path
}

// world makes one, whose skill calls nothing that exists.
func (s *server) world(org string) world {
	s.t.Helper()
	return s.worldWith(org, "https://api.example.com/w")
}

func (s *server) worldWith(org, url string) world {
	s.t.Helper()
	own := *s
	own.key = s.newKey(org, callwright.Scopes()...)
	w := world{org: org, key: own.key, ids: map[string]string{}}
	made := func(kind, path string, body any) {
		var v struct{ ID string }
		own.must("POST", path, body, &v)
		w.ids[kind] = v.ID
	}
	made("agents", "/agents", map[string]any{"name": "Desk of " + org})
	made("skills", "/agents/"+w.ids["agents"]+"/skills", with(warranty(url), map[string]any{"name": "Skill of " + org}))
	// A write of which nobody can tell what became of it.
	silent := newPartner(s.t, func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
	})
	var write struct{ ID string }
	own.must("POST", "/agents/"+w.ids["agents"]+"/skills", with(warranty(silent.URL), map[string]any{"name": "Write of " + org, "isWrite": true}), &write)
	own.must("POST", "/agents/"+w.ids["agents"]+"/skills/"+write.ID+"/test", `{"arguments":{"serial_number":"1"},"dryRun":false}`, nil)
	own.must("DELETE", "/agents/"+w.ids["agents"]+"/skills/"+write.ID, nil, nil)
	first := func(kind, path string) {
		var list []struct{ ID string }
		own.must("GET", path, nil, &list)
		if len(list) == 0 {
			s.t.Fatalf("%s has nothing in %s", org, path)
		}
		w.ids[kind] = list[0].ID
	}
	first("skill-runs", "/skill-runs?state=unknown")
	var desk struct{ ID string }
	own.must("POST", "/agents", map[string]any{"name": "Messages of " + org}, &desk)
	own.must("POST", "/agents/"+desk.ID+"/skills", `{"name":"Take a message","description":"Use when a caller wants to leave a message.","skillType":"builtin","parametersSchema":{"type":"object","properties":{"message":{"type":"string","description":"The message"}},"required":["message"]},"executionConfig":{"action":"take_message"}}`, nil)
	talk := own.chat(desk.ID, true)
	talk.say("Can I leave a message?")
	talk.say("Tom is ill today and stays at home")
	first("messages", "/messages")
	made("versions", "/agents/"+w.ids["agents"]+"/publish", nil)
	made("sessions", "/chat/sessions", map[string]any{"agentId": w.ids["agents"]})
	w.ids["conversations"] = w.ids["sessions"]
	made("publishable-keys", "/agents/"+w.ids["agents"]+"/publishable-keys", `{"name":"Site","allowedOrigins":["https://shop.example.com"],"rateLimitRpm":60}`)
	made("connections", "/connections", `{"name":"shop","kind":"sqlite","database":"none.db"}`)
	made("secrets", "/secrets", map[string]any{"name": "MINE", "value": "v"})
	made("opt-outs", "/sms/opt-outs", `{"number":"+12125550199"}`)
	return w
}

var pathID = regexp.MustCompile(`([a-z-]+)/\{[A-Za-z]+\}`)

// fill puts the world's ids into a path.
func (w world) fill(t testing.TB, path string) string {
	t.Helper()
	return pathID.ReplaceAllStringFunc(path, func(part string) string {
		kind, _, _ := strings.Cut(part, "/")
		if w.ids[kind] == "" {
			t.Fatalf("the test does not know what to put into %s: make a world have %s", path, kind)
		}
		return kind + "/" + w.ids[kind]
	})
}

var anyID = regexp.MustCompile(`[a-z]+_[0-9a-v]{26}`)

// own puts the world's ids in the place of those of an example.
func (w world) own(example string) string {
	return anyID.ReplaceAllStringFunc(example, func(id string) string {
		prefix, _, _ := strings.Cut(id, "_")
		for _, mine := range w.ids {
			if strings.HasPrefix(mine, prefix+"_") {
				return mine
			}
		}
		return id
	})
}

// with gives the world another's thing of a kind.
func (w world) with(other world, kind string) world {
	ids := maps.Clone(w.ids)
	ids[kind] = other.ids[kind]
	return world{w.org, w.key, ids}
}

// bodies are good bodies that use more than the examples of the document do.
func bodies(t testing.TB, w world) map[string]string {
	t.Helper()
	skill := func(name string) string {
		return mustText(t, with(warranty("https://api.example.com/w"), map[string]any{"name": name, "dataEgressMap": map[string]any{"serial_number": "serial_number", "b": map[string]any{"const": 1}},
			"allowedFields": []string{"a.b"}, "errorHandling": map[string]any{"retries": 1, "retryOn": []string{"timeout"}}}))
	}
	return map[string]string{
		"POST /agents":                                        `{"name":"A","persona":"p","languages":["en-US","fr"],"businessHours":{"timezone":"UTC","weekly":{"mon":[{"start":"09:00","end":"17:00"}]}},"handoffConfig":{"transferRules":[{"label":"a","when":"b","destination":"+12125550123"}]},"voiceSettings":{"speed":1.1},"channelOverrides":{"chat":{"greeting":"x"}}}`,
		"PATCH /agents/{id}":                                  `{"tone":"warm","goals":["a"],"llmTemperature":0.5,"callControl":{"maxCallSeconds":60}}`,
		"POST /agents/{agentId}/skills":                       skill("Another"),
		"PATCH /agents/{agentId}/skills/{id}":                 skill("Renamed"),
		"PUT /agents/{agentId}/guardrails":                    `[{"id":"grd_1","agentId":"` + w.ids["agents"] + `","policyType":"rate_limit","config":{"perMinute":6}},{"id":"grd_2","policyType":"write_gate","appliesToSkillType":"http_webhook","config":{"confirm":true,"alwaysEscalate":["Refund"]}}]`,
		"PUT /agents/{agentId}/caller-verification":           `[{"id":"vrf_1","agentId":"` + w.ids["agents"] + `","method":"account_pin","verifierSkillId":"` + w.ids["skills"] + `","requiredFields":["serial_number"],"maxAttempts":3}]`,
		"POST /agents/{agentId}/publishable-keys":             `{"name":"Another","allowedOrigins":["https://shop.example.com"],"env":"live","rateLimitRpm":60}`,
		"POST /agents/{agentId}/publishable-keys/{id}/rotate": `{}`,
		"POST /agents/{agentId}/simulate":                     `{"mode":"text","draftMode":true,"transcript":["Hello"]}`,
		"POST /connections":                                   `{"name":"S","kind":"mysql","host":"db.example.com","database":"d","user":"u","password":"p","sslmode":"require"}`,
		"PATCH /connections/{id}":                             `{"database":"other.db"}`,
		"POST /connections/test":                              `{"name":"S","kind":"sqlite","database":"none.db"}`,
		"POST /sms/opt-outs":                                  `{"number":"+12125550123","note":"By letter"}`,
		"POST /secrets":                                       `{"name":"S","value":"v","allowedHosts":["api.example.com"]}`,
		"POST /chat/sessions":                                 `{"agentId":"` + w.ids["agents"] + `","caller":{"name":"Ada"},"metadata":{"a":"b"}}`,
		"POST /chat/sessions/{id}/messages":                   `{"content":"hello"}`,
		"POST /chat/completions":                              `{"model":"` + w.ids["agents"] + `","messages":[{"role":"user","content":"hello"}],"user":"u"}`,
	}
}

// An operation is a route of the OpenAPI document.
type operation struct {
	method, path string
	scope        callwright.Scope
	query, body  []string // the parameters and members that hold ids
	example      string   // of the body, if it takes one
	status       int      // of success
}

func (o operation) name() string { return o.method + " " + o.path }

// operations reads the routes out of the OpenAPI document, so that a new one is
// covered without anyone remembering.
func operations(t testing.TB, url string) []operation {
	t.Helper()
	res, err := http.Get(url + "/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Security    []map[string][]callwright.Scope
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct {
					Schema  map[string]any
					Example json.RawMessage
				}
			}
			Responses map[string]json.RawMessage
		}
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	var out []operation
	for path, methods := range doc.Paths {
		if strings.HasPrefix(path, "/widget/") {
			continue // not for secret keys: see the tests of publishable keys
		}
		for method, op := range methods {
			if len(op.Security) != 1 || len(op.Security[0]["apiKey"]) != 1 {
				t.Fatalf("%s %s documents no scope", method, path)
			}
			o := operation{method: strings.ToUpper(method), path: path, scope: op.Security[0]["apiKey"][0]}
			for _, p := range op.Parameters {
				if p.In == "query" && isID(p.Name) {
					o.query = append(o.query, p.Name)
				}
			}
			for _, content := range op.RequestBody.Content {
				o.body, o.example = idMembers(content.Schema, doc.Components.Schemas, nil), string(content.Example)
			}
			for status := range op.Responses {
				if n, err := strconv.Atoi(status); err == nil && n < 300 {
					o.status = n
				}
			}
			out = append(out, o)
		}
	}
	if len(out) < 20 {
		t.Fatalf("the document has %d operations; it should have more", len(out))
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.name(), b.name()) })
	return out
}

// isID reports whether a member or parameter of the name holds an id.
func isID(name string) bool {
	return strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "Ids") || slices.Contains([]string{"id", "ids", "model", "resource"}, name)
}

// idMembers finds the members of a schema that hold ids, at any depth.
func idMembers(s map[string]any, named map[string]map[string]any, above []string) []string {
	if ref, ok := s["$ref"].(string); ok {
		name := ref[strings.LastIndex(ref, "/")+1:]
		if slices.Contains(above, name) {
			return nil
		}
		return idMembers(named[name], named, append(slices.Clone(above), name))
	}
	var found []string
	for _, list := range []string{"anyOf", "oneOf", "allOf"} {
		members, _ := s[list].([]any)
		for _, m := range members {
			found = append(found, idMembers(m.(map[string]any), named, above)...)
		}
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if m, ok := s[below].(map[string]any); ok {
			found = append(found, idMembers(m, named, above)...)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if isID(name) {
			found = append(found, name)
		}
		found = append(found, idMembers(properties[name].(map[string]any), named, above)...)
	}
	return found
}

// whose tells the kinds of things that the ids of a parameter or member name; with
// none it is nothing of an organization.
func whose() map[string][]string {
	return map[string][]string{
		"agentId": {"agents"}, "versionId": {"versions"}, "model": {"agents"}, "resource": {"agents", "skills", "secrets"},
		"publishableKeyId": {"publishable-keys"}, "conversationId": {"conversations"}, "verifierSkillId": {"skills"},
		"defaultVoiceId": nil, // of the voice provider
		"id":             nil, // of a rule: its writer chooses it
		"organizationId": nil, // of a rule: any but one's own is refused, see TestRules
	}
}

// A probe is a request that must not be answered, or that shows that the others are
// refused for what they ask about alone.
type probe struct {
	what, method, path string
	query              url.Values
	body               string
	status             int
	code               string
}

// good is the operation's request with things of the world.
func (o operation) good(t testing.TB, w world) probe {
	t.Helper()
	p := probe{what: "with its own", method: o.method, path: w.fill(t, o.path), query: url.Values{}, body: o.input(t, w)}
	for _, name := range o.query {
		p.query.Set(name, w.ids[o.kinds(t, name)[0]])
	}
	if p.query.Get("conversationId") != "" {
		p.query.Del("agentId")
	}
	return p
}

// input is a good body of the operation, in the world.
func (o operation) input(t testing.TB, w world) string {
	t.Helper()
	if body, ok := bodies(t, w)[o.name()]; ok {
		return body
	}
	return w.own(o.example)
}

func (o operation) kinds(t testing.TB, name string) []string {
	t.Helper()
	kinds, ok := whose()[name]
	if !ok {
		t.Fatalf("%s takes ids in %s, and the test does not know of what: say so in whose", o.name(), name)
	}
	return kinds
}

// foreign are the operation's requests by whom mine belongs to, each with something
// of theirs: everything in the path, one thing in the path, in the query, in the
// body.
func (o operation) foreign(t testing.TB, mine, theirs world) []probe {
	t.Helper()
	var out []probe
	add := func(what string, path world) {
		p := o.good(t, mine)
		p.path = path.fill(t, o.path)
		p.what, p.status, p.code = "with another's "+what, 404, "not_found"
		out = append(out, p)
	}
	inPath := pathID.FindAllStringSubmatch(o.path, -1)
	if len(inPath) > 1 {
		whole := mine
		for _, part := range inPath {
			whole = whole.with(theirs, part[1])
		}
		add("whole path", whole)
	}
	for _, part := range inPath {
		add(part[1]+" in the path", mine.with(theirs, part[1]))
	}
	for _, name := range o.query {
		for _, kind := range o.kinds(t, name) {
			p := o.good(t, mine)
			p.query.Set(name, theirs.ids[kind])
			p.what, p.status, p.code = "with another's "+name, 404, "not_found"
			out = append(out, p)
		}
	}
	for _, name := range o.body {
		for _, kind := range o.kinds(t, name) {
			p := o.good(t, mine)
			p.body = strings.ReplaceAll(p.body, mine.ids[kind], theirs.ids[kind])
			if p.body == o.good(t, mine).body {
				t.Fatalf("the good body of %s has nothing in %s", o.name(), name)
			}
			p.what, p.status, p.code = "with another's "+name, 404, "not_found"
			if name == "model" { // as the reference says of chat completions
				p.status, p.code = 400, "validation_error"
			}
			out = append(out, p)
		}
	}
	return out
}

func (s *server) probe(key string, p probe) response {
	s.t.Helper()
	return s.try(key, p.method, p.path+"?"+p.query.Encode(), p.body)
}

// TestWhoMayDoWhat tries every route with no key, a bad key, a key with every scope
// but the one, and with things of another organization wherever an id can stand.
// With its own things the same request is answered.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	onBoth(t, testWhoMayDoWhat)
}

func testWhoMayDoWhat(t *testing.T, address string) {
	s := start(t, at(address))
	probes := map[string]int{}
	for _, op := range operations(t, s.url) {
		t.Run(op.name(), func(t *testing.T) {
			mine, theirs := s.world("Acme, "+op.name()), s.world("Rivals, "+op.name())
			check := func(who, key string, p probe) response {
				t.Helper()
				r := s.probe(key, p)
				if got := r.problem(t); r.status != p.status || got.Code != p.code {
					t.Errorf("%s: want %d %s, got %d %s", who, p.status, p.code, r.status, r.body)
				}
				return r
			}
			good := op.good(t, mine)
			refused := func(status int, code string) probe {
				p := good
				p.status, p.code = status, code
				return p
			}
			check("no key", "", refused(401, "unauthenticated"))
			check("bad key", "cw_sk_live_nonsense", refused(401, "unauthenticated"))
			others := slices.DeleteFunc(callwright.Scopes(), func(sc callwright.Scope) bool { return sc == op.scope })
			r := check("key without "+string(op.scope), s.newKey(mine.org, others...), refused(403, "missing_scope"))
			if p := r.problem(t); !strings.Contains(p.Detail, string(op.scope)) {
				t.Errorf("the refusal should name the scope %s: %s", op.scope, p.Detail)
			}
			for _, p := range op.foreign(t, mine, theirs) {
				check(p.what, mine.key, p)
				probes[p.what]++
			}
			if r := s.probe(mine.key, good); r.status >= 300 {
				t.Errorf("its own: want an answer, got %d %s", r.status, r.body)
			}
			s.unchanged(t, theirs)
		})
	}
	for what, least := range map[string]int{"with another's agents in the path": 12, "with another's skills in the path": 4, "with another's versions in the path": 1, "with another's sessions in the path": 4,
		"with another's secrets in the path": 1, "with another's opt-outs in the path": 1, "with another's whole path": 5, "with another's agentId": 1, "with another's versionId": 1, "with another's model": 1, "with another's resource": 1} {
		if probes[what] < least {
			t.Errorf("%d requests %s; want at least %d: %v", probes[what], what, least, probes)
		}
	}
}

// unchanged makes sure that all of a world is still there.
func (s *server) unchanged(t testing.TB, w world) {
	t.Helper()
	for _, path := range []string{"/agents/" + w.ids["agents"], "/agents/" + w.ids["agents"] + "/skills/" + w.ids["skills"], "/chat/sessions/" + w.ids["sessions"],
		"/agents/" + w.ids["agents"] + "/versions/" + w.ids["versions"] + "/diff", "/audit-events?resource=" + w.ids["secrets"]} {
		r := s.try(w.key, "GET", path, nil)
		if r.status != 200 || strings.Contains(path, "/diff") && !strings.Contains(string(r.body), `"changes":[]`) || strings.Contains(path, "sessions") && !strings.Contains(string(r.body), `"active"`) {
			t.Errorf("%s of %s has changed: %d %s", path, w.org, r.status, r.body)
		}
	}
}
