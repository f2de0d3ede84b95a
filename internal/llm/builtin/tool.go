package builtin

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"callwright/internal/llm"
)

// A tool is an llm.Tool made ready to be chosen, filled and spoken about.
type tool struct {
	name   string
	desc   string
	label  string // the name in words: "check warranty"
	stems  []string
	params []*param
	ask    []*param // the required ones, in the order to ask for them
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
	list     bool
	required bool
	options  []option
	fixed    json.RawMessage // const, or the default of a required parameter
	examples []string
	pattern  string
	from     string // "tool.path[].member": only values that this result had
	minLen   int
	maxLen   int
	names    []string // stems of the label
	whose    []string // stems of the tool's name, which tell nothing of its values
	stems    []string // see about
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
		tl := &tool{name: t.Name, desc: strings.TrimSpace(t.Description)}
		tl.label = toolLabel(t.Name, tl.desc)
		tl.stems = stems(tl.label)
		root := node{}
		if json.Unmarshal(t.Parameters, &root.m) == nil {
			root.root = root.m
			tl.addMembers(root, nil, true, 0)
		}
		tl.order(root)
		out = append(out, tl)
	}
	return out
}

// toolLabel is a tool's name in words: "events_1_findevents" is "find events".
// What stands before a number is the service's name. Names made of camel case
// have lost their seams: there is one behind a verb at the front of a word.
func toolLabel(name, desc string) string {
	told := stems(desc)
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
		if k := seam(w, told); k > 0 {
			out = append(out, w[:k])
			w = w[k:]
		}
		out = append(out, w)
	}
	for i, w := range out {
		if i > 0 && i < len(out)-1 && (&tool{label: out[0]}).verb() == "" && (&tool{label: w + " it"}).verb() != "" {
			out = out[i:]
			break
		}
	}
	return strings.Join(out, " ")
}

// seam is where a verb at the front of w ends, 0 when there is none.
func seam(w string, told []string) int {
	if slices.Contains(told, stem(w)) {
		return 0
	}
	for k := len(w) - 3; k >= 3; k-- {
		if (&tool{label: w[:k]}).verb() == "" {
			continue
		}
		if k > 3 && k < 8 || w[:k] == "get" || slices.ContainsFunc(told, func(t string) bool { return strings.HasPrefix(w[k:], t) }) {
			return k
		}
	}
	return 0
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
	for _, name := range n.keys("properties") {
		member := props.at(name).resolved()
		at := append(slices.Clone(path), name)
		req := required && slices.Contains(want, name)
		if member.typ() == "object" && len(member.keys("properties")) > 0 && depth < 3 {
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
	p.options = value.options()
	p.examples = append(value.strings("examples"), value.strings("example")...)
	switch {
	case n.m["const"] != nil:
		p.fixed = n.m["const"]
	case required && n.m["default"] != nil:
		p.fixed = n.m["default"]
	}
	p.kind = kindOf(p, value)
	p.names = stems(p.label)
	return p
}

// about returns the stems of label and description, made when they are needed
// first: of most tools they never are.
func (p *param) about() []string {
	if p.stems == nil {
		p.stems = []string{}
		for _, t := range content(read(p.label + " " + p.desc).toks) {
			p.stems = append(p.stems, t.stem)
		}
	}
	return p.stems
}

func stems(s string) []string {
	var out []string
	for _, t := range read(s).toks {
		out = append(out, t.stem)
	}
	return out
}

// A node is a place in a JSON Schema.
type node struct {
	m    map[string]json.RawMessage
	root map[string]json.RawMessage
}

func (n node) at(key string) node {
	out := node{root: n.root}
	if n.m[key] != nil && json.Unmarshal(n.m[key], &out.m) != nil {
		out.m = nil
	}
	return out
}

// resolved follows a local $ref and takes the first useful branch of anyOf and
// oneOf; it looks only a few steps far, so loops end.
func (n node) resolved() node {
	for range 4 {
		if ref := n.str("$ref"); strings.HasPrefix(ref, "#/") {
			target := node{m: n.root, root: n.root}
			for part := range strings.SplitSeq(ref[2:], "/") {
				target = target.at(part)
			}
			if target.m == nil {
				return n
			}
			n = target
			continue
		}
		branch, ok := n.branch()
		if !ok {
			return n
		}
		for _, keep := range []string{"description", "title", "default", "examples"} {
			if v, ok := n.m[keep]; ok && branch.m[keep] == nil {
				branch.m[keep] = v
			}
		}
		n = branch
	}
	return n
}

func (n node) branch() (node, bool) {
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		var list []map[string]json.RawMessage
		if n.m[key] == nil || json.Unmarshal(n.m[key], &list) != nil {
			continue
		}
		for _, m := range list {
			if b := (node{m: m, root: n.root}); m != nil && b.typ() != "null" {
				return b, true
			}
		}
	}
	return node{}, false
}

func (n node) str(key string) string {
	if raw := n.m[key]; raw != nil && raw[0] == '"' {
		return plain(raw)
	}
	return ""
}

func (n node) num(key string) int {
	var i int
	if n.m[key] == nil || json.Unmarshal(n.m[key], &i) != nil {
		return 0
	}
	return i
}

// strings reads a list of scalars, or one scalar, as texts.
func (n node) strings(key string) []string {
	var list []json.RawMessage
	if n.m[key] == nil {
		return nil
	}
	if n.m[key][0] != '[' || json.Unmarshal(n.m[key], &list) != nil {
		list = []json.RawMessage{n.m[key]}
	}
	var out []string
	for _, raw := range list {
		if s := plain(raw); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (n node) typ() string {
	for _, t := range n.strings("type") {
		if t != "null" {
			return t
		}
	}
	if n.m["properties"] != nil {
		return "object"
	}
	return ""
}

func (n node) options() []option {
	var vals []json.RawMessage
	if n.m["enum"] == nil || json.Unmarshal(n.m["enum"], &vals) != nil {
		return nil
	}
	var out []option
	for _, v := range vals {
		label := plain(v)
		if label == "" || string(v) == "null" {
			continue
		}
		if !strings.Contains(label, " ") {
			label = optionLabel(label)
		}
		out = append(out, option{value: v, label: label, toks: read(label).toks})
	}
	return out
}

// optionLabel is how an enumeration's value is said: "window_seat" as two words,
// "XL" as it is.
func optionLabel(v string) string {
	if strings.ToUpper(v) == v && !strings.ContainsAny(v, "_") {
		return v
	}
	return words(v)
}

// keys returns the names of an object's members in the order they are written.
func (n node) keys(key string) []string {
	dec := json.NewDecoder(bytes.NewReader(n.m[key]))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []string
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return out
		}
		var skip json.RawMessage
		if dec.Decode(&skip) != nil {
			return out
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
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
