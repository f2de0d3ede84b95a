package spoken

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// A Told is one value of a deed that is read back: what it is called, its format or type,
// its canonical form and how it is said.
type Told struct{ Label, Format, Value, Said string }

// ReadBack is the question whether a deed, called by its name, is right with these values:
// "So I'll cancel booking H-77. Is that right?" Every value is in it.
func ReadBack(name string, values []Told, now time.Time) string {
	r := recital{deed: deed(name), values: slices.Clone(values)}
	r.attach()
	slices.SortStableFunc(r.values, func(a, b Told) int { return rank(a) - rank(b) })
	for _, v := range r.values {
		if v.Format == "person-name" {
			r.persons++
		}
	}
	for _, v := range r.values {
		r.place(v, now)
	}
	say := "So that's "
	words := r.deed
	if len(words) > 0 && IsDeed(strings.ToLower(words[0])) {
		say = "So I'll " + words[0] + " "
		if callersOwn(words[0]) {
			say = "So you'd like to " + words[0] + " "
		}
		words = words[1:]
	}
	what := strings.Join(words, " ")
	if !r.attached {
		what = Article("a", what)
	}
	parts := append([]string{strings.TrimSpace(say + what)}, r.flow...)
	return strings.Join(append([]string{strings.Join(parts, " ")}, r.list...), ", ") + ". Is that right?"
}

// A recital is a read-back in the making: what flows into the sentence, and what is listed
// behind it.
type recital struct {
	deed     []string
	values   []Told
	attached bool // a code stands behind the noun of the deed
	counted  bool // "for two guests"
	dated    bool
	named    bool
	persons  int // how many have a name
	flow     []string
	list     []string
}

// attach puts a code behind the noun that it is of: "cancel booking H-77".
func (r *recital) attach() {
	for i, v := range r.values {
		noun, what := cutLast(v.Label)
		code := strings.ContainsAny(v.Said, "0123456789") && !strings.Contains(v.Said, " ")
		if !slices.Contains([]string{"number", "code", "id", "reference"}, strings.ToLower(what)) {
			noun = v.Label // "order", which a number is of too
		}
		if len(r.deed) == 0 || !strings.EqualFold(noun, r.deed[len(r.deed)-1]) || !code && !(noun == v.Label && named(v.Said)) {
			continue
		}
		if k := len(r.deed) - 2; k > 0 && (r.deed[k] == "a" || r.deed[k] == "an" || r.deed[k] == "the") {
			r.deed = slices.Delete(r.deed, k, k+1)
		}
		if !code { // "meet Mrs Grant"
			r.deed = r.deed[:len(r.deed)-1]
		}
		r.deed = append(r.deed, v.Said)
		r.values = slices.Delete(r.values, i, i+1)
		r.attached = true
		return
	}
}

// rank is where in a sentence a value stands: how many, where, when, for whom, the rest.
func rank(v Told) int {
	order := []string{"integer", "address", "date", "date-time", "time", "person-name"}
	if i := slices.Index(order, v.Format); i > 0 || i == 0 && v.counts() {
		return i
	}
	return 1 << 10
}

// counts reports how many there are of something: "guests", "number of nights".
func (v Told) counts() bool {
	return oneLine(v.Label) && strings.HasSuffix(v.Label, "s") || v.Label == "party size" || v.Label == "group size"
}

// named reports words that all have capitals, as names do.
func named(s string) bool {
	for w := range strings.FieldsSeq(s) {
		if w[0] < 'A' || w[0] > 'Z' {
			return false
		}
	}
	return s != "" && oneLine(s) && strings.Count(s, " ") < 4
}

// place says a value where it belongs by its kind; what has no place of its own is listed
// by its name.
func (r *recital) place(v Told, now time.Time) {
	said := near(v, now)
	role, last := cutLast(v.Label)
	switch {
	case v.Format == "integer" && v.counts():
		r.counted = true
		what := strings.TrimPrefix(v.Label, "number of ")
		switch {
		case strings.HasSuffix(v.Label, " size"):
			what = "people"
		case v.Value == "1":
			what = strings.TrimSuffix(what, "s")
		}
		r.flow = append(r.flow, "for "+said+" "+what)
	case (v.Format == "date" || v.Format == "date-time") && !r.dated && !strings.Contains(v.Label, "birth"):
		r.dated = true
		r.flow = append(r.flow, r.preposition(v.Label)+" "+said)
	case v.Format == "time" && oneLine(v.Label) && !slices.ContainsFunc(r.flow, func(s string) bool { return strings.HasPrefix(s, "at ") }):
		r.flow = append(r.flow, "at "+said)
	case last == "number" && slices.Contains([]string{"room", "table", "flat", "apartment", "suite", "seat", "desk"}, role):
		r.flow = append(r.flow, "for "+role+" "+said)
	case v.Format == "address" && oneLine(v.Label):
		r.flow = append(r.flow, "at "+said)
	case v.Format == "person-name" && r.named:
		r.list = append(r.list, v.Label+" "+said)
	case v.Format == "person-name" && r.persons > 1 && slices.Contains([]string{"guest", "contact", "attendee"}, role):
		r.list = append(r.list, role+": "+said) // the caller is another
	case v.Format == "person-name" && slices.Contains([]string{"", "guest", "customer", "caller", "client", "full", "your", "user", "booking", "reservation"}, role) && last == "name":
		r.named = true
		r.flow = append(r.flow, "under the name "+said)
	case v.Format == "person-name" && last == "name" && r.counted:
		r.named = true
		r.flow = append(r.flow, "with "+said+" as the "+role)
	case v.Format == "person-name" && last == "name":
		r.named = true
		r.flow = append(r.flow, "for "+said)
	case v.Format == "boolean", !strings.ContainsAny(said, "0123456789"):
		r.list = append(r.list, v.Label+": "+said)
	default:
		r.list = append(r.list, v.Label+" "+said)
	}
}

// preposition goes before a day: the end of something, the beginning of some days, or
// the day itself.
func (r *recital) preposition(label string) string {
	for w := range strings.FieldsSeq(label) {
		switch w {
		case "return", "end", "until", "checkout", "check-out", "deadline":
			return "until"
		}
	}
	for _, said := range r.flow {
		if strings.HasSuffix(said, " days") || strings.HasSuffix(said, " nights") || strings.HasSuffix(said, " weeks") {
			return "from"
		}
	}
	return "on"
}

// near leaves out the year of a day that is not far.
func near(v Told, now time.Time) string {
	t, err := time.Parse(isoDate, v.Value[:min(len(v.Value), len(isoDate))])
	if err != nil || v.Format != "date" && v.Format != "date-time" || t.Sub(now).Abs() > 180*24*time.Hour {
		return v.Said
	}
	return strings.Replace(v.Said, t.Format(", 2006"), "", 1)
}

// oneLine reports one line of letters and spaces.
func oneLine(s string) bool {
	return s != "" && !strings.ContainsAny(s, ":;()\n")
}

func cutLast(s string) (before, last string) {
	k := strings.LastIndexByte(s, ' ')
	if k < 0 {
		return "", s
	}
	return s[:k], s[k+1:]
}

// Article puts an article, "a" or "the", before a noun that wants one.
func Article(article, noun string) string {
	first, _, _ := strings.Cut(noun, " ")
	switch {
	case noun == "", slices.Contains([]string{"a", "an", "the", "my", "your", "some"}, first), plural(noun), mass(noun):
		return noun
	case article == "the":
		return "the " + noun
	case vowel(noun):
		return "an " + noun
	}
	return "a " + noun
}

func vowel(noun string) bool {
	for _, y := range []string{"uni", "use", "eu", "one"} {
		if strings.HasPrefix(noun, y) {
			return false
		}
	}
	return strings.ContainsAny(noun[:1], "aeiou") || strings.HasPrefix(noun, "hour")
}

// plural reports a noun of which there are several: "test results".
func plural(noun string) bool {
	for _, one := range []string{"ss", "us", "is", "news"} {
		if strings.HasSuffix(noun, one) {
			return false
		}
	}
	return strings.HasSuffix(noun, "s")
}

// mass reports nouns that are not counted.
func mass(noun string) bool {
	switch _, last := cutLast(noun); last {
	case "advice", "information", "money", "help", "weather", "stock", "availability", "traffic", "luggage", "baggage", "furniture", "news", "feedback", "food", "music", "cash", "mail", "waste", "equipment", "insurance":
		return true
	}
	return false
}

// callersOwn reports verbs of which the caller is the one who does it.
func callersOwn(verb string) bool {
	return slices.Contains([]string{"meet", "join", "buy", "rent", "hire", "return", "extend", "renew", "collect", "leave", "withdraw"}, verb)
}

// DeedLast reports a verb that is one at the end of a name too, as in "ride_book": others,
// such as "call" and "order", are nouns there.
func DeedLast(w string) bool {
	switch w {
	case "book", "schedule", "search", "check", "cancel", "change", "reserve", "find", "update", "create", "lookup", "delete", "plan", "purchase", "buy":
		return true
	}
	return false
}

// deed is a name in words. That of a program, "ride_book" or "RideBook", has its verb
// first, "book ride"; whoever writes "VIN check" means the noun.
func deed(name string) []string {
	parted := Parted(name)
	if !oneLine(name) || !strings.Contains(parted, "_") || strings.Contains(name, " ") {
		return strings.Fields(lowerFirst(name))
	}
	ws := strings.Fields(strings.ToLower(strings.ReplaceAll(parted, "_", " ")))
	if n := len(ws); n > 1 && DeedLast(ws[n-1]) && !IsDeed(ws[0]) {
		ws = append(ws[n-1:], ws[:n-1]...)
	}
	return ws
}

// Parted puts "_" between the words of a name in camel case: "movie_search" is read like
// words, "moviesearch" is not.
func Parted(name string) string {
	if strings.ContainsAny(name, " \t") {
		return name
	}
	var sb strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(rs[i-1]) || unicode.IsUpper(rs[i-1]) && i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			sb.WriteByte('_')
		}
		sb.WriteRune(r)
	}
	return sb.String()
}

// IsDeed reports a verb that names of skills begin with.
func IsDeed(w string) bool {
	switch w {
	case "check", "verify", "book", "reserve", "cancel", "track", "report", "find", "search", "schedule", "reschedule", "order", "change", "update", "send", "transfer", "pay", "register", "request",
		"create", "make", "get", "look", "list", "show", "query", "fetch", "submit", "open", "file", "add", "remove", "start", "play", "buy", "rent", "hire", "arrange", "take", "leave", "log", "reset",
		"renew", "return", "move", "confirm", "estimate", "calculate", "answer", "retrieve", "sign", "join", "call", "place", "set", "apply", "upgrade", "block", "activate", "give", "quote", "tell",
		"explain", "unlock", "enroll", "enrol", "record", "read", "provide", "notify", "connect", "put", "store", "save", "subscribe", "compare", "recommend", "describe", "end", "help", "accept",
		"post", "withdraw", "deposit", "extend", "deliver", "repair", "exchange", "refund", "stop", "pause", "resume", "lock", "postpone", "prolong", "replace", "clean", "print", "delete", "close",
		"issue", "charge", "meet", "attach", "invite", "approve", "reject", "release", "downgrade", "disconnect", "install", "pick", "collect", "suggest", "propose", "redeem", "dispute", "donate", "swap", "switch", "convert", "freeze", "unfreeze", "split", "merge", "assign", "nominate", "enquire", "inquire",
		"contact", "escalate", "forward", "borrow", "lend", "waive", "view", "see", "browse", "explore", "discover", "determine", "display", "finalize", "finalise", "listen", "watch", "select", "choose", "trace", "locate", "insure", "unsubscribe", "decline", "adjust", "correct":
		return true
	}
	rest, again := strings.CutPrefix(w, "re")
	return again && len(rest) > 4 && IsDeed(rest)
}

func lowerFirst(name string) string {
	if len(name) > 1 && name[0] >= 'A' && name[0] <= 'Z' && (name[1] < 'A' || name[1] > 'Z') {
		return string(name[0]+'a'-'A') + name[1:]
	}
	return name
}
