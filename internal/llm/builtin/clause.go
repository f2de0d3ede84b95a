package builtin

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"callwright/internal/spoken"
)

// clauses joins facts to sentences, two in each.
func (v *view) clauses(fs []field, subject string) string {
	var out []string
	fs, whole := apart(fs)
	var said []string
	for i := 0; i < len(fs); i++ {
		if i+1 < len(fs) && fs[i].label == "from" && fs[i+1].label == "to" {
			said = append(said, "it is from "+fs[i].spoken(v.now)+" to "+fs[i+1].spoken(v.now))
			i++
			continue
		}
		c := v.clause(fs[i], subject)
		if i > 0 {
			c = v.sameDay(fs[i-1], fs[i], c)
		}
		if subject != "" && i == 0 {
			subject = "it"
		}
		said = append(said, c)
	}
	for pair := range slices.Chunk(said, 2) {
		out = append(out, upperFirst(spokenly(strings.Join(pair, ", and ")))+".")
	}
	return strings.Join(append(out, whole...), " ")
}

// sameDay leaves the day out of a clause when the fact before it has named it.
func (v *view) sameDay(before, f field, clause string) string {
	a, _, ok := instant(before.val)
	b, clock, also := instant(f.val)
	if !ok || !also || !clock || a.Format(isoDate) != b.Format(isoDate) {
		return clause
	}
	return strings.Replace(clause, "on "+datePhrase(b, false, v.now)+" at ", "at ", 1)
}

// spokenly writes a clause as it is said.
func spokenly(s string) string {
	s = strings.NewReplacer(" it is ", " it's ", " on today", " today", " on tomorrow", " tomorrow", " by today", " today", " is not ", " isn't ", " are not ", " aren't ").Replace(" " + s)
	return strings.TrimPrefix(s, " ")
}

// apart sets off facts that are whole sentences already.
func apart(fs []field) (facts []field, sentences []string) {
	for _, f := range fs {
		if f.val.kind == 's' && strings.Count(f.val.text, " ") > 2 && strings.ContainsAny(f.val.text[len(f.val.text)-1:], ".!?") {
			sentences = append(sentences, upperFirst(f.val.text))
			continue
		}
		facts = append(facts, f)
	}
	return facts, sentences
}

// clause is one fact without a full stop: "it expires on March 14, 2027".
func (v *view) clause(f field, subject string) string {
	if subject == "" {
		subject = "it"
	}
	said := strings.TrimSuffix(f.spoken(v.now), ".")
	f.label = strings.TrimSuffix(f.label, " cents")
	switch {
	case f.val.kind == 'b':
		return truthClause(f.label, subject, f.val.text == "true")
	case f.isDate():
		return dateClause(f.label, subject, said, v.gone(f))
	case f.label == "status" || f.label == "state":
		if passed(said) {
			return subject + " has been " + lowerFirst(said)
		}
		return subject + " is " + lowerFirst(said)
	case f.isMoney() && strings.Trim(f.val.text, "0.") == "" && lastWord(f.label, "fee", "fees", "charge", "cost", "deposit", "tax"):
		return "there is no " + f.label
	case f.isMoney() && (f.label == "extra" || f.label == "surcharge"):
		return "it is " + said + " extra"
	case f.isMoney() && v.prices == 1 && (v.question.has("how much") >= 0 || v.question.has("what", "what's") >= 0 && v.question.has("cost", "costs", "price") >= 0):
		return "it is " + said
	case f.isMoney() && (f.label == "available" || f.label == "outstanding" || f.label == "owed" || f.label == "due"):
		return said + " is " + f.label
	case lastWord(f.label, "status", "state"):
		return "the " + f.label[:strings.LastIndexByte(f.label, ' ')] + " is " + lowerFirst(said)
	case reference(f.label), !v.run.form.tool.reads() && lastWord(f.label, "number", "code", "reference", "id"):
		return "your " + strings.TrimSuffix(f.label, " id") + " is " + said
	case f.label == "eta":
		return "it should be there by " + said
	case lastWord(f.label, "by") && strings.Contains(f.label, " "):
		return subject + " is " + f.label + " " + said
	case strings.HasSuffix(f.label, "s at") && strings.Count(f.label, " ") == 1: // "leaves at"
		return subject + " " + f.label + " " + said
	case lastWord(f.label, "from", "until") && stative(f.label[:max(0, strings.LastIndexByte(f.label, ' '))]):
		return subject + " is " + f.label + " " + said
	case lastWord(f.label, "at") && strings.Contains(f.label, " "):
		return subject + " is " + f.label + " " + said
	}
	verb := " is "
	if strings.HasSuffix(f.label, "s") && !strings.HasSuffix(f.label, "ss") && !strings.HasSuffix(f.label, "us") && f.val.kind == 's' {
		verb = " are "
	}
	if what, unit := measured(f.label); unit != "" && f.val.kind == 'n' {
		return v.the(what) + " is " + said + " " + unit
	}
	if n, err := strconv.Atoi(f.val.text); err == nil && f.val.kind == 'n' {
		switch {
		case f.label == "quantity" && n == 1:
			return "there is 1"
		case f.label == "quantity":
			return "there are " + said
		case f.label == "minutes" || f.label == "hours" || f.label == "days" || f.label == "weeks":
			unit := f.label
			if n == 1 {
				unit = singular(unit)
			}
			return "it takes " + said + " " + unit
		}
	}
	if n, err := strconv.Atoi(f.val.text); err == nil && f.val.kind == 'n' && verb == " is " && strings.HasSuffix(f.label, "s") && !strings.Contains(f.label, "ss") && !f.isMoney() {
		if n == 1 {
			return "there is 1 " + strings.TrimSuffix(f.label, "s")
		}
		return "there are " + said + " " + f.label
	}
	if first, _, _ := strings.Cut(f.label, " "); dayWord(first) {
		return capitalDays(f.label) + verb + said
	}
	if thirdPerson(f.label) {
		return subject + " " + f.label + " " + said
	}
	if names(f.label) && f.val.kind == 's' && strings.ToLower(said) == said && strings.IndexFunc(said, unicode.IsDigit) < 0 {
		said = spoken.Article("a", said)
	}
	return v.the(f.label) + verb + said
}

// gone reports a day that is over.
func (v *view) gone(f field) bool {
	t, _, ok := instant(f.val)
	return ok && t.Format(isoDate) < v.now.Format(isoDate)
}

// measured sets the unit off from what is measured in it: "duration minutes".
func measured(label string) (what, unit string) {
	k := strings.LastIndexByte(label, ' ')
	if k < 0 || strings.HasPrefix(label, "number of") {
		return label, ""
	}
	switch what, unit = label[:k], label[k+1:]; unit {
	case "kwh":
		return what, "kWh"
	case "kg", "km", "cm", "mm", "mb", "gb", "percent", "minutes", "hours", "days", "weeks", "months", "years", "meters", "metres", "miles", "litres", "liters", "kilograms", "grams", "kilometres", "kilometers":
		if what == "remaining" || what == "business" || what == "working" || strings.HasSuffix(what, "square") {
			return label, ""
		}
		return strings.TrimSuffix(what, " in"), unit
	}
	return label, ""
}

// passed reports what a thing has been made, rather than what it is.
func passed(s string) bool {
	switch strings.ToLower(s) {
	case "shipped", "delivered", "cancelled", "canceled", "completed", "approved", "rejected", "received", "sent", "paid", "refunded", "processed", "dispatched", "returned":
		return true
	}
	return false
}

// capitalDays writes weekdays with their capital.
func capitalDays(label string) string {
	fs := strings.Fields(label)
	for i, w := range fs {
		if _, ok := weekday(w); ok {
			fs[i] = upperFirst(w)
		}
	}
	return strings.Join(fs, " ")
}

func dateClause(label, subject, when string, gone bool) string {
	is := " is "
	if gone {
		is = " was "
	}
	first, _, _ := strings.Cut(label, " ")
	switch {
	case label == "until" || label == "since":
		return subject + " is " + label + " " + when
	case first == "back" || first == "in" || label == "available" || label == "ready":
		return subject + " is " + label + " on " + when
	}
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
	switch head {
	case "new", "next", "last", "old", "current", "original", "first", "previous":
		if verb := verbOfDate(last); verb != "" && label == head+" "+last {
			return "the " + head + " one " + verb + " " + when
		}
		return "the " + label + is + on(label) + when
	case "expected", "estimated":
		if last == "delivery" || last == "arrival" {
			return subject + " is expected on " + when
		}
		return last + " is expected on " + when
	}
	who := subject
	if head != "" {
		who = "the " + head
	}
	if verb := verbOfDate(last); verb != "" {
		return who + " " + verb + " " + when
	}
	switch {
	case label == "date" || label == "day" || label == "time" || label == "datetime" || label == "start time" || label == "when":
		return subject + is + "on " + when
	}
	return "the " + label + is + on(label) + when
}

// on goes before a day, unless the label says already that it is one.
func on(label string) string {
	if lastWord(label, "date", "day", "deadline") {
		return ""
	}
	return "on "
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
	case "expected":
		return "is expected on"
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
	if !yes && passed(label) {
		return subject + " hasn't been " + label + " yet"
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
	case "active", "available", "valid", "open", "closed", "eligible", "late", "ready", "full", "free", "empty", "overdue", "due", "live", "online", "offline", "possible", "refundable", "returnable", "paid", "sent", "on", "off", "in-stock", "weekly", "daily", "monthly", "set":
		return true
	}
	return strings.HasSuffix(w, "ed") || strings.HasSuffix(w, "able")
}
