package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// tellFields makes sentences of the facts that matter most. What they are about
// is their subject if a sentence has a place for it, else a fact of its own.
func (v *view) tellFields(o value, fs []field) string {
	for i, f := range fs {
		if f.val.kind == 's' && (names(f.label) && !v.asked(f) || v.namesThing(f)) && len(fs) > 1 {
			subject := v.theThing(f.val.text)
			said := v.tellAbout(slices.Delete(slices.Clone(fs), i, i+1), subject)
			if strings.Contains(strings.ToLower(said), strings.ToLower(subject)) {
				return said
			}
			break
		}
	}
	return v.tellAbout(fs, "it")
}

func (v *view) tellAbout(fs []field, subject string) string {
	if some := v.wanted(fs); len(some) > 0 {
		fs = some
	}
	fs = v.foremost(fs)
	if len(fs) == 0 {
		return ""
	}
	v.count(fs)
	if s, rest := v.yesNo(fs, subject); s != "" {
		if more := v.clauses(rest, "it"); more != "" {
			s += " " + more
		}
		return s
	}
	return v.clauses(fs, subject)
}

// names reports labels that tell what the facts are about.
func names(label string) bool {
	switch label {
	case "name", "title", "product", "product name", "item", "item name", "model", "device", "appliance", "service", "restaurant", "restaurant name", "hotel", "hotel name", "class name", "event name", "car", "car name", "vehicle":
		return true
	}
	return false
}

// namesThing reports a common noun under a word of the skill's own name: the "blood test"
// of "get test results".
func (v *view) namesThing(f field) bool {
	t := v.run.form.tool
	return slices.Contains(t.stems, stem(f.label)) && strings.ToLower(f.val.text) == f.val.text && strings.IndexFunc(f.val.text, unicode.IsDigit) < 0 && strings.Count(f.val.text, " ") < 3
}

// theThing puts an article before a common noun and leaves names alone. What callers
// call theirs is theirs.
func (v *view) theThing(s string) string {
	s = phrase(s)
	if strings.Contains(s, " ") && strings.ToLower(s) != s || strings.ContainsAny(s, "0123456789") {
		return s
	}
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "the ") || strings.HasPrefix(low, "your ") {
		return low
	}
	return v.whose(low) + low
}

// whose is "your " for what callers called theirs, else "the ".
func (v *view) whose(noun string) string {
	q := v.question
	for i, t := range q.toks {
		if t.low != "my" && t.low != "our" {
			continue
		}
		for _, n := range read(noun).toks {
			for j := i + 1; j < len(q.toks) && j < i+4 && !q.toks[j-1].stop; j++ {
				if q.toks[j].stem == n.stem {
					return "your "
				}
			}
		}
	}
	return "the "
}

// the is a label as the subject of a sentence: "your balance" of somebody who asks for
// the balance of their account, "breakfast" where the caller has no article either.
func (v *view) the(label string) string {
	q := v.question
	whose := v.whose(label)
	for i, t := range q.toks {
		if t.low != label {
			continue
		}
		if i > 0 && !q.toks[i-1].stop && (q.toks[i-1].low == "is" || q.toks[i-1].low == "when's" || q.toks[i-1].low == "does") {
			return label
		}
		if q.is(i+1, "of my") || q.is(i+1, "of our") || q.is(i+1, "on my") || q.is(i+1, "for my") || q.is(i+1, "in my") {
			return "your " + label
		}
	}
	return whose + label
}

// count notes how many sums there are among the facts to tell.
func (v *view) count(fs []field) {
	v.prices = 0
	for _, f := range fs {
		if f.isMoney() {
			v.prices++
		}
	}
}

// foremost keeps the facts to tell: those that the question is about, then
// booleans, dates, amounts and references, in their own order.
func (v *view) foremost(fs []field) []field {
	if len(fs) <= maxFacts {
		return fs
	}
	rank := func(f field) int {
		switch {
		case v.asked(f):
			return 3
		case f.isDate() || f.isMoney() || reference(f.label) || f.label == "status":
			return 2
		case f.val.kind == 'b':
			return 1
		}
		return 0
	}
	byRank := slices.Clone(fs)
	slices.SortStableFunc(byRank, func(a, b field) int { return rank(b) - rank(a) })
	kept := byRank[:maxFacts]
	for _, f := range byRank[maxFacts:] {
		if rank(f) == 2 && len(kept) < maxFacts+2 {
			kept = append(kept, f)
		}
	}
	var out []field
	for _, f := range fs {
		if slices.ContainsFunc(kept, func(k field) bool { return k.label == f.label }) {
			out = append(out, f)
		}
	}
	return out
}

// wanted are the facts that a question for one thing is about: nobody who asks when wants
// to hear the rest.
func (v *view) wanted(fs []field) []field {
	if !v.run.form.tool.reads() || closed(v.question) || v.question.has("when", "when's", "what time", "which day", "what day", "how much", "how many", "how long", "who", "until when") < 0 {
		return nil
	}
	var out []field
	for _, f := range fs {
		if v.asked(f) && !(lastWord(f.label, "number", "reference", "code", "id") && v.question.has("number", "reference", "code", "what") < 0) {
			out = append(out, f)
		}
	}
	return out
}

// asked reports that the question is about the field.
func (v *view) asked(f field) bool {
	q := v.question
	for _, l := range content(read(f.label).toks) {
		for _, t := range q.toks {
			if !common(t.low) && (t.stem == l.stem || concept(t.stem) == concept(l.stem) && concept(l.stem) != "check") {
				return true
			}
		}
	}
	switch {
	case f.isMoney():
		return q.has("how much", "cost", "expensive") >= 0
	case f.isDate() && !otherEnd(q, f.label):
		return q.has("when", "what day", "which day", "what time", "how long", "until") >= 0
	case lastWord(f.label, "days", "hours", "minutes", "weeks", "duration"):
		return q.has("how long") >= 0
	case anyWord(f.label, "time"):
		return q.has("when", "what time") >= 0
	case q.has("when", "what time") >= 0 && f.val.kind == 's' && len(f.val.text) < 30 && len((reader{text: read(f.val.text)}).times()) > 0:
		return true
	case q.has("who", "who's", "whom") >= 0 && f.val.kind == 's' && f.val.text != "" && unicode.IsUpper([]rune(f.val.text)[0]) && strings.IndexFunc(f.val.text, unicode.IsDigit) < 0:
		return true
	case anyWord(f.label, "address", "location", "street", "city", "place", "branch", "office", "room", "desk", "venue", "hall"):
		return q.has("where", "where's") >= 0
	case anyWord(f.label, "phone"):
		return q.has("number", "call") >= 0
	}
	return false
}

// otherEnd reports that the question is when something begins, and the label when it ends,
// or the other way round.
func otherEnd(q text, label string) bool {
	begins, ends := []string{"start", "starts", "begin", "begins", "open", "opens", "from"}, []string{"end", "ends", "finish", "finishes", "close", "closes", "until", "over"}
	l := read(label)
	return q.has(begins...) >= 0 && l.has(ends...) >= 0 || q.has(ends...) >= 0 && l.has(begins...) >= 0
}

// matching tells only the fields that a later question is about.
func (v *view) matching() (string, bool) {
	o := unwrap(parse(v.run.result.Result))
	if o.kind != 'o' {
		return "", false
	}
	var fs []field
	for _, f := range v.fields(o, "", "", 0) {
		if v.asked(f) {
			fs = append(fs, f)
		}
	}
	if len(fs) == 0 {
		return "", false
	}
	if len(fs) > maxFacts {
		fs = fs[:maxFacts]
	}
	v.count(fs)
	if s, rest := v.yesNo(fs, "it"); s != "" {
		if more := v.clauses(rest, "it"); more != "" {
			s += " " + more
		}
		return s, true
	}
	return v.clauses(fs, "it"), true
}

// yesNo answers a question for yes or no from a boolean or a status.
func (v *view) yesNo(fs []field, subject string) (string, []field) {
	if !closed(v.question) {
		return "", fs
	}
	at := -1
	for i, f := range fs {
		if f.val.kind == 'b' && (v.asked(f) || at < 0) {
			if at >= 0 && v.asked(fs[at]) {
				continue
			}
			at = i
		}
	}
	word := ""
	if at >= 0 {
		word = "No, "
		if fs[at].val.text == "true" {
			word = "Yes, "
		}
	}
	for i, f := range fs {
		if word == "" && f.val.kind == 's' && lastWord(f.label, "status", "state") {
			if word = v.statusWord(f.val.text); word != "" {
				at = i
			}
		}
	}
	if word == "" {
		return "", fs
	}
	said := v.clause(fs[at], subject)
	if v.question.has("are you", "aren't you") >= 0 && anyWord(fs[at].label, "open", "closed", "full", "busy") {
		said = strings.Replace(said, "it is ", "we're ", 1)
	}
	return word + spokenly(said) + ".", slices.Delete(slices.Clone(fs), at, at+1)
}

// closed reports a question for yes or no.
func closed(t text) bool {
	start := 0
	for i, tok := range t.toks {
		if i == start {
			switch tok.low {
			case "is", "are", "am", "does", "do", "did", "has", "have", "was", "were", "will", "isn't", "can":
				return tok.low != "can" && tok.low != "do" && tok.low != "will" || t.is(i+1, "i") || t.is(i+1, "you have") || t.is(i+1, "it")
			}
		}
		if tok.stop || tok.low == "and" || common(tok.low) && i == start && (tok.low == "hi" || tok.low == "hello" || tok.low == "so") {
			start = i + 1
		}
	}
	return t.has("whether", "check if", "know if", "see if", "tell me if") >= 0
}

func (v *view) statusWord(status string) string {
	for _, s := range read(words(status)).toks {
		for _, t := range v.question.toks {
			if t.stem == s.stem {
				if v.question.has("not", "isn't") >= 0 {
					return ""
				}
				return "Yes, "
			}
		}
	}
	switch strings.ToLower(status) {
	case "active", "valid", "available", "covered", "confirmed", "ready", "approved":
		return "Yes, "
	case "expired", "inactive", "unavailable", "rejected", "denied", "invalid", "lapsed":
		return "No, "
	}
	return ""
}
