package builtin

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// How much of a result is told at once.
const (
	maxFacts = 4
	maxItems = 4
)

// A view tells one result to the caller who asked a question.
type view struct {
	run      *run
	question text
	now      time.Time
	prices   int // sums among the facts that are told
}

// sentences tells the whole result as far as it matters.
func (v *view) sentences() string {
	res := unwrap(parse(v.run.result.Result))
	switch res.kind {
	case 0:
		return v.done()
	case 'b':
		if res.text == "true" {
			return v.done()
		}
		return "I'm afraid not."
	case 's', 'n':
		if strings.Contains(res.text, " ") {
			return clip(sentence(upperFirst(res.text)))
		}
		return "It's " + (field{val: res}).spoken(v.now) + "."
	case 'l':
		return v.list(field{label: ""}, res)
	}
	return v.object(res)
}

// unwrap takes off envelopes such as {"success": true, "data": {…}}.
func unwrap(v value) value {
	for range 3 {
		if v.kind != 'o' {
			return v
		}
		inner, others := value{}, 0
		for _, m := range v.members {
			switch strings.ToLower(m.key) {
			case "data", "result", "response", "payload", "body", "record":
				inner = m.val
			case "success", "ok", "code", "request_id", "requestid", "meta", "version", "error", "errors":
				if m.val.text == "false" {
					others++
				}
			default:
				others++
			}
		}
		if others > 0 || inner.kind != 'o' && inner.kind != 'l' && inner.kind != 's' {
			return v
		}
		v = inner
	}
	return v
}

// done is for results that say no more than that.
func (v *view) done() string {
	if v.run.form.tool.reads() {
		return "That's all in order."
	}
	return v.deedDone()
}

func (v *view) deedDone() string {
	switch v.run.form.tool.verb() {
	case "book", "reserve":
		return "That's booked."
	case "schedule", "arrange":
		return "That's scheduled."
	case "cancel":
		return "That's cancelled."
	case "report":
		return "Thank you, that's reported."
	case "order", "buy":
		return "That's ordered."
	case "transfer":
		if v.run.form.tool.doing() == "put you through" {
			return "I'm putting you through now."
		}
	case "send":
		return "That's sent."
	case "register", "sign", "join":
		return "You're registered."
	case "reschedule", "change", "update", "move":
		return "That's changed."
	}
	return "That's done."
}

// object tells an object: a ready sentence if it has one, its facts, its lists.
func (v *view) object(o value) string {
	if v.nothing(o) {
		return v.notFound()
	}
	if s := v.ready(o); s != "" {
		return s
	}
	lead, fs := v.lead(o, v.fields(o, "", "", 0))
	parts := v.lists(o, len(fs) > 0)
	lists := len(parts)
	if asked := v.askedList(o); asked != "" {
		return asked
	}
	if s := v.tellFields(o, fs); s != "" {
		parts = slices.Insert(parts, 0, s)
	}
	if len(parts) == 0 && lead != "" {
		return lead
	}
	if len(parts) == 0 {
		if failed(o) {
			return "I'm sorry, that didn't work."
		}
		return v.done()
	}
	if lead != "" && lists == 0 {
		return lead + " " + strings.Join(parts, " ")
	}
	return strings.Join(parts, " ")
}

// lists tells the first lists of an object, beside other facts or by themselves.
func (v *view) lists(o value, beside bool) []string {
	var out []string
	for _, m := range o.members {
		label := words(m.key)
		if m.val.kind != 'l' || len(out) == 2 || len(m.val.items) == 0 && beside {
			continue
		}
		said := v.within(label, m.val)
		if said == "" || !beside && (!m.val.items[0].scalar() || listName(label)) {
			said = v.list(field{label: label}, m.val)
		}
		out = append(out, said)
	}
	return out
}

// askedList tells the list that a look-up was asked for by its name, and nothing beside it.
func (v *view) askedList(o value) string {
	for _, m := range o.members {
		if label := words(m.key); m.val.kind == 'l' && len(m.val.items) > 0 && v.run.form.tool.reads() && v.question.has("what", "which") >= 0 && v.asked(field{label: label}) {
			return v.within(label, m.val)
		}
	}
	return ""
}

// lead says that a deed is done, by the fact that tells it if there is one, and returns
// the facts that are left to tell. A question is answered, whatever the skill is declared
// to be.
func (v *view) lead(o value, fs []field) (string, []field) {
	done := v.deedDone()
	if v.run.form.tool.reads() || failed(o) || v.negative(o) {
		return "", fs
	}
	fs = slices.DeleteFunc(fs, func(f field) bool {
		return lastWord(f.label, "status", "state", "result") && (plainDone(f.val.text) || anyWord(f.val.text, "open", "new", "created"))
	})
	for i, f := range fs {
		how := ""
		switch {
		case f.val.text == "true" && participle(f.label):
			how = f.label
		case f.label == "status" && participle(strings.ToLower(f.val.text)):
			how = strings.ToLower(f.val.text)
		default:
			continue
		}
		switch {
		case strings.HasPrefix(done, "You're"):
		case strings.HasPrefix(done, "Thank you"):
			done = "Thank you, that's " + how + "."
		case how == "rented" || how == "hired":
			done = "That's booked."
		default:
			done = "That's " + how + "."
		}
		return done, slices.Delete(slices.Clone(fs), i, i+1)
	}
	told := slices.ContainsFunc(fs, func(f field) bool {
		return f.val.text == "true" && stative(f.label) || strings.HasSuffix(f.label, " for") || f.label == "status"
	})
	if told || done == "That's done." && (v.question.asks() || !v.run.form.tool.write && v.run.form.tool.verb() == "") {
		return "", fs
	}
	return done, fs
}

// participle reports what has been made of a thing: "booked".
func participle(w string) bool {
	return w == "set" || w == "sent" || w == "paid" || strings.HasSuffix(w, "ed") && !strings.Contains(w, " ")
}

func plainDone(s string) bool {
	switch strings.ToLower(s) {
	case "ok", "done", "success", "successful", "completed":
		return true
	}
	return false
}

func failed(o value) bool {
	return o.member("ok").text == "false" || o.member("success").text == "false"
}

// negative reports a result that says the deed was not done.
func (v *view) negative(o value) bool {
	for _, m := range o.members {
		if m.val.kind == 'b' && m.val.text == "false" {
			return true
		}
		if st := words(m.key); m.val.kind == 's' && (st == "status" || st == "state" || st == "error" || strings.HasSuffix(st, " status")) && !doneWord(m.val.text) {
			return true
		}
	}
	return false
}

func doneWord(s string) bool {
	switch strings.ToLower(s) {
	case "ok", "done", "success", "successful", "booked", "confirmed", "created", "completed", "sent", "scheduled", "accepted", "received", "recorded", "reserved", "cancelled", "canceled", "placed", "open", "new":
		return true
	}
	return false
}

// nothing recognises answers that say that there is none.
func (v *view) nothing(o value) bool {
	if o.member("found", "exists").text == "false" || o.member("count", "total count", "total results", "affected", "affected rows", "rows affected").text == "0" {
		return true
	}
	if e := strings.ToLower(o.member("error", "status", "result").text); e == "not found" || e == "not_found" || e == "no results" || e == "none" || e == "no_match" {
		return true
	}
	if len(o.members) == 0 {
		return v.run.form.tool.reads()
	}
	for _, m := range o.members {
		if !m.val.empty() && !(m.val.kind == 'b' || m.val.kind == 'n' && m.val.text == "0") {
			return false
		}
		if m.val.kind == 'b' && len(o.members) == 1 {
			return false
		}
	}
	return v.run.form.tool.reads() && slices.ContainsFunc(o.members, func(m member) bool { return m.val.kind == 'l' || m.val.kind == 0 })
}

func (v *view) notFound() string {
	for _, p := range v.run.form.tool.ask {
		if got, ok := v.run.form.vals[p]; ok && p.kind == kindCode {
			return "I couldn't find anything for " + p.noun() + " " + got.said + ". Would you like to check it and give it to me again?"
		}
	}
	return "I'm sorry, I didn't find anything for that."
}

// ready is a sentence that the system wrote for the purpose.
func (v *view) ready(o value) string {
	for _, key := range []string{"say", "speech", "message", "summary", "answer", "text", "reply", "description", "content"} {
		m := o.member(key)
		if m.kind != 's' || !strings.Contains(m.text, " ") {
			continue
		}
		if key == "description" || key == "content" {
			if len(o.members) > 1 {
				continue
			}
		}
		s := clip(sentence(upperFirst(m.text)))
		if more := v.unsaid(o, s); more != "" {
			s += " " + more
		}
		return s
	}
	return ""
}

// unsaid are the dates, amounts and numbers that a ready sentence leaves out.
func (v *view) unsaid(o value, said string) string {
	var keep []field
	for _, f := range v.fields(o, "", "", 0) {
		w := f.spoken(v.now)
		if (f.isDate() || f.isMoney() || reference(f.label)) && !strings.Contains(said, w) && !strings.Contains(said, f.val.text) && !mentions(said, f) {
			keep = append(keep, f)
		}
	}
	if len(keep) > 2 {
		keep = keep[:2]
	}
	return v.clauses(keep, "")
}

// mentions reports that a sentence names the day of a date in its own way.
func mentions(said string, f field) bool {
	t, _, ok := instant(f.val)
	return ok && (strings.Contains(said, t.Format("January 2")) || strings.Contains(said, t.Format("2 January")) || strings.Contains(said, t.Format("Jan 2")) || strings.Contains(said, t.Format("Monday")))
}

// facts is what a result says beyond a sentence that is there already.
func (v *view) facts() string {
	o := unwrap(parse(v.run.result.Result))
	if o.kind != 'o' {
		return ""
	}
	return v.tellFields(o, v.fields(o, "", "", 0))
}

// fields lists the facts of an object, nested ones with their place in the
// label, without echoes, ids and bookkeeping.
func (v *view) fields(o value, prefix, currency string, depth int) []field {
	if c := o.member("currency", "currency code"); c.kind == 's' {
		currency = c.text
	}
	var out []field
	for _, m := range o.members {
		label := words(m.key)
		if prefix != "" && vague(label) && !strings.Contains(label, prefix) {
			label = under(prefix, label)
		}
		switch {
		case m.val.kind == 'n' && (m.key == "total" || m.key == "size" || strings.HasSuffix(strings.ToLower(m.key), "count")) && hasList(o):
		case m.val.empty(), bookkeeping(label) && !slices.Contains(v.run.form.tool.stems, stem(label)), v.echo(m.val):
		case m.val.kind == 'o' && depth < 3:
			out = append(out, v.fields(m.val, words(m.key), currency, depth+1)...)
		case m.val.scalar() && !(opaque(words(m.key), m.val) && !reference(label)):
			f := field{label: label, val: m.val, currency: currency}
			f.sum = o.member("currency", "currency code").kind == 's' && words(m.key) == "amount"
			if lastWord(label, "rate") && v.echo(value{kind: 's', text: currency}) {
				f.currency = "" // the rate of a currency asked for is no sum of it
			}
			out = append(out, f)
		}
	}
	return out
}

// under names a member of a nested object.
func under(prefix, label string) string {
	switch label {
	case "name", "value", "text", "title", "amount":
		return prefix
	case "phone", "email", "address", "rating", "age":
		return prefix + "'s " + label
	}
	return prefix + " " + label
}

func hasList(o value) bool {
	return slices.ContainsFunc(o.members, func(m member) bool { return m.val.kind == 'l' })
}

// vague reports labels that need the name of what they belong to.
func vague(label string) bool {
	switch label {
	case "id", "number", "reference", "ref", "code", "status", "state", "name", "phone", "email", "address", "rating", "age", "type", "value", "start", "end", "starts", "ends", "expires", "expiry", "valid", "title", "active", "open", "date", "amount":
		return true
	}
	return false
}

func bookkeeping(label string) bool {
	switch label {
	case "ok", "success", "currency", "currency code", "code", "status code", "created at", "updated at", "timestamp", "request id", "trace id", "locale", "language", "timezone", "time zone", "version", "type", "object", "kind", "url", "link", "href", "image", "image url", "links", "found", "exists", "count", "error code", "affected", "affected rows", "rows affected":
		return true
	}
	return false
}

func opaque(label string, v value) bool {
	return lastWord(label, "id", "uuid", "guid", "hash", "token", "key", "etag") || v.kind == 's' && strings.Contains(v.text, "://")
}

// reference reports numbers that a caller writes down.
func reference(label string) bool {
	return anyWord(label, "confirmation", "reference", "ticket", "booking", "case", "claim", "reservation", "tracking") && anyWord(label, "number", "code", "id", "reference", "ref", "no", "confirmation")
}

// echo reports a value that the caller gave.
func (v *view) echo(val value) bool {
	if val.kind == 'b' || !val.scalar() {
		return false
	}
	for _, got := range v.run.form.vals {
		if said := plain(got.value); strings.EqualFold(said, val.text) || len(said) > 3 && strings.EqualFold(letters(said), letters(val.text)) {
			return true
		}
	}
	return false
}

// letters are the letters and digits of a text.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// clip keeps long texts to what can be listened to.
func clip(s string) string {
	const limit = 600
	if len(s) <= limit {
		return s
	}
	cut := strings.LastIndexAny(s[:limit], ".!?")
	if cut < limit/3 {
		cut = strings.LastIndexByte(s[:limit], ' ')
		return strings.ToValidUTF8(s[:max(cut, 0)], "") + "…"
	}
	return s[:cut+1]
}
