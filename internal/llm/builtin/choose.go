package builtin

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// How far a word counts by where a tool has it.
const (
	inName   = 1.0
	inText   = 0.8
	inOption = 0.6
	inParam  = 0.35

	wanted  = 0.35 // for each value in the text that a tool needs
	synonym = 0.7  // of a word that only means the same

	due     = 0.55 // a tool is wanted from here on
	certain = 1.1  // even when nothing was asked for in so many words
)

// An index finds tools by the words they use.
type index struct {
	tools []*tool
	words map[string][]posting // by stem
	ideas map[string][]posting // by concept
}

type posting struct {
	tool   int
	weight float64
	option bool // the tool has the word only as a value that it takes
}

func newIndex(ts []*tool) *index {
	x := &index{tools: ts, words: map[string][]posting{}, ideas: map[string][]posting{}}
	for i, t := range ts {
		x.add(i, t.label, inName)
		if read(t.label).has("one way", "one-way") >= 0 { // each of which says nothing
			put(x.words, stem("oneway"), posting{i, inName, false})
		}
		if t.reads() { // whatever its verb is
			put(x.ideas, "find", posting{i, inName, false})
		}
		x.add(i, positive(t.desc), inText)
		for _, p := range t.params {
			x.addTokens(i, p.toks, inParam, false)
			for _, o := range p.options {
				if p.kind == kindOption && len(p.options) <= 12 {
					x.addTokens(i, slices.DeleteFunc(slices.Clone(o.toks), func(t token) bool { return len(o.toks) > 1 && blurry(t) }), inOption, true)
				}
			}
		}
	}
	return x
}

// positive leaves out sentences that say what a tool is not for.
func positive(desc string) string {
	var out []string
	for s := range strings.SplitAfterSeq(desc, ". ") {
		low := strings.ToLower(strings.TrimSpace(s))
		if strings.HasPrefix(low, "do not") || strings.HasPrefix(low, "don't") || strings.HasPrefix(low, "not ") || strings.HasPrefix(low, "never") {
			continue
		}
		out = append(out, s)
	}
	return strings.Join(out, "")
}

func (x *index) add(i int, s string, w float64) { x.addTokens(i, read(s).toks, w, false) }

func (x *index) addTokens(i int, toks []token, w float64, option bool) {
	for _, t := range toks {
		if common(t.low) {
			continue
		}
		put(x.words, t.stem, posting{i, w, option})
		if t.low != "transfer" || !x.tools[i].handsOver() { // which sends nothing
			put(x.ideas, concept(t.stem), posting{i, w, option})
		}
		if strings.Contains(t.low, "-") {
			put(x.words, stem(strings.ReplaceAll(t.low, "-", "")), posting{i, w, option})
		}
	}
}

// handsOver reports a tool that brings a person to the phone.
func (t *tool) handsOver() bool {
	return anyWord(t.label, "person", "human", "operator", "representative", "colleague", "agent", "staff", "call", "caller")
}

// blurry reports words of an option that say little: "Shopping Area".
func blurry(t token) bool {
	switch t.low {
	case "area", "place", "venue", "class", "center", "centre":
		return true
	}
	return false
}

func put(m map[string][]posting, key string, p posting) {
	ps := m[key]
	if n := len(ps); n > 0 && ps[n-1].tool == p.tool {
		last := &ps[n-1]
		last.weight, last.option = max(last.weight, p.weight), last.option && p.option
		return
	}
	m[key] = append(ps, p)
}

// rarity is 1 for a word that one tool has and falls to a fraction for a word
// that all have.
func (x *index) rarity(ps []posting) float64 {
	n := float64(len(x.tools))
	return math.Log(1+n/float64(len(ps))) / math.Log(1+n)
}

// A score tells how much a tool is meant: rank sets it off from other tools,
// match tells whether it is meant at all. A word that every tool has says little
// for one of them, but still that one of them is wanted. Own is the part of match that
// is not of values that it takes, act that of words for looking things up, which say
// nothing about what for.
type score struct{ rank, match, own, act float64 }

// scores tells how much each tool is meant by a text.
func (x *index) scores(t text) []score {
	sum := make([]score, len(x.tools))
	best := make([]score, len(x.tools))
	seen := make(map[string]bool, len(t.toks))
	add := func(ps []posting, weight float64) {
		if len(ps) == 0 {
			return
		}
		r := x.rarity(ps)
		for _, p := range ps {
			b := &best[p.tool]
			b.rank = max(b.rank, weight*p.weight*r)
			b.match = max(b.match, weight*p.weight*(0.6+0.4*r))
			if !p.option {
				b.own = max(b.own, weight*p.weight*(0.6+0.4*r))
			}
		}
	}
	for i, tok := range t.toks {
		clear(best)
		if i+1 < len(t.toks) && !tok.stop { // "pick up" for "pickup"
			add(x.words[stem(tok.low+t.toks[i+1].low)], 1)
		}
		if t.is(i, "have you got any") || t.is(i, "do you sell") || t.is(i, "do you stock") || t.is(i, "do you carry") {
			add(x.ideas["available"], synonym)
		}
		if tok.stem == "ticket" && t.ticketed() {
			add(x.ideas["order"], synonym)
			add(x.ideas["book"], synonym)
		}
		if (t.is(i+1, "place") || t.is(i+1, "places") || t.is(i+1, "spot") || t.is(i+1, "joint")) && (nationality(tok.low) || cuisine(tok.low)) {
			add(x.ideas["restaurant"], 1)
		}
		if t.atLeisure(i) {
			add(x.ideas["available"], 1)
		}
		for _, see := range []string{"things to do", "stuff to do", "something to do", "things to see", "places to visit", "places to see", "sights to see", "what to see"} {
			if t.is(i, see) {
				add(x.ideas["attraction"], 1)
			}
		}
		if tok.low == "back" && t.brings(i) {
			add(x.ideas["refund"], synonym)
		}
		if idea := concept(tok.stem); !common(tok.low) && !seen[idea] {
			seen[idea] = true
			weight := 1.0
			if idea == "find" {
				weight = 0.8 // many things can be found
			}
			add(x.ideas[idea], synonym*weight)
			if len(x.words[tok.stem]) == 0 && len(x.ideas[idea]) == 0 && len(tok.low) > 5 {
				add(x.words[x.misspelt(tok.stem)], synonym*weight)
			}
			for _, other := range t.toks[i:] { // the word itself says more than one that means the same
				if concept(other.stem) == idea && !common(other.low) {
					add(x.words[other.stem], weight)
				}
			}
		}
		for k, b := range best {
			sum[k].rank += b.rank
			sum[k].match += b.match
			sum[k].own += b.own
			if idea := concept(tok.stem); idea == "find" || idea == "check" {
				sum[k].act += b.match
			}
		}
	}
	return sum
}

// brings reports "back" of what is sent, brought or taken back.
func (t text) brings(i int) bool {
	for j := i - 1; j >= 0 && j >= i-4; j-- {
		switch t.toks[j].low {
		case "send", "bring", "give", "take", "sending", "bringing", "giving", "taking":
			return true
		}
	}
	return false
}

// misspelt is the one word of the tools that a word is but for a letter, "" when
// there is none or more.
func (x *index) misspelt(w string) string {
	hit := ""
	for known := range x.words {
		if slipped(known, w) {
			if hit != "" {
				return ""
			}
			hit = known
		}
	}
	return hit
}

// A choice is a tool with how clearly it is meant.
type choice struct {
	tool  *tool
	score float64
}

// choose returns the tool that a text asks for; tool is nil when none is. Busy
// says that something was done already, so that a remark may be about that.
func (x *index) choose(t text, busy bool) choice {
	best, match, own := choice{}, 0.0, 0.0
	all := x.scores(t)
	var has kinds
	if rivals(all) > 1 {
		has = kindsIn(t)
	}
	out := t.has("can't come", "cannot come", "can't make it", "cannot make it", "can't make my", "cannot make my", "won't be able to come", "not able to come", "can't attend") >= 0
	asks := t.asks() && t.has("can you", "could you", "would you", "will you", "can i", "could i") < 0
	for i, s := range all {
		tl := x.tools[i]
		if s.match < due-1e-9 || s.match < s.act+0.1 && len(x.tools) > 2 && (tl.reads() || !tl.called(t)) {
			continue
		}
		s.rank += wanted * float64(tl.wants(has)+tl.tallied(t))
		if !tl.reads() && !tl.called(t) {
			s.rank -= 0.2 // something is changed only when that is said
		}
		if asks && tl.reads() {
			s.rank += 0.1
		}
		if out {
			s.rank += tl.undoes()
		}
		if best.tool == nil || s.rank > best.score+1e-9 || s.rank > best.score-1e-9 && len(tl.ask) < len(best.tool.ask) {
			best, match, own = choice{tl, s.rank}, s.match, s.own
		}
	}
	if best.tool != nil && own < due/2 && !best.tool.reads() && t.has("change", "switch", "cancel", "reschedule") >= 0 && !best.tool.called(t) {
		return choice{} // one of its values, for something else than it does
	}
	if best.tool != nil && own < due/2 && requests(t) {
		if has = kindsIn(t); best.tool.wants(has) == 0 {
			best.tool = cmp.Or(x.waiting(has), best.tool)
		}
	}
	if best.tool == nil && t.has(visits...) >= 0 {
		return choice{tool: x.waiting(kindsIn(t)), score: due}
	}
	if best.tool != nil && busy && !best.tool.called(t) && match < certain && !requests(t) && len(t.toks) > 6 && t.has("my", "our") < 0 {
		return choice{}
	}
	return best
}

// visits are how callers ask for a time without a word for it.
var visits = []string{"can we come", "could we come", "can i come", "could i come", "can you come", "could you come", "can someone come", "can somebody come", "could someone come", "could somebody come",
	"fit us in", "fit me in", "squeeze us in", "squeeze me in", "have you got anything", "do you have anything", "are you free", "is anybody free", "is there anything free"}

// undoes says how much more, or less, a tool is meant by somebody who cannot come.
func (t *tool) undoes() float64 {
	switch concept(stem(t.verb())) {
	case "cancel", "change":
		return 0.5
	case "book":
		return -0.5
	}
	return 0
}

// idea is what the word at i is about; "free" of somebody who has time is that.
func (t text) idea(i int) string {
	if t.atLeisure(i) {
		return "available"
	}
	return concept(t.toks[i].stem)
}

// atLeisure reports "free" of somebody who has time.
func (t text) atLeisure(i int) bool {
	return t.is(i, "free") && (t.is(i-1, "i") || t.is(i-1, "be") || t.is(i-1, "i'm") || t.is(i-1, "am") || t.is(i-1, "we") || t.is(i+1, "time") || t.is(i+1, "slot") || t.is(i+1, "slots"))
}

// ticketed reports a wish to have tickets, rather than to look for them.
func (t text) ticketed() bool {
	return t.has("ticket", "tickets") >= 0 && t.has("get", "need", "want", "i'd like", "would like", "buy", "purchase", "book", "reserve") >= 0 && t.has("find", "search", "look", "looking", "look up", "any", "what", "which", "how much") < 0
}

// called reports that the text has the tool's verb or a word for it: of a "hotel
// reservation", which one makes, it has "book".
func (t *tool) called(said text) bool {
	deeds := []string{concept(stem(t.verb()))}
	if deeds[0] == "mak" || deeds[0] == "plac" || deeds[0] == "creat" {
		for _, tok := range read(t.label).toks {
			switch c := concept(tok.stem); c {
			case "book", "order", "cancel", "change", "send":
				deeds = append(deeds, c)
			}
		}
	}
	if deeds[0] == "order" || deeds[0] == "book" { // tickets are booked or bought
		deeds = append(deeds, "order", "book")
	}
	if slices.Contains(deeds, "order") && said.ticketed() {
		return true
	}
	return deeds[0] != "" && slices.ContainsFunc(said.toks, func(tok token) bool { return slices.Contains(deeds, concept(tok.stem)) })
}

func rivals(all []score) int {
	n := 0
	for _, s := range all {
		if s.match >= due-1e-9 {
			n++
		}
	}
	return n
}

// wants counts the kinds of required values, days and times and the like, that
// stand in the text.
func (t *tool) wants(has kinds) int {
	n := 0
	var seen kinds
	for _, p := range t.params {
		if seen[p.kind] < has[p.kind] {
			seen[p.kind]++
			n++
		}
	}
	return n
}

// tallied counts the required numbers of things that stand in the text with what they
// count: "three tickets" for the number of tickets.
func (t *tool) tallied(said text) int {
	n := 0
	for _, p := range t.ask {
		if p.kind != kindNumber && (p.kind != kindOption || !p.numeric()) {
			continue
		}
		i := slices.IndexFunc(said.toks, func(tok token) bool {
			return !common(tok.low) && len(tok.stem) > 2 && slices.Contains(p.names, tok.stem)
		})
		if i < 1 {
			continue
		}
		for j := i - 1; j >= 0 && j >= i-2; j-- {
			if _, w := said.number(j); w > 0 && !said.pronominal(j) {
				n++
				break
			}
		}
	}
	return n
}

// waiting is the only tool that changes something and needs a day or time that was
// said, nil when there is none or more: a word that another tool has but as one of its
// values does not outweigh that.
func (x *index) waiting(has kinds) *tool {
	var only *tool
	for _, t := range x.tools {
		for _, p := range t.ask {
			if t.reads() || p.kind != kindDate && p.kind != kindTime && p.kind != kindDateTime || has[p.kind] == 0 || t == only {
				continue
			}
			if only != nil {
				return nil
			}
			only = t
		}
	}
	return only
}

// kinds counts values by kind.
type kinds [kindOption + 1]int

// kindsIn tells which values of unmistakable kinds stand in a text.
func kindsIn(t text) kinds {
	r := reader{text: t}
	var has kinds
	has[kindDate], has[kindTime] = len(r.dates()), min(1, len(r.times()))
	has[kindDateTime] = min(1, has[kindDate]+has[kindTime])
	has[kindMoney], has[kindEmail] = min(1, len(r.amounts(&param{}))), min(1, len(r.emails()))
	return has
}

func (x *index) score(t text, tl *tool) float64 {
	for i, s := range x.scores(t) {
		if x.tools[i] == tl {
			return s.rank + wanted*float64(tl.wants(kindsIn(t)))
		}
	}
	return 0
}

// shelf is a tool that answers questions of any kind, nil when there is none.
func (x *index) shelf() *tool {
	for _, t := range x.tools {
		if len(t.ask) == 1 && t.ask[0].kind == kindQuery {
			return t
		}
	}
	return nil
}

// verb is the tool's act in one word: what its name begins with, else what its
// description does; "" when neither tells.
func (t *tool) verb() string {
	if v := verbOf(t.label); v != "" || t.desc == "" {
		return v
	}
	_, does, ok := strings.Cut(t.desc, ": ") // behind the name
	if !ok || strings.Contains(t.desc[:len(t.desc)-len(does)], ". ") {
		does = t.desc
	}
	if w, _, _ := strings.Cut(does, " "); w != "" && upperFirst(w) == w && !anyWord(t.label, "status", "balance", "lookup", "search", "info", "information", "hours", "availability", "forecast", "schedule", "query", "find", "finder", "viewer", "browser", "directory", "inquiry", "enquiry") {
		return verbOf(imperative(strings.ToLower(w)) + " it")
	}
	return ""
}

func verbOf(label string) string {
	w, rest, _ := strings.Cut(label, " ")
	if next, _, _ := strings.Cut(rest, " "); w == "order" || w == "schedule" || w == "report" || w == "return" || w == "request" || w == "transfer" || w == "place" {
		switch next {
		case "status", "history", "lookup", "info", "information", "details", "number", "search", "tracking", "hours":
			return ""
		}
	}
	switch w {
	case "check", "verify", "book", "reserve", "cancel", "track", "report", "find", "search", "schedule", "reschedule", "order", "change", "update", "send",
		"transfer", "pay", "register", "request", "create", "make", "get", "lookup", "look", "list", "show", "query", "fetch", "submit", "open", "file", "add", "remove",
		"start", "play", "buy", "rent", "hire", "arrange", "take", "leave", "log", "reset", "renew", "return", "move", "confirm", "estimate", "calculate", "answer", "retrieve", "sign", "join", "call", "place", "set", "apply", "upgrade", "block", "activate", "give", "quote", "tell", "explain", "unlock", "enroll", "enrol", "record",
		"view", "see", "browse", "explore", "discover", "locate", "determine", "display", "purchase":
		return w
	}
	return ""
}

// reads reports tools that only look something up: nobody says that they change
// anything, and neither does their name.
func (t *tool) reads() bool {
	if t.write {
		return false
	}
	v := t.verb()
	if w, _, _ := strings.Cut(t.desc, " "); v == "get" {
		switch strings.ToLower(w) {
		case "call", "book", "order", "buy", "reserve", "request", "rent", "hire", "purchase", "set", "make", "schedule", "create":
			return false
		}
	}
	switch v {
	case "check", "verify", "track", "find", "search", "get", "lookup", "look", "list", "show", "query", "fetch", "estimate", "calculate", "answer", "retrieve", "give", "tell", "quote", "explain", "view", "see", "browse", "explore", "discover", "locate", "determine", "display", "compare", "describe", "recommend":
		return true
	}
	if t.verb() != "" {
		return false
	}
	_, asked, ok := cutAny(t.purpose(), " asks ", " ask ")
	return ok && !strings.HasPrefix(asked, "to ") || anyWord(t.label, "status", "balance", "lookup", "search", "info", "information", "hours", "availability", "forecast", "schedule", "query", "find", "finder", "viewer", "browser", "directory", "inquiry", "enquiry")
}
