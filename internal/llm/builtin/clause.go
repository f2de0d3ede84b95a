package builtin

import (
	"slices"
	"strconv"
	"strings"
)

// tellFields makes sentences of the facts that matter most.
func (v *view) tellFields(o value, fs []field) string {
	subject := "it"
	for i, f := range fs {
		if f.val.kind == 's' && names(f.label) && len(fs) > 1 && !v.asked(f) {
			subject = theThing(f.val.text)
			fs = slices.Delete(slices.Clone(fs), i, i+1)
			break
		}
	}
	fs = v.foremost(fs)
	if len(fs) == 0 {
		return ""
	}
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

// theThing puts an article before a common noun and leaves names alone.
func theThing(s string) string {
	s = phrase(s)
	if strings.Contains(s, " ") && strings.ToLower(s) != s || strings.ContainsAny(s, "0123456789") {
		return s
	}
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "the ") || strings.HasPrefix(low, "your ") {
		return low
	}
	return "the " + low
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
	case f.isDate():
		return q.has("when", "what day", "which day", "how long", "until") >= 0
	case anyWord(f.label, "time"):
		return q.has("when", "what time") >= 0
	case anyWord(f.label, "address", "location", "street", "city"):
		return q.has("where", "where's") >= 0
	case anyWord(f.label, "phone"):
		return q.has("number", "call") >= 0
	}
	return false
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
	return word + v.clause(fs[at], subject) + ".", slices.Delete(slices.Clone(fs), at, at+1)
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

// clauses joins facts to sentences, two in each.
func (v *view) clauses(fs []field, subject string) string {
	var out []string
	for i := 0; i < len(fs); i += 2 {
		s := v.clause(fs[i], subject)
		if subject != "" && i == 0 {
			subject = "it"
		}
		if i+1 < len(fs) {
			s += ", and " + v.clause(fs[i+1], subject)
		}
		if rest, ok := strings.CutPrefix(s, "it is "); ok {
			s = "it's " + rest
		}
		out = append(out, upperFirst(s)+".")
	}
	return strings.Join(out, " ")
}

// clause is one fact without a full stop: "it expires on March 14, 2027".
func (v *view) clause(f field, subject string) string {
	if subject == "" {
		subject = "it"
	}
	said := strings.TrimSuffix(f.spoken(v.now), ".")
	switch {
	case f.val.kind == 'b':
		return truthClause(f.label, subject, f.val.text == "true")
	case f.isDate():
		return dateClause(f.label, subject, said)
	case f.label == "status" || f.label == "state":
		if passed(said) {
			return subject + " has been " + lowerFirst(said)
		}
		return subject + " is " + lowerFirst(said)
	case f.isMoney() && strings.Trim(f.val.text, "0.") == "" && lastWord(f.label, "fee", "fees", "charge", "cost", "deposit", "tax"):
		return "there is no " + f.label
	case f.isMoney() && (f.label == "available" || f.label == "outstanding" || f.label == "owed" || f.label == "due"):
		return said + " is " + f.label
	case lastWord(f.label, "status", "state"):
		return "the " + f.label[:strings.LastIndexByte(f.label, ' ')] + " is " + lowerFirst(said)
	case reference(f.label):
		return "your " + strings.TrimSuffix(f.label, " id") + " is " + said
	case f.label == "eta":
		return "it should be there by " + said
	case lastWord(f.label, "by") && strings.Contains(f.label, " "):
		return subject + " is " + f.label + " " + said
	case lastWord(f.label, "at") && strings.Contains(f.label, " "):
		return subject + " is " + f.label + " " + said
	}
	verb := " is "
	if strings.HasSuffix(f.label, "s") && !strings.HasSuffix(f.label, "ss") && !strings.HasSuffix(f.label, "us") && f.val.kind == 's' {
		verb = " are "
	}
	if n, err := strconv.Atoi(f.val.text); err == nil && f.val.kind == 'n' && verb == " is " && strings.HasSuffix(f.label, "s") && !strings.Contains(f.label, "ss") && !f.isMoney() {
		if n == 1 {
			return "there is 1 " + strings.TrimSuffix(f.label, "s")
		}
		return "there are " + said + " " + f.label
	}
	return "the " + f.label + verb + said
}

// passed reports what a thing has been made, rather than what it is.
func passed(s string) bool {
	switch strings.ToLower(s) {
	case "shipped", "delivered", "cancelled", "canceled", "completed", "approved", "rejected", "received", "sent", "paid", "refunded", "processed", "dispatched", "returned":
		return true
	}
	return false
}

func dateClause(label, subject, when string) string {
	if inner, ok := strings.CutSuffix(label, " until"); ok {
		if inner == "valid" {
			return subject + " is valid until " + when
		}
		return inner + " is possible until " + when
	}
	for _, prep := range []string{"on", "for", "at", "by", "since", "from"} {
		if inner, ok := strings.CutSuffix(label, " "+prep); ok && stative(inner) && verbOfDate(inner) == "" {
			if prep == "at" {
				prep = "on"
			}
			return subject + " is " + inner + " " + prep + " " + when
		}
	}
	head, last := "", label
	if k := strings.LastIndexByte(label, ' '); k >= 0 {
		head, last = label[:k], label[k+1:]
	}
	if last == "date" || last == "at" || last == "on" || last == "time" || last == "day" {
		inner := strings.TrimSuffix(label, " "+last)
		if inner == "valid" && last != "date" {
			last = label
		}
		if k := strings.LastIndexByte(inner, ' '); inner != label && verbOfDate(inner[k+1:]) != "" {
			head, last = inner[:max(k, 0)], inner[k+1:]
		}
	}
	who := subject
	if head != "" {
		who = "the " + head
	}
	if verb := verbOfDate(last); verb != "" {
		return who + " " + verb + " " + when
	}
	switch {
	case label == "date" || label == "time" || label == "datetime" || label == "start time" || label == "when":
		return subject + " is on " + when
	}
	return "the " + label + " is " + when
}

func verbOfDate(w string) string {
	switch w {
	case "expires", "expiry", "expiration", "expire":
		return "expires on"
	case "expired":
		return "expired on"
	case "ships", "leaves", "departs", "opens", "closes", "begins":
		return w + " on"
	case "ends", "end", "ending":
		return "ends on"
	case "starts", "start", "begin":
		return "starts on"
	case "due":
		return "is due on"
	case "arrives":
		return "arrives on"
	case "delivered":
		return "was delivered on"
	case "shipped":
		return "was shipped on"
	case "purchased":
		return "was bought on"
	case "renews", "renewal":
		return "renews on"
	}
	return ""
}

// truthClause is a yes or no as a statement.
func truthClause(label, subject string, yes bool) string {
	not := ""
	if !yes {
		not = "not "
	}
	if rest, ok := strings.CutPrefix(label, "is "); ok {
		return subject + " is " + not + rest
	}
	if rest, ok := strings.CutPrefix(label, "has "); ok {
		if yes {
			return subject + " has " + rest
		}
		return subject + " has no " + rest
	}
	if rest, ok := strings.CutPrefix(label, "can "); ok {
		return subject + " can " + not + rest
	}
	first, _, _ := strings.Cut(label, " ")
	last := lastOf(label)
	switch first {
	case "in", "on", "under", "out", "at", "still", "already", "ready", "eligible", "open", "late", "not":
		return subject + " is " + not + label
	}
	if k := strings.LastIndexByte(label, ' '); k > 0 && stative(last) {
		return "the " + label[:k] + " is " + not + last
	}
	if stative(label) {
		return subject + " is " + not + label
	}
	if yes {
		return "there is " + label
	}
	return "there is no " + label
}

// stative reports adjectives and participles.
func stative(w string) bool {
	switch w {
	case "active", "available", "valid", "open", "closed", "eligible", "late", "ready", "full", "free", "empty", "overdue", "due", "live", "online", "offline", "possible", "refundable", "returnable", "paid", "sent", "on", "off", "in-stock", "weekly", "daily", "monthly":
		return true
	}
	return strings.HasSuffix(w, "ed") || strings.HasSuffix(w, "able")
}
