package builtin

import "strings"

// farewell answers a goodbye.
func (s *state) farewell() string {
	if s.heard.has("good night", "goodnight") >= 0 {
		return "Goodbye, and have a good night!"
	}
	return "Goodbye, and have a good day!"
}

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
