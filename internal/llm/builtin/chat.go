package builtin

import (
	"slices"
	"strings"
)

const farewell = "Goodbye, and have a good day!"

func (s *state) greeting() string { return "Hello! How can I help you today?" }

// lost answers words that no tool goes with.
func (s *state) lost() string {
	if len(s.index.tools) == 0 {
		return "I'm sorry, I can't help with that from here."
	}
	return "I'm sorry, I can't help with that. " + s.offer()
}

// offer says in one sentence what the tools are for.
func (s *state) offer() string {
	as := s.deeds(4)
	if len(as) == 0 {
		return "Is there anything else you would like?"
	}
	return "What I can do is " + series(brief(as, s.index.tools), "or") + "."
}

func (s *state) abilities() string {
	as := s.deeds(6)
	if len(as) == 0 {
		return "I can chat, but there is nothing set up for me to do yet."
	}
	return "I can " + series(brief(as, s.index.tools), "and") + ". What would you like?"
}

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
			out[i] = article(ts[i].label)
		}
	}
	return out
}

// deeds are the tools in plain words.
func (s *state) deeds(limit int) []string {
	var out []string
	for _, t := range s.index.tools {
		if len(out) == limit-1 && len(s.index.tools) > limit {
			return append(out, "a few other things")
		}
		out = append(out, t.deed())
	}
	return out
}

// deed says what a tool does: "check the status of an order".
func (t *tool) deed() string {
	first, _, _ := strings.Cut(strings.TrimSpace(t.desc), ". ")
	if k := strings.IndexAny(first, "\n;(:"); k > 0 {
		first = first[:k]
	}
	first = strings.TrimSuffix(strings.TrimSpace(first), ".")
	for _, lead := range []string{"Use this to ", "Use it to ", "Use to ", "Used to ", "This tool is used to ", "Call this to ", "Tool to ", "Lets callers ", "Allows callers to ", "Can "} {
		if len(first) > len(lead) && strings.EqualFold(first[:len(lead)], lead) {
			return trimDeed(lowerFirst(first[len(lead):]))
		}
	}
	w, rest, _ := strings.Cut(first, " ")
	if base := imperative(strings.ToLower(w)); base != "" && rest != "" && len(first) < 90 {
		return trimDeed(base + " " + rest)
	}
	if v := t.verb(); v != "" {
		return article(t.label)
	}
	return "help with " + t.label
}

// trimDeed leaves out conditions: "… when the caller asks".
func trimDeed(s string) string {
	for _, cut := range []string{" when ", " if ", ", when", ", e.g."} {
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
		if (&tool{label: cand}).verb() == cand && cand != "" {
			return cand
		}
		switch cand {
		case "tell", "give", "explain", "record", "read", "provide", "quote", "collect", "notify", "connect", "put", "store", "save", "enroll", "subscribe", "compare", "recommend", "describe", "look", "set", "end", "help", "accept", "post", "withdraw", "deposit":
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
	first, _, _ := strings.Cut(rest, " ")
	switch {
	case first == "up" || first == "for" || first == "a" || first == "the" || first == "to" || first == "an" || first == "my" || strings.HasSuffix(rest, "s"):
		return v + " " + rest
	case v == "check" || v == "track" || v == "look up" || v == "verify" || v == "cancel" || v == "change" || v == "update":
		return v + " the " + rest
	case strings.ContainsAny(rest[:1], "aeiou"):
		return v + " an " + rest
	}
	return v + " a " + rest
}

// doing is the tool's act after "I can": "check that".
func (t *tool) doing() string {
	switch v := t.verb(); v {
	case "check", "verify", "book", "reserve", "cancel", "track", "report", "schedule", "reschedule", "order", "change", "update", "send", "pay", "register", "request", "arrange", "confirm", "calculate", "estimate", "renew", "return", "move", "play", "submit", "block", "unlock", "activate", "quote", "record":
		return v + " that"
	case "take", "leave", "make", "create", "open", "file", "start", "add", "log", "place", "set", "give":
		if len(t.label) < 30 {
			return article(t.label)
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

// acknowledge takes up a wish.
func acknowledge(t *tool) string {
	if len(t.ask) == 1 && t.ask[0].kind == kindQuery {
		return "Sure."
	}
	return "Sure, I can " + t.doing() + " for you."
}

// receipt confirms what was just understood, briefly.
func (s *state) receipt(changed []*param, asked *param) string {
	p := changed[0]
	v := s.cur.vals[p]
	if v.value == nil {
		return ""
	}
	if p != asked && corrects(s.heard) || p == asked && p.kind.shaped() && corrects(s.heard) && !agrees(s.heard) && s.heard.has("actually", "meant", "wrong") >= 0 {
		if len(changed) == 1 && v.said != "" {
			return "Okay, " + v.said + "."
		}
	}
	switch {
	case p.kind == kindPerson && p.callers() && p == asked:
		return "Thanks, " + firstName(v.said) + "."
	case s.asks%3 == 1:
		return "Thanks."
	case s.asks%3 == 2:
		return "Got it."
	}
	return "Thank you."
}

func firstName(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}
