package builtin

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"callwright/internal/llm"
	"callwright/internal/spoken"
)

// A tool is an llm.Tool made ready to be chosen, filled and spoken about.
type tool struct {
	name   string
	desc   string
	label  string // the name in words: "check warranty"
	stems  []string
	params []*param
	ask    []*param // the required ones, in the order to ask for them
	write  bool     // it is said to change something
	told   sync.Once
	ideas  []string // see topics
}

// A param is one parameter of a tool. Members of nested objects are parameters
// of their own, with a path of more than one name.
type param struct {
	path     []string
	name     string
	label    string // "serial number"
	desc     string
	kind     kind
	number   bool // the schema wants a JSON number
	integer  bool
	bare     bool // a length of time as a figure in the unit of the description
	spelt    bool // a length of time in words: no format says that it is ISO 8601
	list     bool
	required bool
	options  []option
	fixed    json.RawMessage // const, or the default of a required parameter
	examples []string
	pattern  string
	from     string // "tool.path[].member": only values that this result had
	minLen   int
	maxLen   int
	head     string   // what the description says it is: "arrival time of the train" is an "arrival time"
	kernel   string   // the same of the name: "date_of_birth" is a "date"
	toks     []token  // of the label
	names    []string // stems of the label
	side     int      // 1 where it begins something that another parameter ends, -1 where it ends it, 0 if its words tell
	alone    bool     // no parameter takes a place
	only     bool     // no other parameter takes a code
	other    bool     // a person beside the caller
	wide     bool     // a place that holds what another parameter names
	whose    []string // stems of the tool's name, which tell nothing of its values
	role     string   // what the description of the tool calls the caller: "citizen"
	told     sync.Once
	stems    []string       // see about
	likely   []string       // see samples
	flags    [][]string     // see flagged
	allowed  *regexp.Regexp // of pattern, nil when there is none that is understood
}

// An option is one value of an enumeration and how it is said.
type option struct {
	value json.RawMessage
	label string
	toks  []token
}

func tools(in []llm.Tool) []*tool {
	out := make([]*tool, 0, len(in))
	for _, t := range in {
		tl := &tool{name: t.Name, desc: strings.TrimSpace(t.Description), write: t.IsWrite}
		tl.label = toolLabel(t.Name)
		tl.stems = stems(tl.label)
		root := node{}
		if json.Valid(t.Parameters) {
			root.m = parseObject(t.Parameters)
			root.root = root.m
			tl.addMembers(root, nil, true, 0)
		}
		tl.order(root)
		tl.cast()
		tl.widen()
		tl.pair()
		out = append(out, tl)
	}
	return out
}

// toolLabel is a tool's name in words: "events_1_find_events" is "find events".
// What stands before a number is the service's name.
func toolLabel(name string) string {
	fields := strings.Fields(words(name))
	for i, w := range fields {
		if allDigits(w) && i > 0 && i < len(fields)-1 {
			fields = fields[i+1:]
			break
		}
	}
	var out []string
	for _, w := range fields {
		if allDigits(w) {
			continue
		}
		out = append(out, w)
	}
	for i, w := range out {
		if i > 0 && i < len(out)-1 && (&tool{label: out[0]}).verb() == "" && (&tool{label: w + " it"}).verb() != "" {
			if preposition(out[i+1]) || out[i+1] == "with" { // "hotel find with locale"
				out = append([]string{w}, slices.Delete(out, i, i+1)...)
			} else {
				out = out[i:]
			}
			break
		}
	}
	if n := len(out); n > 1 && spoken.DeedLast(out[n-1]) && !spoken.IsDeed(out[0]) && (&tool{label: out[0] + " it"}).verb() == "" {
		out = append([]string{out[n-1]}, out[:n-1]...) // "ride book"
	}
	return strings.Join(out, " ")
}

// cast tells the parameters who the caller is: whoever wants or asks for something. A
// patient or a child may be somebody whom the caller calls for.
func (t *tool) cast() {
	before, _, ok := cutAny(t.purpose(), " wants ", " needs ", " asks ", " reports ")
	if !ok {
		return
	}
	role := strings.ToLower(lastOf(before))
	if anyWord(role, "patient", "child", "student", "pupil") || strings.Count(before, " ") > 4 {
		return
	}
	for _, p := range t.params {
		p.role = role
	}
}

// widen marks places beside the name of something in them: a city or the like.
func (t *tool) widen() {
	if !slices.ContainsFunc(t.params, (*param).titled) {
		return
	}
	for _, p := range t.params {
		p.wide = p.kind == kindPlace && !strings.Contains(p.label, " ")
	}
}

// pair tells parameters apart that come in twos: the day of departure ends a stay that a
// day of arrival begins, and who has a name beside the user's is somebody else.
func (t *tool) pair() {
	var arrival, departure *param
	user, codes, sited := false, 0, false
	for _, p := range t.params {
		sited = sited || p.kind == kindPlace || p.kind == kindAddress
		if p.kind == kindCode {
			codes++
		}
		switch {
		case p.kind != kindDate && p.kind != kindDateTime:
		case p.means("arrival", "arrive") && arrival == nil && departure == nil:
			arrival = p
		case p.means("departure", "depart") && departure == nil:
			departure = p
		}
		user = user || p.kind == kindPerson && anyWord(p.label, "user", "customer", "caller", "client", "your", "my")
	}
	persons := slices.DeleteFunc(slices.Clone(t.params), func(p *param) bool { return p.kind != kindPerson })
	if len(persons) == 1 && agent(strings.TrimSuffix(persons[0].label, " name")) {
		persons[0].role = strings.TrimSuffix(persons[0].label, " name") // whoever calls
	}
	if arrival != nil && departure != nil {
		arrival.side, departure.side = 1, -1
	}
	caller := slices.ContainsFunc(persons, (*param).callers)
	for _, p := range t.params {
		p.alone = !sited
		p.only = p.kind == kindCode && codes == 1
		p.other = p.kind == kindPerson && (caller && !p.callers() || user && !anyWord(p.label, "user", "customer", "caller", "client", "your", "my", "first", "last", "full", "family", "given", "surname"))
	}
}

// order puts the required parameters in the order of "required", which survives
// stores that sort the members of objects.
func (t *tool) order(root node) {
	for _, name := range root.strings("required") {
		for _, p := range t.params {
			if p.required && p.path[0] == name && !slices.Contains(t.ask, p) {
				t.ask = append(t.ask, p)
			}
		}
	}
}

func (t *tool) param(name string) *param {
	for _, p := range t.params {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (t *tool) addMembers(n node, path []string, required bool, depth int) {
	want := n.strings("required")
	props := n.at("properties")
	for i, e := range props.m {
		if slices.ContainsFunc(props.m[i+1:], func(o entry) bool { return o.name == e.name }) {
			continue // said again below
		}
		name, member := e.name, node{m: parseObject(e.raw), root: n.root}.resolved()
		at := append(slices.Clone(path), name)
		req := required && slices.Contains(want, name)
		if member.typ() == "object" && len(member.at("properties").m) > 0 && depth < 3 {
			t.addMembers(member, at, req, depth+1)
			continue
		}
		p := newParam(at, member, req)
		p.whose = t.stems
		t.params = append(t.params, p)
	}
}

func newParam(path []string, n node, required bool) *param {
	p := &param{
		path: path, name: strings.Join(path, "."), required: required,
		desc: strings.TrimSpace(n.str("description")), pattern: n.str("pattern"),
		from:   n.str("x-allowedFrom"),
		minLen: n.num("minLength"), maxLen: n.num("maxLength"),
	}
	value := n
	if n.typ() == "array" {
		p.list = true
		value = n.at("items").resolved()
	}
	p.number = value.typ() == "number" || value.typ() == "integer"
	p.integer = value.typ() == "integer"
	p.label = words(path[len(path)-1])
	if title := n.str("title"); title != "" && len(title) < 40 {
		p.label = lowerFirst(strings.TrimSpace(title))
	}
	p.head, p.kernel = head(p.desc), head(p.label)
	p.options = value.options()
	p.examples = append(value.strings("examples"), value.strings("example")...)
	switch {
	case n.m.get("const") != nil:
		p.fixed = n.m.get("const")
	case required && n.m.get("default") != nil:
		p.fixed = n.m.get("default")
	}
	p.kind = kindOf(p, value)
	p.toks = read(p.label).toks
	named := p.toks
	if len(named) > 4 && p.kernel != "" { // a sentence, of which the rest is about other things
		named = read(p.kernel).toks
	}
	for _, t := range named {
		p.names = append(p.names, t.stem)
	}
	for _, t := range content(read(p.head).toks) {
		p.names = append(p.names, t.stem)
	}
	return p
}

// about returns the stems of label and description.
func (p *param) about() []string {
	p.told.Do(p.read)
	return p.stems
}

// read makes what is needed to fill the parameter, of most tools never.
func (p *param) read() {
	for _, t := range content(read(p.label + " " + p.desc).toks) {
		p.stems = append(p.stems, t.stem)
	}
	p.likely = slices.Clone(p.examples)
	for _, t := range read(p.desc).toks {
		if mixed(t.raw) && len(t.raw) > 3 {
			p.likely = append(p.likely, t.raw)
		}
	}
	if p.kind == kindBool {
		p.readFlags()
	}
	if p.pattern != "" {
		p.allowed, _ = regexp.Compile(p.pattern) // JSON Schema's dialect may differ: then it is the gate's to check
	}
}

func stems(s string) []string {
	var out []string
	for _, t := range read(s).toks {
		out = append(out, t.stem)
	}
	return out
}

// plain is a scalar as text, "" for anything else.
func plain(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		if !bytes.ContainsRune(raw, '\\') && utf8.Valid(raw) {
			return string(raw[1 : len(raw)-1])
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case '{', '[':
		return ""
	}
	return string(raw)
}

// quoted is a text as a JSON string.
func quoted(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // cannot be for strings
		return json.RawMessage(`""`)
	}
	return raw
}
