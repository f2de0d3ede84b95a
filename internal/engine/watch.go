package engine

import (
	"slices"
	"strings"
	"unicode/utf8"

	"callwright"
	"callwright/internal/gate"
)

// maxAnswer is how many bytes a model may say in one answer: some minutes of speech.
const maxAnswer = 8000

// A watch lets a model's words out, except those that must not be heard: a claim
// that something was done which the journal does not know of, a banned topic, what is
// meant for machines (see strainer), and more than anybody listens to. It looks at
// whole sentences, so it holds words back until their sentence is there; an agent
// without such rules is not held up.
type watch struct {
	t      *turn
	id     callwright.MessageID
	strain strainer
	full   bool // nothing more is let out

	scripts []string // that the answer may be written in; nil: any, or it has been judged
	first   string   // words that are not judged yet
	foreign bool     // it is written in another

	held   string
	said   strings.Builder
	claims bool
	banned []string
	warned bool
}

func (t *turn) newWatch(id callwright.MessageID) *watch {
	w := &watch{t: t, id: id, banned: t.agent.Policies().Talk().BannedTopics, scripts: t.scripts}
	for _, s := range t.agent.Skills {
		w.claims = w.claims || s.IsWrite
	}
	return w
}

// add takes the next words.
func (w *watch) add(text string) {
	text = w.strain.add(text)
	if w.scripts == nil {
		w.words(text)
		return
	}
	w.first += text
	// A name may come first; an answer that begins as it should is not held up.
	if yes, letters := foreign(w.first, w.scripts); letters >= enoughLetters || letters > 0 && !yes {
		w.judged(yes)
	}
}

// judged lets out what waited for the judgement on the answer's script, or nothing of
// the answer at all.
func (w *watch) judged(foreign bool) {
	text := w.first
	w.first, w.scripts, w.foreign = "", nil, foreign
	if foreign {
		w.t.note(callwright.GuardrailEvent, callwright.GuardrailHit{Rule: "language", Action: "withheld", Detail: "the answer is written in a script of none of the agent's languages"})
		w.full = true
		return
	}
	w.words(text)
}

func (w *watch) words(text string) {
	if !w.claims && len(w.banned) == 0 {
		w.out(text)
		return
	}
	w.held += text
	for n := sentenceEnd(w.held); n > 0; n = sentenceEnd(w.held) {
		w.sentence(w.held[:n])
		w.held = w.held[n:]
	}
	if len(w.held) > maxAnswer { // no sentence is as long
		w.sentence(w.held)
		w.held = ""
	}
}

// end lets the rest out and returns everything that was heard.
func (w *watch) end() string {
	w.add("")
	w.first += w.strain.end()
	if w.scripts != nil {
		yes, _ := foreign(w.first, w.scripts)
		w.judged(yes)
	} else {
		w.words(w.first)
		w.first = ""
	}
	if w.held != "" {
		w.sentence(w.held)
		w.held = ""
	}
	if w.strain.caught {
		w.t.note(callwright.GuardrailEvent, callwright.GuardrailHit{Rule: "control_tokens", Action: "withheld"})
	}
	if w.full && !w.foreign {
		w.t.note(callwright.GuardrailEvent, callwright.GuardrailHit{Rule: "answer_length", Action: "cut", Detail: "the model said more than " + itoa(maxAnswer) + " bytes"})
	}
	return w.said.String()
}

func (w *watch) out(text string) {
	if w.said.Len() == 0 {
		text = strings.TrimLeft(text, " \t\r\n")
	}
	if room := maxAnswer - w.said.Len(); len(text) > room && !w.full {
		text, w.full = cut(text, room), true
	} else if w.full {
		return
	}
	if text == "" {
		return
	}
	w.said.WriteString(text)
	w.t.out(Say{MessageID: w.id, Text: text})
}

// sentence lets one sentence out, or other words in its place.
func (w *watch) sentence(s string) {
	switch {
	case mentions(s, w.banned):
		w.replace(s, sayBanned, callwright.GuardrailHit{PolicyType: callwright.ContentPolicy, Rule: "banned_topic", Action: "withheld", Detail: strings.TrimSpace(s)})
	case w.claims && w.t.unfounded(s):
		w.replace(s, sayUnfounded, callwright.GuardrailHit{Rule: "claim_check", Action: "withheld", Detail: strings.TrimSpace(s)})
	default:
		w.out(s)
	}
}

func (w *watch) replace(s, instead string, hit callwright.GuardrailHit) {
	w.t.note(callwright.GuardrailEvent, hit)
	if w.warned {
		return // once is enough in one message
	}
	w.warned = true
	if w.said.Len() > 0 && !strings.HasSuffix(w.said.String(), " ") {
		instead = " " + instead
	}
	if strings.HasSuffix(s, " ") {
		instead += " "
	}
	w.out(instead)
}

// cut is the whole words of text that have room, with a sign that more was to come.
func cut(text string, room int) string {
	for room > 0 && !utf8.RuneStart(text[room]) {
		room--
	}
	if i := strings.LastIndexAny(text[:room], " \n"); i > 0 {
		room = i
	}
	return text[:room] + "…"
}

// sentenceEnd is the length of the first whole sentence, 0 when there is none yet. A
// full stop counts once something follows it, so that 3.50 and "e.g." are not cut.
func sentenceEnd(s string) int {
	for i, r := range s {
		after := i + utf8.RuneLen(r)
		switch r {
		case '\n':
			return after
		case '.', '!', '?', '…', '。':
			if rest := s[after:]; strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\n") {
				return after + 1
			}
		}
	}
	return 0
}

// mentions reports whether words have one of the topics, as whole words.
func mentions(words string, topics []string) bool {
	if len(topics) == 0 {
		return false
	}
	text := " " + plainWords(words) + " "
	return slices.ContainsFunc(topics, func(t string) bool {
		topic := plainWords(t)
		return topic != "" && (strings.Contains(text, " "+topic+" ") || strings.Contains(text, " "+topic+"s "))
	})
}

// plainWords is text in small letters with single spaces between its words.
func plainWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= utf8.RuneSelf)
	}), " ")
}

// unfounded reports a sentence that says something was done although no write that
// could mean it has succeeded in this conversation, and nothing that a skill returned
// says so.
func (t *turn) unfounded(sentence string) bool {
	c := claimIn(sentence)
	if c.deed == "" {
		return false
	}
	able := false
	for _, s := range t.agent.Skills {
		if !s.IsWrite || !covers(s, c.deed) && !named(sentence, s) {
			continue
		}
		able = true
		if t.succeeded(func(ran *gate.Skill) bool { return ran == s }) {
			return false
		}
	}
	switch {
	case able && c.byAgent:
		return true
	case able:
		return !t.returned(c.word, c.deed)
	case c.byAgent:
		return !t.wroteNow // no skill goes by that word: what has just been done may be meant
	}
	return !t.wroteNow && len(t.gateTurn.Earlier) == 0 // news of something that the agent cannot do
}

// named reports whether a sentence has a word of a skill's name.
func named(sentence string, s *gate.Skill) bool {
	text := " " + plainWords(sentence)
	return slices.ContainsFunc(strings.Fields(plainWords(s.Name)), func(w string) bool {
		return len(w) >= 4 && strings.Contains(text, " "+w)
	})
}

// returned reports whether a result of the conversation has one of the words.
func (t *turn) returned(words ...string) bool {
	for _, results := range t.gateTurn.Earlier {
		for _, raw := range results {
			text := " " + plainWords(string(raw))
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, " "+w) }) {
				return true
			}
		}
	}
	return false
}

// succeeded reports whether a run of such a skill succeeded in the conversation.
func (t *turn) succeeded(is func(*gate.Skill) bool) bool {
	for tool := range t.gateTurn.Earlier {
		if s := t.agent.Tool(tool); s != nil && is(s) {
			return true
		}
	}
	return false
}

// A claim is what a sentence says was done; its deed is empty when it says no such
// thing. byAgent tells "I have booked it" from "it is booked", which may be news of
// something that was done before.
type claim struct {
	deed, word string
	byAgent    bool
}

func claimIn(sentence string) claim {
	text := " " + plainWords(sentence) + " "
	if strings.ContainsAny(sentence, "?") || slices.ContainsFunc([]string{" if ", " once ", " when ", " before ", " not ", "n t ", " will ", " ll be "}, func(w string) bool { return strings.Contains(text, w) }) {
		return claim{}
	}
	words := slices.DeleteFunc(strings.Fields(text), adverb)
	for i, w := range words {
		deed := deeds()[w]
		if deed == "" {
			continue
		}
		before := " " + strings.Join(words[max(0, i-4):i], " ")
		ends := func(lead string) bool { return strings.HasSuffix(before, " "+lead) }
		if slices.ContainsFunc([]string{"i have", "i ve", "i", "we have", "we ve", "we", "ich habe", "j ai", "he", "hemos", "ho", "ik heb", "eu"}, ends) {
			return claim{deed, w, true}
		}
		if strings.HasPrefix(text, " ich habe ") && i == len(words)-1 || strings.HasPrefix(text, " ik heb ") {
			return claim{deed, w, true} // the verb stands last
		}
		if slices.ContainsFunc([]string{"has been", "have been", "been", "is", "are", "s", "re", "it", "wurde", "ist", "está", "ha sido", "est"}, ends) {
			return claim{deed, w, false}
		}
	}
	return claim{}
}

// adverb reports words that stand between a claim's beginning and its deed.
func adverb(word string) bool {
	return slices.Contains([]string{"just", "now", "already", "also", "then", "all", "successfully", "officially", "gone", "ahead", "and", "jetzt", "ya"}, word)
}

// covers reports whether a skill could be what did a deed: its name or description
// has a word for it.
func covers(s *gate.Skill, deed string) bool {
	text := " " + plainWords(s.Name+" "+s.Description) + " "
	return slices.ContainsFunc(deedWords()[deed], func(w string) bool { return strings.Contains(text, " "+w) })
}

// deeds are the words that say something was done, with the deed they mean.
func deeds() map[string]string {
	return map[string]string{
		"booked": "book", "reserved": "book", "scheduled": "book", "rescheduled": "change", "moved": "change", "changed": "change", "updated": "change",
		"cancelled": "cancel", "canceled": "cancel", "refunded": "refund", "sent": "send", "emailed": "send", "texted": "send", "ordered": "order", "placed": "order", "submitted": "file",
		"filed": "file", "registered": "file", "created": "file", "opened": "file", "added": "file", "saved": "file", "recorded": "file", "paid": "pay", "charged": "pay", "transferred": "pay",
		"deleted": "delete", "removed": "delete", "closed": "delete", "erased": "delete", "wiped": "delete", "deactivated": "delete", "blocked": "block", "unblocked": "block", "locked": "block", "unlocked": "block",
		"credited": "pay", "issued": "file", "notified": "send", "forwarded": "send", "shipped": "send", "processed": "file", "renewed": "change", "extended": "change", "applied": "change", "upgraded": "change",
		"done": "do", "completed": "do", "finished": "do", "arranged": "book", "confirmed": "confirm", "activated": "confirm",
		"reservado": "book", "reservada": "book", "cancelado": "cancel", "cancelada": "cancel", "enviado": "send", "réservé": "book", "annulé": "cancel", "envoyé": "send",
		"gebucht": "book", "reserviert": "book", "storniert": "cancel", "geschickt": "send", "gesendet": "send", "prenotato": "book", "cancellato": "cancel", "geboekt": "book", "geannuleerd": "cancel",
	}
}

// deedWords are the words by which a skill tells that it does a deed.
func deedWords() map[string][]string {
	return map[string][]string{
		"book": {"book", "reserv", "schedul", "appointment", "arrang", "visit"}, "change": {"chang", "updat", "resched", "move", "modif", "edit", "renew", "exten", "appl", "upgrad"}, "cancel": {"cancel"},
		"refund": {"refund"}, "send": {"send", "email", "e mail", "text", "sms", "messag", "notif"}, "order": {"order", "buy", "purchas"}, "file": {"creat", "fil", "regist", "open", "submit", "record", "report", "add", "ticket", "save", "lead"},
		"pay": {"pay", "charg", "transfer"}, "delete": {"delet", "remov", "clos", "eras", "wip", "deactivat"}, "block": {"block", "lock"}, "confirm": {"confirm", "activat", "book"},
	}
}
