package builtin

import (
	"slices"
	"strings"

	"callwright/internal/spoken"
)

// longList is how much of what can be done is said in one breath.
const longList = 150

// brief says by the tools' names what their descriptions say too long.
func brief(deeds []string, ts []*tool) []string {
	if len(strings.Join(deeds, ", ")) <= longList {
		return deeds
	}
	out := slices.Clone(deeds)
	for i := range out {
		if i < len(ts) && out[i] == ts[i].deed() && len(ts[i].label) < len(out[i])*2/3 && verbOf(ts[i].label) != "" && strings.Contains(ts[i].label, " ") {
			out[i] = article(ts[i].title())
		}
	}
	return out
}

// deeds are the tools in plain words.
func (s *state) deeds(limit int) []string {
	var out []string
	for _, t := range s.index.tools {
		if len(out) == limit-1 && len(s.index.tools) > limit {
			return append(out, "help with a few other things")
		}
		out = append(out, t.deed())
	}
	return out
}

// deed says what a tool does: "check the status of an order". Its description says it
// best when it begins with a verb, or tells what callers ask and want.
func (t *tool) deed() string {
	purpose := t.purpose()
	for _, lead := range []string{"Use this to ", "Use it to ", "Use to ", "Used to ", "This tool is used to ", "Call this to ", "Tool to ", "Lets callers ", "Allows callers to ", "Can "} {
		if len(purpose) > len(lead) && strings.EqualFold(purpose[:len(lead)], lead) {
			return trimDeed(lowerFirst(purpose[len(lead):]))
		}
	}
	w, rest, _ := strings.Cut(purpose, " ")
	if base := imperative(strings.ToLower(w)); base != "" && rest != "" && len(purpose) < 90 {
		return trimDeed(base + " " + rest)
	}
	name := t.title()
	verb, named, _ := strings.Cut(name, " ")
	_, wish, wants := cutAny(purpose, " wants to ", " needs to ", " want to ", " would like to ")
	if w, _, _ := strings.Cut(wish, " "); wants && imperative(w) != "" && (w == verb || imperative(verb) == "") {
		return trimDeed(wish)
	}
	if _, asked, ok := cutAny(purpose, " asks ", " ask "); ok && t.reads() {
		return trimDeed(findOut(asked))
	}
	switch {
	case verb == "transfer" && strings.HasPrefix(named, "to "):
		return "put you through " + named
	case imperative(verb) != "":
		return article(name)
	case t.reads():
		return "look up " + spoken.Article("the", name)
	}
	if _, thing, ok := cutAny(purpose, " wants a ", " needs a ", " wants an ", " needs an "); ok {
		return trimDeed("arrange " + spoken.Article("a", thing))
	}
	return "arrange " + spoken.Article("a", name)
}

// title is the name as its operator writes it: "wake-up call".
func (t *tool) title() string {
	title, _ := t.parted()
	return title
}

// parted sets the name off from what the description says behind it, as in "Wake-up
// call: Use when a guest wants to be woken."
func (t *tool) parted() (title, does string) {
	name, does, ok := strings.Cut(t.desc, ": ")
	if ok && strings.EqualFold(letters(name), letters(t.label)) {
		return lowerFirst(name), does
	}
	return t.label, t.desc
}

// purpose is the first sentence of what the description says.
func (t *tool) purpose() string {
	_, does := t.parted()
	first, _, _ := strings.Cut(strings.TrimSpace(does), ". ")
	if k := strings.IndexAny(first, "\n;(:"); k > 0 {
		first = first[:k]
	}
	return strings.TrimSuffix(strings.TrimSpace(first), ".")
}

// findOut turns what callers ask into what is done about it: "where their parcel is"
// into "find out where your parcel is".
func findOut(asked string) string {
	asked = strings.NewReplacer(" their ", " your ", " they are ", " you are ", " they ", " you ").Replace(" " + asked + " ")
	switch w, rest, _ := strings.Cut(strings.TrimSpace(asked), " "); w {
	case "for", "about":
		return "look up " + rest
	case "to":
		return rest
	}
	return "find out " + strings.TrimSpace(asked)
}

func cutAny(s string, seps ...string) (before, after string, ok bool) {
	for _, sep := range seps {
		if before, after, ok = strings.Cut(s, sep); ok {
			return before, after, true
		}
	}
	return s, "", false
}

// trimDeed leaves out conditions: "… when the caller asks".
func trimDeed(s string) string {
	for _, cut := range []string{" when ", " if ", ", when", ", and no ", ", e.g."} {
		if k := strings.Index(s, cut); k > 8 {
			s = s[:k]
		}
	}
	for _, c := range [][2]string{{"transfer the caller", "transfer you"}, {"put the caller", "put you"}, {"connect the caller", "connect you"}, {"ell the caller", "ell you"}, {"ive the caller", "ive you"}, {"the caller's", "your"}, {"the customer's", "your"}, {"a customer's", "your"}, {"a caller's", "your"}, {"the user's", "your"}, {"for the caller", "for you"}, {"for the customer", "for you"}, {"for a customer", "for you"}, {"for a caller", "for you"}} {
		s = strings.ReplaceAll(s, c[0], c[1])
	}
	return strings.TrimRight(s, " ,")
}

// imperative returns the plain form of a verb that begins a description.
func imperative(w string) string {
	for _, cand := range []string{w, strings.TrimSuffix(w, "s"), strings.TrimSuffix(w, "es"), strings.TrimSuffix(w, "ies") + "y"} {
		if spoken.IsDeed(cand) || cand == "lookup" {
			return cand
		}
	}
	return ""
}

// article puts "a" or "the" into a tool's name: "book a table".
func article(label string) string {
	v, rest, ok := strings.Cut(label, " ")
	if !ok {
		return label + " something"
	}
	switch {
	case v == "lookup":
		v = "look up"
	case v == "get" || v == "fetch" || v == "retrieve":
		v = "look up"
	case v == "query":
		v = "look into"
	}
	switch first, _, _ := strings.Cut(rest, " "); {
	case first == "up" || first == "for" || first == "to" || first == "my":
		return v + " " + rest
	case v == "check" || v == "look up" || v == "verify" || v == "change" || v == "update":
		return v + " " + spoken.Article("the", rest)
	}
	return v + " " + spoken.Article("a", rest)
}

// doing is the tool's act after "I can": "check that".
func (t *tool) doing() string {
	switch v := t.verb(); v {
	case "check", "verify", "book", "reserve", "cancel", "track", "report", "schedule", "reschedule", "order", "change", "update", "send", "pay", "register", "request", "arrange", "confirm", "calculate", "estimate", "renew", "play", "block", "unlock", "activate", "quote", "record":
		return v + " that"
	case "take", "leave", "make", "create", "open", "file", "start", "add", "log", "place", "set", "give":
		switch {
		case len(t.label) >= 30:
		case verbOf(t.title()) == "": // "hotel reservation", which its description makes
			return v + " " + spoken.Article("a", t.title())
		default:
			return article(t.title())
		}
	case "get", "lookup", "look", "fetch", "query", "retrieve", "find", "search", "list", "show":
		return "look that up"
	case "transfer":
		if anyWord(t.desc, "money", "funds", "account", "accounts", "amount") {
			return "transfer that"
		}
		return "put you through"
	}
	if t.reads() {
		return "look that up"
	}
	return "do that"
}
