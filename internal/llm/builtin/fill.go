package builtin

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A bid is a value that a parameter could take.
type bid struct {
	p     *param
	f     found
	score float64
	order int
}

// fill puts what the text says into the form and returns the parameters that
// changed. Asked is the one the text answers, if any.
func (s *state) fill(t text, f *form, asked *param) []*param {
	bids := s.bids(t, f, asked)
	if asked != nil && corrects(t) && (asked.kind == kindText || asked.kind == kindPlace) {
		if slices.ContainsFunc(bids, func(b bid) bool { return b.p != asked && b.f.sure && b.score >= 1 }) {
			bids = slices.DeleteFunc(bids, func(b bid) bool { return b.p == asked && !b.f.sure })
		}
	}
	bids = slices.DeleteFunc(bids, func(b bid) bool {
		return b.p == asked && b.p.kind == kindText && slices.ContainsFunc(bids, func(o bid) bool {
			return o.p != asked && o.p.kind.contact() && o.f.sure && o.f.at <= b.f.at && o.f.end >= b.f.end
		})
	})
	slices.SortStableFunc(bids, func(a, b bid) int {
		switch {
		case a.score != b.score:
			if a.score > b.score {
				return -1
			}
			return 1
		case a.f.at != b.f.at:
			return a.f.at - b.f.at
		}
		return a.order - b.order
	})
	taken := make([]bool, len(t.toks))
	set := map[*param]bool{}
	var changed []*param
	for _, b := range bids {
		if set[b.p] || b.score < 1 || b.clashes(t, taken, asked) {
			continue
		}
		set[b.p] = true
		if b.p != asked || !wholeAnswer(b.p.kind) {
			for k := b.f.at; k < b.f.end; k++ {
				taken[k] = true
			}
		}
		if s.put(f, b.p, b.f) {
			changed = append(changed, b.p)
		}
	}
	if !s.override {
		changed = s.introduce(t, f, taken, changed)
		changed = s.alike(t, f, changed)
	}
	changed = s.lasting(t, f, changed)
	for _, p := range f.tool.ask {
		if _, ok := f.vals[p]; ok && !(p == asked && p.from != "") || p.fixed != nil || set[p] {
			continue
		}
		if asked != nil && asked != p && place(t, 9) < 0 && !agrees(t) && !(s.foreign && p.titled()) {
			continue
		}
		v, ok := s.pick(p, t, p == asked)
		if !ok && p.titled() && s.foreign {
			v, ok = s.named(p, t)
		}
		if !ok && p.kind == kindPlace && !p.begins() && t.has("there", "nearby", "in the area", "same city", "same place", "around there") >= 0 {
			v, ok = s.known["place"]
		}
		if !ok && s.foreign && p.titled() && t.pointsAt(p) {
			v, ok = s.proposed(p, f)
		}
		if !ok && p.kind == kindDate && t.has("that day", "that date", "this date", "that same day", "date of", "day of") >= 0 {
			v, ok = s.day, s.day.value != nil
		}
		if !ok && (asked == nil || agrees(t)) && (len(s.runs) > 0 && s.last().assumed && s.last().form.tool.relative(f.tool, true) || s.foreign && agrees(t)) {
			v, ok = s.proposed(p, f)
		}
		if ok && s.put(f, p, v) {
			changed = append(changed, p)
		}
	}
	if asked == nil && !s.foreign && !s.override {
		if p := s.takeThing(t, f, taken); p != nil {
			changed = append(changed, p)
		}
	}
	return changed
}

// lasting ends what begins at a known time once somebody said how long it takes: "a
// two-hour meeting at four".
func (s *state) lasting(t text, f *form, changed []*param) []*param {
	var start, end *param
	for _, p := range f.tool.params {
		if p.kind == kindDuration {
			return changed
		}
		switch starts, ends := p.sides(); {
		case p.kind != kindTime || starts == ends:
		case starts:
			start = p
		default:
			end = p
		}
	}
	if start == nil || end == nil {
		return changed
	}
	if ds := s.reader(t).durations(&param{number: true, label: "minutes"}); len(ds) == 1 && !s.override {
		f.lasts, _ = strconv.Atoi(plain(ds[0].value))
	}
	at, err := time.Parse("15:04", plain(f.vals[start].value))
	if old, ok := f.vals[end]; err != nil || f.lasts == 0 || ok && !old.guess && !slices.Contains(changed, start) {
		return changed
	}
	until := at.Add(time.Duration(f.lasts) * time.Minute)
	v := timeAt(until.Hour(), until.Minute(), 0, 0)
	v.guess = true
	if string(f.vals[end].value) == string(v.value) {
		return changed
	}
	f.vals[end] = v
	return append(changed, end)
}

// wholeAnswer kinds take all of an answer, with other values in it.
func wholeAnswer(k kind) bool { return k == kindText || k == kindQuery || k == kindProblem }

// contact kinds are never text for another parameter.
func (k kind) contact() bool { return k == kindEmail || k == kindPhone || k == kindURI }

// leavesNothing reports an answer whose words of content went to other parameters.
func (b bid) leavesNothing(t text, taken []bool) bool {
	any := false
	for k := b.f.at; k < b.f.end; k++ {
		any = any || taken[k]
		if !taken[k] && (b.p.kind != kindText || b.p.message() || !common(t.toks[k].low)) {
			return false
		}
	}
	return any
}

func (b bid) clashes(t text, taken []bool, asked *param) bool {
	if b.p == asked && wholeAnswer(b.p.kind) {
		return b.leavesNothing(t, taken)
	}
	if b.p.kind == kindQuery || b.p.kind == kindProblem {
		return asked != nil && b.leavesNothing(t, taken) // the answer to another question
	}
	return slices.Contains(taken[b.f.at:b.f.end], true)
}

func (s *state) bids(t text, f *form, asked *param) []bid {
	var out []bid
	for i, p := range f.tool.params {
		if p.fixed != nil && !p.required || p.from != "" && len(s.offers(p)) > 0 {
			continue
		}
		r := s.reader(t)
		if h := f.half[p]; p == asked && h.loose {
			r.hour = h.clock
		}
		r.answer = p == asked || slices.Contains(s.also, p) && !wholeAnswer(p.kind) && p.kind != kindBool
		fs := r.find(p)
		if !p.list && !wholeAnswer(p.kind) {
			fs = t.revised(fs)
		}
		if p.list && len(fs) > 0 {
			fs = []found{join(r, p, fs)}
		}
		for _, v := range fs {
			if s.echoes(t, v, p, p == asked) || p != asked && p.kind == kindTime && f.beginsThen(p, v) {
				continue
			}
			if p.kind == kindPlace && f.tool.optional(v.said, p) {
				continue
			}
			if p.kind == kindPlace && f.called(strings.TrimPrefix(v.said, "the ")) {
				continue
			}
			if t.takesBack(v.at) && !wholeAnswer(p.kind) && p.kind != kindBool {
				continue
			}
			out = append(out, bid{p, v, s.worth(t, f, p, v, asked), i})
		}
	}
	return out
}

// optional reports an option of another parameter.
func (t *tool) optional(said string, but *param) bool {
	return slices.ContainsFunc(t.params, func(p *param) bool {
		return p != but && p.kind == kindOption && slices.ContainsFunc(p.options, func(o option) bool { return strings.EqualFold(o.label, said) })
	})
}

// called reports what the thing itself is called, which is not where it is.
func (f *form) called(name string) bool {
	for q, old := range f.vals {
		if q.titled() && strings.EqualFold(strings.TrimPrefix(strings.TrimPrefix(old.said, "the "), "The "), name) {
			return true
		}
	}
	return false
}

// beginsThen reports a time that is when it begins, and so not when it ends.
func (f *form) beginsThen(p *param, v found) bool {
	if starts, ends := p.sides(); starts || !ends {
		return false
	}
	for q, old := range f.vals {
		if starts, ends := q.sides(); q.kind == kindTime && starts && !ends && string(old.value) == string(v.value) {
			return true
		}
	}
	return false
}

// echoes reports a value that is a word of a longer name the assistant has just
// offered, and so says nothing else: "Blue Door sounds good" is no wish for blue.
func (s *state) echoes(t text, v found, p *param, asked bool) bool {
	if !s.foreign || len(s.saids) == 0 || p.titled() || p.kind != kindOption && !p.sorted() && p.kind != kindPlace || v.at >= v.end {
		return false
	}
	if t.raw == s.saids[len(s.saids)-1].raw {
		return false // those are the assistant's own words
	}
	l := readLine(s.saids[len(s.saids)-1].raw)
	if asked && l.open {
		return false
	}
	for _, sp := range t.titleSpans() {
		if sp[0] > v.at || sp[1] < v.end || sp[1]-sp[0] == v.end-v.at && p.kind != kindOption && !p.sorted() {
			continue
		}
		name := strings.TrimPrefix(t.span(sp[0], sp[1]), "The ")
		for _, offered := range titles(s.saids[len(s.saids)-1]) {
			if strings.EqualFold(name, offered) && (sp[1]-sp[0] > v.end-v.at || l.offers() && !asked) || len(offered) > len(name) && strings.HasPrefix(strings.ToLower(offered), strings.ToLower(name)+" ") {
				return true
			}
		}
	}
	return false
}

// revised drops values that the same breath puts another in the place of: "Tuesday,
// no, sorry, Thursday".
func (t text) revised(fs []found) []found {
	for k := len(fs) - 1; k > 0; k-- {
		for j := fs[k-1].end; j < fs[k].at; j++ {
			switch t.toks[j].low {
			case "no", "sorry", "actually", "wait", "correction", "rather":
				return fs[k:]
			case "mean", "meant", "that":
				if t.is(j-1, "i") || t.is(j-1, "make") {
					return fs[k:]
				}
			}
		}
	}
	return fs
}

// takesBack reports words before a value that say that it is not wanted: "not the
// 3rd", "instead of two", "rather than Leeds".
func (t text) takesBack(at int) bool {
	for j := at - 1; j >= 0 && j >= at-4 && !t.toks[j].stop; j-- {
		switch t.toks[j].low {
		case "not":
			return !t.is(j+1, "just") && !t.is(j+1, "only")
		case "instead":
			return t.is(j+1, "of")
		case "than":
			return j > 0 && t.toks[j-1].low == "rather"
		case "the", "on", "in", "at", "for", "of", "a", "from", "to":
		default:
			return false
		}
	}
	return false
}

func (s *state) reader(t text) reader {
	lang := strings.ToLower(s.req.Language)
	return reader{text: t, now: s.req.Now, dayFirst: lang != "" && lang != "en" && lang != "en-us"}
}

// worth says how well a value goes with a parameter.
func (s *state) worth(t text, f *form, p *param, v found, asked *param) float64 {
	score := 1.0
	if v.sure {
		score++
	}
	cue := s.labelNear(t, f.tool, p, v)
	score += cue + role(t, p, v)
	if p == asked {
		score += 3
	} else if asked != nil && wholeAnswer(asked.kind) && !v.sure && cue == 0 && !s.foreign {
		return 0
	}
	old, filled := f.vals[p]
	filled = filled && !old.guess
	switch {
	case filled && string(old.value) == string(v.value):
		score -= 0.5
	case filled && p != asked && !v.sure && cue == 0 && !corrects(t) && !s.override && !(s.foreign && (p.kind == kindOption || p.kind == kindPlace)):
		return 0
	case filled && p != asked && wholeAnswer(p.kind) && cue == 0 && !(s.override && v.sure):
		return 0
	case filled && s.override:
	case filled:
		score--
	case p.required:
		score++
	}
	if !p.required && p != asked && cue == 0 && !v.sure && p.kind != kindOption && p.kind != kindBool && p.kind != kindPlace {
		return 0
	}
	if !p.required && (p.kind == kindQuery || p.kind == kindPerson && !v.sure) && p != asked {
		return 0
	}
	if v.value == nil {
		score -= 0.2
	}
	if p.kind == kindPlace && v.at > 0 && preposition(t.toks[v.at-1].low) {
		score += 0.3 // rather than a place within a name
		if t.is(v.at-1, "at") && p.cityOnly() {
			score -= 0.2
		}
	}
	return score
}

// labelNear scores words around a value that name the parameter and no other
// parameter of the same kind.
func (s *state) labelNear(t text, tl *tool, p *param, v found) float64 {
	score := 0.0
	for j := v.at - 1; j >= 0 && j >= v.at-5; j-- {
		tok := t.toks[j]
		if tok.final == '.' || tok.final == '?' || tok.final == '!' {
			break
		}
		if !common(tok.low) && tl.distinct(p, tok.stem) {
			score += 2
			if t.is(j+1, "is") && p.says(tok.stem) {
				score += 3
			}
			break
		}
	}
	if v.end < len(t.toks) && v.end > 0 && !t.toks[v.end-1].stop && tl.distinct(p, t.toks[v.end].stem) && !common(t.toks[v.end].low) {
		score++
	}
	for _, lead := range []string{"is the", "is my", "is our", "will be the", "would be the", "will be my"} { // "Ely is the city to leave from"
		n := t.matches(v.end, lead)
		for j := v.end + n; n > 0 && j < len(t.toks) && j < v.end+n+3; j++ {
			if tl.distinct(p, t.toks[j].stem) && !common(t.toks[j].low) {
				return score + 3
			}
			if t.toks[j].stop {
				break
			}
		}
	}
	return score
}

func (t *tool) distinct(p *param, stem string) bool {
	if !slices.Contains(p.about(), stem) {
		return false
	}
	for _, q := range t.params {
		if q != p && q.kind == p.kind && slices.Contains(q.about(), stem) {
			return false
		}
	}
	return true
}

// role scores "from", "to" and "until" before a value.
func role(t text, p *param, v found) float64 {
	side := 0
	w := ""
	if v.at > 0 {
		w = t.toks[v.at-1].low
	}
	if p.kind == kindTime {
		return t.timeRole(p, v)
	}
	for k := v.at - 1; p.kind == kindOption && k > 0 && k > v.at-3 && t.owns(k); k-- {
		w = t.toks[k-1].low // "to Ann's savings account"
	}
	if (w == "the" || w == "on" || w == "is") && v.at > 1 {
		w = t.toks[v.at-2].low
	}
	if w == "of" && v.at > 1 && t.toks[v.at-2].low == "out" {
		w = "from"
	}
	if w == "for" && p.kind == kindPlace {
		for j := v.at - 2; j >= 0 && j >= v.at-5; j-- {
			switch t.toks[j].stem {
			case "leav", "head", "depart", "bound", "mak":
				w = "to"
			}
		}
	}
	if verb := t.verbSide(v.at); w == "by" && verb != 0 && p.kind == kindDate {
		side, w = verb, ""
	}
	switch w {
	case "":
	case "from", "starting", "leaving", "departing", "beginning", "between":
		side = 1
	case "to", "until", "till", "til", "through", "returning", "towards", "and", "back", "return", "by":
		side = -1
	default:
		if side = t.verbSide(v.at); side == 0 && p.kind == kindPlace && t.is(v.end, "to") && v.end > 0 && !t.toks[v.end-1].stop {
			side = 1
		}
	}
	if side == 0 {
		return 0
	}
	start, end := p.sides()
	switch {
	case start == end || w == "and" && !end || w == "by" && p.kind == kindPlace:
		return 0
	case start && side > 0 || end && side < 0:
		return 3
	}
	return -3
}

// owns reports a word that says whose the next is.
func (t text) owns(i int) bool {
	switch t.toks[i].low {
	case "my", "your", "his", "her", "their", "the", "our":
		return true
	}
	return owner(t.toks[i].raw) != t.toks[i].raw
}

// timeRole scores "after" and "by" and the verb before a time of day for what sets
// out and what arrives.
func (t text) timeRole(p *param, v found) float64 {
	starts, ends := p.sides()
	if starts == ends {
		return 0
	}
	side, firm := 0, false
	for j := v.at - 1; j >= 0 && j >= v.at-2 && side == 0; j-- {
		switch t.toks[j].low {
		case "after", "from", "since":
			side = 1
		case "before", "by":
			side = -1
		case "until", "till", "to":
			side, firm = -1, true
		}
	}
	if verb := t.verbSide(v.at); verb != 0 && !firm {
		side = verb // "leave by nine"
	}
	switch {
	case side == 0:
		return 0
	case (side > 0) == starts:
		return 3
	}
	return -3
}

// sides tells whether the parameter is about where or when something begins, or
// where or when it ends.
func (p *param) sides() (starts, ends bool) {
	if p.side != 0 {
		return p.side > 0, p.side < 0
	}
	for _, l := range []string{p.label, p.head, p.desc} {
		starts, ends = false, false
		toks := read(l).toks
		for i, t := range toks {
			if i == 0 && (t.low == "starting" || t.low == "origin" || t.low == "departure" || t.low == "departing") && p.kind == kindPlace {
				return true, false // "starting destination"
			}
			if i+1 < len(toks) && t.low == "pick" && toks[i+1].low == "up" {
				starts = true
			}
			if i+1 < len(toks) && t.low == "drop" && toks[i+1].low == "off" {
				ends = true
			}
			switch t.stem {
			case "from", "start", "pickup", "pick-up", "checkin", "check-in", "origin", "originat", "depart", "departur", "begin", "sourc", "leav", "earliest", "open":
				starts = true
			case "end", "return", "dropoff", "drop-off", "checkout", "check-out", "destination", "until", "arriv", "latest", "clos", "deadlin", "finish", "target", "recipient":
				ends = true
			case "arrival": // the first day of a stay, the end of a way
				starts, ends = starts || p.kind == kindDate, ends || p.kind != kindDate
			case "to", "back", "out", "in":
				if l == p.label && (i == 0 || i == len(toks)-1) { // "check_out" ends a stay, "out" begins a way
					begins := t.low == "in" || t.low == "out" && l == "out"
					starts, ends = starts || begins, ends || !begins
				}
			case "outward", "outbound":
				starts = true
			case "inbound":
				ends = true
			}
		}
		if starts != ends {
			break
		}
	}
	return starts, ends
}

// verbSide tells from the verb before a value whether it begins or ends
// something: "I'll bring it back on the 9th" ends it.
func (t text) verbSide(at int) int {
	for j := at - 1; j >= 0 && j >= at-7; j-- {
		if t.toks[j].stop && t.toks[j].final != ',' && j < len(t.toks)-1 {
			return 0
		}
		switch t.toks[j].low {
		case "back", "return", "returning", "drop", "drop-off", "dropoff", "dropping", "until", "till", "checkout", "ends", "arriving", "arrive", "arrives", "there", "reach", "returns":
			return -1
		case "from":
			if t.is(j-1, "returning") || t.is(j-1, "return") || t.is(j-1, "back") {
				return -1 // "returning from my trip on the 8th"
			}
			return 1
		case "check", "checking", "moving", "move":
			if t.is(j+1, "out") {
				return -1
			}
			if t.is(j+1, "in") || t.toks[j].low == "checking" {
				return 1
			}
		case "pick", "picking", "pickup", "pick-up", "leave", "leaving", "depart", "departing", "starting", "check-in", "departure", "leaves", "departs", "start", "starts", "begin", "begins":
			return 1
		}
	}
	return 0
}

// put stores a value and reports whether that changed the form.
func (s *state) put(f *form, p *param, v found) bool {
	if !s.foreign {
		v = f.tool.daytime(p, v)
		if p.kind == kindTime && v.half.clock != "" {
			f.half[p] = v.half
			if v.half.loose {
				delete(f.vals, p)
				return true
			}
		}
	}
	if p.kind == kindDateTime {
		h := f.half[p]
		if t, err := time.Parse(time.RFC3339, plain(f.vals[p].value)); err == nil && h == (halfTime{}) {
			h = halfTime{date: t.Format(isoDate), clock: t.Format("15:04")} // of a call in the messages
		}
		if v.half.date != "" {
			h.date = v.half.date
		}
		if v.half.clock != "" {
			h.clock, h.loose = v.half.clock, v.half.loose && !s.foreign
		}
		f.half[p] = h
		if h.loose {
			delete(f.vals, p)
			return true
		}
		if v.value = s.reader(text{}).instant(h); v.value == nil {
			return true
		}
	}
	if v.bare && p.kind == kindDate {
		v = f.after(p, v)
	}
	old, had := f.vals[p]
	if had && string(old.value) == string(v.value) {
		return false
	}
	f.vals[p] = v
	s.remember(p, v)
	return true
}

// after puts a day without a month, which ends something, behind the day that begins it.
func (f *form) after(p *param, v found) found {
	if _, ends := p.sides(); !ends {
		return v
	}
	for q, first := range f.vals {
		starts, ends := q.sides()
		if q.kind != kindDate || !starts || ends {
			continue
		}
		from, err := time.Parse(isoDate, plain(first.value))
		day, bad := time.Parse(isoDate, plain(v.value))
		if err == nil && bad == nil {
			return v.onDay(dayAfter(from, day.Day()))
		}
	}
	return v
}

// remember keeps what describes the caller for later skills.
func (s *state) remember(p *param, v found) {
	if p.cityOnly() && !p.begins() || p.kind == kindPlace && !p.begins() && s.known["place"].value == nil && strings.IndexFunc(v.said, unicode.IsDigit) < 0 && p.means("destination", "location", "area") {
		s.known["place"] = v
	}
	if p.kind.personal() && p.callers() {
		s.known[kindKey(p)] = v
	}
}

func kindKey(p *param) string {
	l := p.label
	switch {
	case p.kind == kindPerson && strings.HasPrefix(l, "first"), p.kind == kindPerson && strings.HasPrefix(l, "given"):
		return "first"
	case p.kind == kindPerson && (strings.HasPrefix(l, "last") || strings.HasPrefix(l, "sur") || strings.HasPrefix(l, "family")):
		return "last"
	}
	return string(rune('a' + int(p.kind)))
}

// callers reports parameters that are about the caller and nobody else.
func (p *param) callers() bool {
	if p.other {
		return false
	}
	for w := range strings.FieldsSeq(p.label) {
		switch w {
		case "name", "phone", "number", "email", "e-mail", "address", "mail", "mobile", "cell", "telephone", "zip", "code", "postal", "postcode", "zipcode", "full", "first", "last", "customer", "caller", "contact", "your", "user", "callback", "family", "given", "surname", "client", "my", "member", "guest", "street", "home", "booking", "reservation":
		default:
			if w != p.role {
				return false
			}
		}
	}
	return true
}

// join makes one list of several values.
func join(r reader, p *param, fs []found) found {
	out := found{at: fs[0].at, end: fs[len(fs)-1].end, sure: fs[0].sure}
	var vals []any
	var said []string
	for _, f := range fs {
		if wholeAnswer(p.kind) {
			for _, part := range listParts(f.said) {
				vals, said = append(vals, quoted(part)), append(said, part)
			}
			continue
		}
		vals, said = append(vals, f.value), append(said, f.said)
	}
	out.value, out.said = marshal(vals), series(said, "and")
	return out
}

// listParts splits "a, b and c".
func listParts(s string) []string {
	var out []string
	for part := range strings.SplitSeq(strings.ReplaceAll(s, " and ", ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// series writes "a, b and c".
func series(parts []string, word string) string {
	switch n := len(parts); n {
	case 0:
		return ""
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " " + word + " " + parts[n-1]
	}
}
