package builtin

import (
	"slices"
	"strings"
)

// firstQuestion is the question with a hint where to find the answer.
func (s *state) firstQuestion(p *param) string {
	q := s.question(p)
	if h := p.hint(); h != "" && p.kind == kindCode && !strings.Contains(strings.ToLower(q), strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(h), "it's "), ".")) {
		return q + " " + h
	}
	return q
}

// question asks for a parameter. It depends on the schema and on halves of a
// date and time already given, so a later turn can recognise it.
func (s *state) question(p *param) string {
	if strings.HasSuffix(p.desc, "?") && len(p.desc) < 120 && !strings.Contains(p.desc, ". ") {
		return upperFirst(p.desc)
	}
	if q := p.askedByDescription(); q != "" {
		return q
	}
	if q := s.askOffer(p); q != "" {
		return q
	}
	tl := s.cur
	if tl != nil && tl.half[p].loose {
		return "Is that in the morning or in the evening?"
	}
	switch p.kind {
	case kindOption:
		return p.askOption()
	case kindBool:
		return p.askTruth()
	case kindDateTime:
		if tl != nil {
			if h := tl.half[p]; h.date != "" {
				return "And at what time?"
			} else if h.clock != "" {
				return "And on what day?"
			}
		}
		if p.plainly("date", "day", "and", "time", "datetime", "appointment", "slot", "start", "starts", "preferred", "when", "at", "requested") {
			return "What day and time would suit you?"
		}
		if p.arranged() {
			return "What day and time would suit you?"
		}
		if n := p.noun(); strings.Contains(n, "day and time") || strings.Contains(n, "date and time") {
			return "What's " + n + "?"
		}
		return "What's " + p.noun() + "? Please give me the day and the time."
	case kindDate:
		if p.plainly("date", "day", "preferred", "appointment", "booking", "reservation", "visit", "requested", "desired", "service", "event", "class") {
			return "What day would you like?"
		}
	case kindTime:
		if p.plainly("time", "preferred", "appointment", "booking", "reservation", "visit", "requested", "desired", "hour", "class") {
			return "What time would you like?"
		}
	case kindNumber:
		return p.askCount()
	case kindDuration:
		return "How long should it be?"
	case kindMoney:
		if p.plainly("amount", "budget", "payment", "sum") {
			return "How much should it be?"
		}
		return "How much is " + p.noun() + "?"
	}
	return p.askThing()
}

// arranged reports the time of something that two agree on.
func (p *param) arranged() bool {
	return anyWord(p.label+" "+p.desc, "appointment", "meeting", "visit", "reservation", "booking", "pick-up", "pickup", "delivery", "collection", "viewing", "session", "class", "lesson", "consultation", "callback", "inspection", "interview", "table")
}

// plainly reports a label that has no words but these.
func (p *param) plainly(ws ...string) bool {
	for w := range strings.FieldsSeq(p.label) {
		if !anyWord(w, ws...) {
			return false
		}
	}
	return true
}

func (p *param) askThing() string {
	switch p.kind {
	case kindPhone:
		if p.callers() {
			return "What's the best phone number to reach you on?"
		}
	case kindEmail:
		if p.callers() {
			return "What's your email address?"
		}
	case kindPerson:
		switch {
		case strings.HasPrefix(p.label, "first"), strings.HasPrefix(p.label, "given"):
			return "What's your first name?"
		case strings.HasPrefix(p.label, "last"), strings.HasPrefix(p.label, "family"), strings.HasPrefix(p.label, "sur"):
			return "What's your last name?"
		case p.callers() || strings.HasPrefix(p.nounPhrase(), "your "):
			return "Could I have your name, please?"
		}
		if d := p.nounPhrase(); p.other && d != "" {
			return "What's the " + d + "?"
		}
		return "Could I have " + possessive(p.label) + ", please?"
	case kindAddress:
		if d := p.nounPhrase(); strings.Contains(d, " where ") && !anyWord(p.label, "address") {
			return "What's the " + d + "?"
		}
		if p.label == "street" {
			return "Which street is it?"
		}
		if p.callers() {
			return "What's the address?"
		}
	case kindPostal:
		return "What's your " + p.label + "?"
	case kindPlace:
		switch w, _, _ := strings.Cut(p.label, " "); w {
		case "to", "destination":
			return "Where would you like to go?"
		case "from", "origin":
			return "Where are you leaving from?"
		}
		if p.plainly("city", "town", "country", "state", "region", "area", "airport", "station", "neighborhood", "neighbourhood") {
			return "Which " + p.label + " would that be?"
		}
	case kindProblem:
		switch {
		case p.nounPhrase() != "":
			return p.ask()
		case anyWord(p.label, "symptom", "symptoms"):
			return "What are the symptoms?"
		case anyWord(p.label, "reason") && p.nounPhrase() == "":
			return "What's the reason?"
		case anyWord(p.label, "problem", "issue", "fault", "complaint", "concern", "defect"):
			return "What seems to be the problem?"
		}
	case kindQuery:
		return "What would you like to know?"
	}
	if anyWord(p.label, "message", "note", "notes", "comment", "comments") {
		return "What would you like me to pass on?"
	}
	return p.ask()
}

func (p *param) ask() string {
	n := p.noun()
	w := n
	for _, rest := range []string{" of ", " to ", " when ", " where ", " who ", " that ", " which ", " for ", " in ", " at "} {
		w, _, _ = strings.Cut(w, rest)
	}
	if strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "address") {
		return "What are " + n + "?"
	}
	return "What's " + n + "?"
}

// noun is the parameter with its article: "the serial number", "your account
// number".
func (p *param) noun() string {
	l := p.label
	if d := p.nounPhrase(); d != "" {
		l = d
	} else if p.opaque() && p.head != "" {
		l = p.head
	}
	switch w := lastOf(l); w {
	case "id", "sku", "vin", "pin", "zip", "iban", "imei", "url", "dob":
		l = strings.TrimSuffix(l, w) + strings.ToUpper(w)
	}
	if l == "DOB" {
		l = "date of birth"
	}
	if who, ok := strings.CutPrefix(l, "name of the "); ok && !strings.Contains(who, " ") {
		return "the " + who + "'s name"
	}
	for _, whose := range []string{"customer ", "caller ", "user ", "your ", "client ", "my "} {
		if rest, ok := strings.CutPrefix(l, whose); ok {
			return "your " + rest
		}
	}
	if strings.Contains(l, " to ") || strings.Contains(l, " from ") {
		return "the " + l
	}
	if lastWord(l, "PIN", "password", "passcode") {
		return "your " + l
	}
	for _, own := range []string{"account", "policy", "member", "membership", "date of birth", "birth", "birthday", "zip", "passport", "license", "licence", "loyalty", "card"} {
		if strings.HasPrefix(l, own) {
			return "your " + l
		}
	}
	if strings.HasSuffix(l, "s") && !strings.HasSuffix(l, "ss") && strings.Contains(l, " of ") {
		return "the " + l
	}
	if strings.HasPrefix(l, "your ") {
		return l
	}
	return "the " + l
}

// opaque reports a name that nobody could say aloud: "p1", "dt".
func (p *param) opaque() bool {
	return !strings.Contains(p.label, " ") && (strings.ContainsAny(p.label, "0123456789") || !strings.ContainsAny(p.label, "aeiouy") || len(p.label) < 3 && p.label != "to" && p.label != "id")
}

// nounPhrase is a short description that names the thing better than the
// parameter's name does, without its article.
func (p *param) nounPhrase() string {
	d := strings.TrimSuffix(p.desc, ".")
	fs := strings.Fields(d)
	limit := 6
	if w, _, _ := strings.Cut(p.label, " "); w == "to" || w == "from" || strings.Contains(d, " where ") {
		limit = 9
	}
	if len(fs) == 0 || len(fs) > limit || strings.ContainsAny(d, ",;:()/.") || strings.Contains(strings.ToLower(d), "e.g") {
		return ""
	}
	if (p.kind == kindTime || p.kind == kindDate || p.kind == kindDateTime) && slices.Contains(fs, "when") {
		return ""
	}
	switch strings.ToLower(fs[0]) {
	case "the", "a", "an":
		fs = fs[1:]
	case "whether", "if", "what", "why", "how", "when", "where", "which", "who", "must", "should", "use", "optional", "required", "only", "always", "one", "in", "as", "all", "any", "as-is":
		return ""
	}
	if len(fs) == 0 || lastWord(p.label, "date") && strings.Contains(p.label, " ") || len(fs) == 1 && len(strings.Fields(p.label)) > 1 {
		return ""
	}
	located := p.kind == kindAddress || p.kind == kindPlace
	for i, w := range fs {
		switch low := strings.ToLower(w); {
		case low == "customer's" || low == "caller's" || low == "user's" || low == "client's":
			fs[i] = "your"
		case low == "printed" || low == "found" || low == "shown" || low == "from" || low == "is" || low == "are" || low == "that" || low == "where" && (!located || i < 1 || i > 3) || low == "iso" || low == "format" || low == "string" || low == "in":
			if low == "is" && i == len(fs)-1 && slices.Contains(fs, "where") {
				continue
			}
			return ""
		}
	}
	fs[0] = lowerFirst(fs[0])
	return strings.Join(fs, " ")
}

// askedByDescription turns descriptions like "What is wrong" and "Why the
// student is absent" into questions.
func (p *param) askedByDescription() string {
	d := strings.TrimSuffix(p.desc, ".")
	fs := strings.Fields(d)
	if len(fs) < 2 || len(fs) > 9 || p.kind == kindQuery || p.kind == kindOption || strings.ContainsAny(d, ",;:().") {
		return ""
	}
	switch w := strings.ToLower(fs[0]); w {
	case "what", "why", "when", "where", "who", "how":
		if w == "what" && len(fs) > 4 && fs[1] == "is" && fs[2] == "to" && fs[3] == "be" {
			return "What should be " + strings.Join(fs[4:], " ") + "?"
		}
		switch strings.ToLower(fs[1]) {
		case "is", "are", "was", "should", "can", "happened", "went":
			return upperFirst(d) + "?"
		}
		if q := front(fs[1:]); !strings.HasPrefix(q, "Yes or no") && !strings.HasPrefix(q, "Would you") {
			return upperFirst(w) + " " + lowerFirst(q)
		}
	}
	return ""
}

func lastOf(l string) string { return l[strings.LastIndexByte(l, ' ')+1:] }

// possessive turns "student name" into "the student's name".
func possessive(label string) string {
	who, ok := strings.CutSuffix(label, " name")
	if !ok || strings.Contains(who, " ") {
		if !ok {
			return "the " + label + "'s name"
		}
		return "the " + label
	}
	return "the " + who + "'s name"
}

func (p *param) askCount() string {
	l := p.label
	if strings.HasPrefix(p.desc, "How many ") && len(p.desc) < 60 && !strings.ContainsAny(p.desc, ".,") {
		return p.desc + "?"
	}
	for _, lead := range []string{"number of ", "num ", "count of "} {
		if rest, ok := strings.CutPrefix(l, lead); ok {
			l = rest
		}
	}
	l = strings.TrimSuffix(l, " count")
	switch {
	case l == "party size" || l == "group size" || l == "people" || l == "persons" || l == "guests" || l == "party":
		return "For how many people?"
	case l == "quantity" || l == "qty" || l == "count":
		return "How many would you like?"
	case l == "nights" || l == "days" || l == "weeks" || l == "hours":
		return "For how many " + l + "?"
	case strings.HasSuffix(l, "s") && !strings.HasSuffix(l, "ss") && !strings.Contains(l, " of ") && !strings.Contains(l, " in "):
		return "How many " + l + "?"
	}
	return "What's " + p.noun() + "?"
}

func (p *param) askOption() string {
	var names []string
	for _, o := range p.options {
		names = append(names, strings.Replace(" "+o.label, " my ", " your ", 1)[1:])
		if p.weekdays() {
			names[len(names)-1] = upperFirst(o.label)
		}
	}
	if n, ok := figures(p.options[0].label); ok && n != "" {
		return p.askCount()
	}
	if strings.HasPrefix(p.desc, "Which ") && len(p.desc) < 40 && !strings.ContainsAny(p.desc, ".,:") {
		return p.desc + " would you like: " + series(names, "or") + "?"
	}
	noun := p.label
	if of, ok := strings.CutSuffix(noun, " type"); ok && len(names) <= 6 {
		return "What type of " + of + " would you like: " + series(names, "or") + "?"
	}
	for _, lead := range []string{"preferred ", "type of ", "kind of "} {
		noun = strings.TrimPrefix(noun, lead)
	}
	if lastWord(noun, "reason", "cause") && len(names) <= 6 { // nobody likes one
		return "What's the " + noun + ": " + series(names, "or") + "?"
	}
	if len(names) > 6 {
		return "Which " + noun + " would you like? For example, " + series(names[:3], "or") + "."
	}
	return "Which " + noun + " would you like: " + series(names, "or") + "?"
}

// askTruth turns "Whether the ride is shared" into "Is the ride shared?".
func (p *param) askTruth() string {
	low := strings.TrimSuffix(strings.TrimSpace(p.desc), ".")
	if k := strings.Index(low, ". "); k > 0 {
		low = low[:k]
	}
	fs := strings.Fields(low)
	for k, w := range fs {
		if w = strings.ToLower(w); (w == "whether" || w == "if") && k <= 3 {
			return front(fs[k+1:])
		}
	}
	if len(fs) > 1 {
		switch strings.ToLower(fs[0]) {
		case "is", "are", "does", "do", "has", "should", "can":
			return upperFirst(low) + "?"
		}
	}
	for _, lead := range []string{"has ", "needs ", "wants ", "with "} {
		if rest, ok := strings.CutPrefix(p.label, lead); ok {
			return "Would you like " + rest + "?"
		}
	}
	if rest, ok := strings.CutPrefix(p.label, "is "); ok {
		return "Is it " + rest + "?"
	}
	return "Would you like " + p.label + "?"
}

// front moves the verb of a clause to its beginning.
func front(fs []string) string {
	clause := strings.Join(fs, " ")
	if r := read(clause); len(r.toks) > 1 && (strings.HasPrefix(strings.ToLower(clause), "the caller ") || strings.HasPrefix(strings.ToLower(clause), "the customer ") || strings.HasPrefix(strings.ToLower(clause), "the user ")) {
		fs = append([]string{"you"}, fs[2:]...)
	}
	for k, w := range fs {
		if k == 0 {
			continue
		}
		rest := strings.Join(fs[k+1:], " ")
		subject := strings.Join(fs[:k], " ")
		you := subject == "you"
		switch w {
		case "is", "are", "was", "were", "can", "should", "will":
			if you && (w == "is" || w == "was") {
				w = "are"
			}
			return upperFirst(w) + " " + subject + " " + rest + "?"
		case "has", "needs", "wants", "offers", "includes", "requires":
			verb := "Does "
			if you {
				verb = "Do "
			}
			base := strings.TrimSuffix(w, "s")
			if w == "has" {
				base = "have"
			}
			if you && w == "wants" {
				return "Would you like " + strings.TrimSpace(rest) + "?"
			}
			return strings.TrimSpace(verb+subject+" "+base+" "+rest) + "?"
		}
	}
	return "Yes or no: " + strings.Join(fs, " ") + "?"
}
