package builtin

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// choices finds values of an enumeration by what they are called.
func (r reader) choices(p *param) []found {
	var out []found
	for i := 0; i < len(r.toks); i++ {
		best := found{}
		for _, o := range p.options {
			n := r.optionAt(i, o, p)
			if n > best.end-best.at {
				best = found{value: o.value, at: i, end: i + n, said: o.label, sure: len(o.label) > 2 || n > 0 && r.counted(i, n, p, p.counts("people"))}
			}
		}
		if best.value != nil {
			out = append(out, best)
			i = best.end - 1
		}
	}
	if len(out) == 0 && p.weekdays() {
		out = r.weekdays(p)
	}
	if len(out) == 0 {
		out = r.partly(p)
	}
	if len(out) == 0 && r.answer {
		out = r.byPosition(p)
	}
	return out
}

// named is how many of the options a question names.
func (p *param) named(q text) int {
	n := 0
	for _, o := range p.options {
		if len(o.toks) > 0 && slices.ContainsFunc(q.toks, func(t token) bool {
			return !common(t.low) && len(t.low) > 2 && slices.ContainsFunc(o.toks, func(u token) bool { return u.stem == t.stem })
		}) {
			n++
		}
	}
	return n
}

// numeric reports an enumeration of numbers.
func (p *param) numeric() bool {
	return !slices.ContainsFunc(p.options, func(o option) bool { return !allDigits(o.label) })
}

// weekdays reports an enumeration of the days of the week.
func (p *param) weekdays() bool {
	return len(p.options) > 4 && !slices.ContainsFunc(p.options, func(o option) bool { return len(o.toks) != 1 || !dayWord(o.toks[0].low) })
}

// weekdays takes a day that is said in another way: "tomorrow", "the 3rd".
func (r reader) weekdays(p *param) []found {
	fs := r.dates()
	for i, f := range fs {
		day, err := time.Parse(isoDate, plain(f.value))
		at := slices.IndexFunc(p.options, func(o option) bool {
			return err == nil && strings.HasPrefix(strings.ToLower(day.Weekday().String()), o.toks[0].low[:min(3, len(o.toks[0].low))])
		})
		if at < 0 {
			return nil
		}
		fs[i].value, fs[i].said = p.options[at].value, p.options[at].label
	}
	return fs
}

func (r reader) optionAt(i int, o option, p *param) int {
	if len(o.toks) == 0 {
		return 0
	}
	if len(o.label) == 4 && allDigits(o.label) && r.toks[i].low == o.label[2:] && r.toks[i].at > 0 && strings.HasSuffix(strings.TrimRight(r.raw[:r.toks[i].at], "‘’"), "'") {
		return 1 // the year '19
	}
	if s, ok := figures(strings.ToLower(o.label)); ok { // "2", said as "two people"
		v, n := r.number(i)
		if n > 0 && v == s && (r.answer && !r.timed(i, n) || r.counted(i, n, p, p.counts("people"))) {
			return n
		}
		return 0
	}
	if len(o.toks) == 1 && i+1 < len(r.toks) && len(o.label) > 5 && !r.toks[i].stop { // "swimming pool" for "swimmingpool"
		if two := r.toks[i].low + r.toks[i+1].low; two == o.toks[0].low || stem(two) == o.toks[0].stem {
			return 2
		}
	}
	if len(o.toks) == 2 && strings.ReplaceAll(r.toks[i].low, "-", "") == o.toks[0].low+o.toks[1].low { // "full-size" for "full size"
		return 1
	}
	for k, t := range o.toks {
		if i+k >= len(r.toks) {
			return 0
		}
		u := r.toks[i+k]
		if u.low != t.low && (u.stem != t.stem || strings.HasSuffix(t.low, "ing")) { // "check" is no "checking"
			return 0
		}
	}
	if len(o.toks) == 1 && len(o.label) < 2 && !r.answer && !r.named(i, p) {
		return 0
	}
	return len(o.toks)
}

// partly finds an option by a word that only it has: "front" for "front door",
// "the high-end ones" for "ultra high-end", and by synonym.
func (r reader) partly(p *param) []found {
	var out []found
	for i, t := range r.toks {
		if common(t.low) || len(t.low) < 3 && !r.answer || p.says(t.stem) || r.answer && !p.lists(t.stem) && slices.Contains(p.about(), t.stem) {
			continue
		}
		hit, hits := option{}, 0
		if slices.Contains(p.whose, t.stem) && !r.answer {
			continue
		}
		for _, o := range p.options {
			for _, u := range o.toks {
				if !common(u.low) && !(strings.HasSuffix(u.low, "ing") && u.low != t.low && u.stem == t.stem) && (u.stem == t.stem && !strings.HasSuffix(u.low, "ing") || r.answer && concept(u.stem) == concept(t.stem) || kin(u.stem) != "" && kin(u.stem) == kin(t.stem) || alike(u.stem, t.stem) || slipped(u.low, t.low)) {
					hit, hits = o, hits+1
					break
				}
			}
		}
		if hits == 1 {
			out = append(out, found{value: hit.value, at: i, end: i + 1, said: hit.label})
		}
	}
	return out
}

// kin is the sort of thing that a word stands for, where another word is as
// good; "" for words that stand for themselves.
func kin(stem string) string {
	switch stem {
	case "music", "concert", "gig", "band", "singer", "musician":
		return "music"
	case "sport", "gam", "match":
		return "sports"
	case "economy", "coach":
		return "economy"
	case "cheap", "inexpensiv", "budget", "cheaper", "low-priced":
		return "cheap"
	case "moderat", "mid-rang", "reasonabl", "moderately", "reasonably", "affordabl", "affordably", "medium", "midrang":
		return "moderate"
	case "pricey", "expensiv", "upscal", "fancy":
		return "pricey"
	case "telly", "television", "tv":
		return "television"
	case "theatr", "theater":
		return "theater"
	case "centr", "center", "middl", "central", "downtown":
		return "center"
	}
	if sport(stem) {
		return "sports"
	}
	return ""
}

// alike reports words with the same beginning, such as "italian" and "italy".
func alike(a, b string) bool {
	n := min(len(a), len(b))
	return n >= 5 && a[:n-n/5] == b[:n-n/5] && max(len(a), len(b)) <= n+3
}

// lists reports a word of one of the options.
func (p *param) lists(stem string) bool {
	return slices.ContainsFunc(p.options, func(o option) bool {
		return slices.ContainsFunc(o.toks, func(t token) bool { return t.stem == stem })
	})
}

// slipped reports a word that is another but for one letter too many, too few or
// wrong: a slip of the finger or the ear.
func slipped(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) < 5 || len(a) > len(b)+1 || a[0] != b[0] || a == b {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	return a[i+1:] == b[i:] || i < len(b) && a[i+1:] == b[i+1:]
}

// byPosition reads "the first one" and "the last one".
func (r reader) byPosition(p *param) []found {
	for i, t := range r.toks {
		k, ok := ordinal(t.low)
		if t.low == "last" || t.low == "latter" {
			k, ok = len(p.options), true
		}
		if ok && k <= len(p.options) && k > 0 && t.low[0] > '9' {
			return []found{{value: p.options[k-1].value, at: i, end: i + 1, said: p.options[k-1].label}}
		}
	}
	return nil
}

// truths finds yes or no in an answer, and elsewhere the words of the parameter
// with or without a negation.
func (r reader) truths(p *param) []found {
	if r.answer {
		switch yes, no := agrees(r.text), refuses(r.text); {
		case yes && !no:
			return []found{p.truth(true, 0, 1)}
		case no && !yes:
			return []found{p.truth(false, 0, 1)}
		}
		if r.small(7) && !r.asks() {
			switch {
			case r.has("have not", "haven't", "not yet", "did not", "didn't", "am not", "i'm not", "we're not", "are not", "won't", "will not", "does not", "doesn't", "isn't", "i'm good", "we're good") >= 0:
				return []found{p.truth(false, 0, len(r.toks))}
			case r.has("i have", "we have", "i did", "we did", "i am", "we are", "we do", "it does", "it has", "already", "i will", "we will") >= 0:
				return []found{p.truth(true, 0, len(r.toks))}
			}
		}
	}
	for _, need := range p.flagged() {
		if fs := r.stated(p, need); fs != nil {
			return fs
		}
	}
	return nil
}

// flagged are the words that say yes to a flag when they all stand in a text: those
// of its name, and of what its description asks: "whether the ride is shared".
func (p *param) flagged() [][]string {
	p.told.Do(p.read)
	return p.flags
}

func (p *param) readFlags() {
	p.flag(p.toks)
	if kernel := read(p.kernel).toks; len(kernel) < len(p.toks) { // "shared with other parties"
		p.flag(kernel)
	}
	t := read(p.desc)
	i := t.has("whether", "if", "true if", "flag for", "boolean for")
	if i < 0 && len(t.toks) > 2 && (t.is(0, "is") || t.is(0, "are") || t.is(0, "can") || t.is(0, "does") || t.is(0, "do") || t.is(0, "has")) {
		p.question(t)
		return
	}
	var subject, asked []token
	verb := -1
	for ; i >= 0 && i < len(t.toks); i++ {
		switch w := t.toks[i].low; {
		case w == "is" || w == "are" || w == "there" || w == "has" || w == "have" || w == "can" || w == "be":
			verb, asked = i, nil
		case verb < 0:
			subject = append(subject, t.toks[i])
		case common(w) && i > verb+1:
			i = len(t.toks)
		case !common(w):
			asked = append(asked, t.toks[i])
		}
	}
	if !p.flag(asked) && verb >= 0 { // "whether smoking is permitted"
		p.flag(subject)
	}
}

// question reads what a description asks: "Is it free to get in?", "Can bring pets into the
// house", "Are there vegetarian dishes on the menu?"
func (p *param) question(t text) {
	ws := t.toks
	for i := 2; i < len(ws); i++ {
		if (preposition(ws[i].low) || ws[i].low == "on") && len(content(ws[:i])) > 0 {
			ws = ws[:i]
			break
		}
	}
	if t.is(1, "there") {
		for _, w := range content(ws) {
			p.flag([]token{w})
		}
		return
	}
	p.flag(lastContent(ws))
}

// flag adds the words of content as ones that say yes to the flag, and reports whether
// there are some.
func (p *param) flag(ws []token) bool {
	var need []string
	for _, t := range content(ws) {
		if !ancillary(t.low) && (len(ws) == len(p.toks) || !slices.Contains(p.whose, t.stem)) {
			need = append(need, t.stem)
		}
	}
	if len(need) == 0 || len(need) > 3 {
		return false
	}
	p.flags = append(p.flags, need)
	return true
}

// lastContent is the last word of content.
func lastContent(ws []token) []token {
	for i := len(ws) - 1; i >= 0; i-- {
		if !common(ws[i].low) && !ancillary(ws[i].low) {
			return ws[i : i+1]
		}
	}
	return nil
}

// stated finds a flag by its words, with or without a negation.
func (r reader) stated(p *param, need []string) []found {
	first, last := -1, -1
	for _, s := range need {
		hit := -1
		for i, t := range r.toks {
			if t.stem == s || alike(t.stem, s) || slipped(t.stem, s) || concept(t.stem) == concept(s) || t.hyphened(s) || s == "free" && t.stem == "fee" && i > 0 && (strings.HasPrefix(r.toks[i-1].low, "entr") || r.toks[i-1].low == "no") {
				hit = i
				break
			}
		}
		if hit < 0 {
			return nil
		}
		if first < 0 || hit < first {
			first = hit
		}
		last = max(last, hit)
	}
	if first < 0 || r.questioned(first) || r.indifferent(first) {
		return nil
	}
	if free := r.toks[first].low == "fee" || r.toks[first].low == "charge"; free {
		return []found{p.truth(r.negated(first), first, last+1)}
	}
	return []found{p.truth(!r.negated(first), first, last+1)}
}

// hyphened reports that a part of a word like "child-friendly" means the same.
func (t token) hyphened(s string) bool {
	for part := range strings.SplitSeq(t.low, "-") {
		if len(part) < len(t.low) && concept(stem(part)) == concept(s) {
			return true
		}
	}
	return false
}

// questioned reports that token i stands in a question about what is there,
// which is no wish for it: "does it have wifi?"
func (r reader) questioned(i int) bool {
	start := i
	for start > 0 && r.toks[start-1].final != '.' && r.toks[start-1].final != '?' && r.toks[start-1].final != '!' {
		start--
	}
	for start < i && (greets(r.toks[start].low) || r.toks[start].low == "and" || r.toks[start].low == "ok" || r.toks[start].low == "okay" || r.toks[start].low == "great") {
		start++
	}
	switch r.toks[start].low {
	case "does", "is", "has", "do":
		return !r.is(start, "is there a") && !r.is(start, "is there any") && !r.is(start, "do you have a") && !r.is(start, "do you have any")
	case "are":
		return r.has("are there any", "are there other", "are there some") < 0
	case "can", "could":
		return r.has("tell me if", "tell me whether", "check if", "check whether", "i smoke", "i bring") >= 0
	}
	return r.has("tell me if", "tell me whether", "know if", "know whether", "check if") >= 0
}

// ancillary words of a flag's name need not be said.
func ancillary(w string) bool {
	switch w {
	case "yes", "or", "no", "not", "permitted", "acceptable", "equipped", "appropriate", "suitable", "good", "availability", "with", "comes", "has", "have", "offers", "include", "includes", "included", "flag", "allowed", "allow", "allows", "entry", "entrance", "option", "options", "seating", "available", "ride", "inside", "property", "friendly", "zone":
		return true
	}
	return false
}

// indifferent reports "I don't mind about" before token i.
func (r reader) indifferent(i int) bool {
	for j := i - 1; j >= 0 && j >= i-4 && !r.toks[j].stop; j-- {
		switch r.toks[j].low {
		case "care", "mind", "matter", "fussed", "bothered":
			return true
		}
	}
	return false
}

func (r reader) negated(i int) bool {
	for j := i - 1; j >= 0 && j >= i-5 && !r.toks[j].stop; j-- {
		switch w := r.toks[j].low; w {
		case "no", "not", "without", "don't", "doesn't", "isn't", "non", "never", "skip", "aren't", "didn't", "hasn't", "won't", "needn't", "wouldn't", "can't":
			return true
		}
	}
	return false
}

// truth writes yes or no the way the schema wants it.
func (p *param) truth(yes bool, at, end int) found {
	f := found{value: json.RawMessage("false"), at: at, end: end, said: "no"}
	if yes {
		f.value, f.said = json.RawMessage("true"), "yes"
	}
	for _, o := range p.options {
		l := strings.ToLower(o.label)
		if (l == "true" || l == "yes") == yes {
			f.value = o.value
		}
	}
	return f
}
