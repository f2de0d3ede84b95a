package builtin

import "strings"

// askAgain asks once more, with whatever helps.
func (s *state) askAgain(p *param) string {
	q := s.question(p)
	if unsure(s.heard) {
		if h := p.hint(); h != "" {
			return "No problem. " + h + " Could you have a look?"
		}
		return "No problem, take your time. " + q
	}
	if s.askOffer(p) != "" {
		return "Sorry, I didn't get that. " + q
	}
	switch p.kind {
	case kindPhone:
		return "Sorry, I didn't catch a full phone number there. " + q
	case kindEmail:
		return "Sorry, that didn't sound like an email address. " + q
	case kindDate:
		return "Sorry, I didn't catch the day. " + q
	case kindTime:
		return "Sorry, I didn't catch the time. " + q
	case kindCode:
		h := p.hint()
		if h != "" {
			h = " " + h
		}
		return "Sorry, I didn't catch " + p.noun() + "." + h + " Could you read it to me?"
	}
	return "Sorry, I didn't get that. " + q
}

func (s *state) giveUp(p *param) string {
	if t := s.desk(); t != nil && t != s.cur.tool {
		return "I'm sorry, I'm having trouble with that. Shall I put you through to a person instead?"
	}
	if s.askOffer(p) != "" {
		return "I can't " + s.cur.tool.doing() + " without knowing which one you would like. Would you like to leave it for now?"
	}
	return "I can't " + s.cur.tool.doing() + " without " + p.thing() + ". Would you like to leave it for now?"
}

// thing names what a parameter is, to be spoken about rather than asked for.
func (p *param) thing() string {
	switch p.kind {
	case kindDate:
		return "a date"
	case kindTime:
		return "a time"
	case kindPerson:
		if p.callers() {
			return "your name"
		}
		return possessive(p.label)
	case kindPhone:
		return "a phone number"
	case kindEmail:
		return "an email address"
	case kindBool:
		if _, flag, ok := strings.Cut(p.desc, "hether "); ok && len(flag) < 60 {
			return "knowing whether " + strings.TrimSuffix(flag, ".")
		}
	}
	return p.noun()
}
