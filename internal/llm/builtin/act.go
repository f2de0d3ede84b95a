package builtin

import (
	"strings"

	"callwright/internal/spoken"
)

// An act is what a short utterance does in a conversation, whatever the tools.
type act int

const (
	actNone act = iota
	actGreet
	actThank
	actBye
	actRepeat
	actCancel
	actHuman
	actAbilities
	actUnsure
	actYes
	actNo
	actWait
	actWho
)

// actOf reads the act of an utterance that has little else in it.
func actOf(t text) act {
	switch {
	case len(t.toks) == 0:
		return actNone
	case t.rest("repeat", "say that again", "say again", "come again", "pardon", "what did you say", "can you repeat", "could you repeat", "didn't catch that", "didn't hear", "one more time", "what was that", "i beg your pardon", "didn't get that", "wie bitte", "puede repetir", "répétez") <= 1:
		return actRepeat
	case t.small(9) && t.has("are you a robot", "are you a bot", "are you a machine", "are you a computer", "are you human", "are you a human", "are you real", "are you a real", "are you a person", "are you an ai", "am i talking to", "am i speaking to", "am i speaking with", "who are you", "who is this", "what are you", "what is your name", "what's your name") >= 0:
		return actWho
	case human(t):
		return actHuman
	case t.has("what can you do", "what can i do here", "what do you do", "how can you help", "what can you help", "what are you able", "what are my options", "what else can you do", "what services") >= 0 || t.is(0, "help") && len(t.toks) <= 2:
		return actAbilities
	case cancels(t):
		return actCancel
	case unsure(t):
		return actUnsure
	case t.rest("goodbye", "good bye", "good night", "goodnight", "bye", "see you", "see you later", "see you soon", "see you then", "bye bye", "have a good day", "have a nice day", "have a great day", "talk to you later", "that's all", "that is all", "that's it", "that will be all", "that'll be all", "nothing else", "i'm done", "adios", "adiós", "tschüss", "auf wiedersehen", "au revoir") == 0:
		return actBye
	case t.small(12) && !t.asks() && t.has("that is all", "that's all", "that'll be all", "all i needed", "all i need", "all for now", "nothing else", "that's everything", "that is everything", "that will be all") >= 0:
		return actBye
	case t.is(0, "no") && t.small(10) && t.has("thank you", "thanks") >= 0 && !t.asks():
		return actBye
	case t.small(8) && t.has("thanks", "thank you", "thx") >= 0 && t.rest("thanks", "thank you", "thx", "ok", "okay", "great", "perfect", "alright", "you've been", "big help", "very helpful", "for your help", "for the help", "for your time", "so much", "very much") == 0 && !t.says("yes", "yeah", "yep", "sure", "please", "no", "nope"):
		return actThank
	case t.rest("thanks", "thank you", "thank", "thx", "cheers", "much appreciated", "appreciate it", "gracias", "danke", "merci", "perfect", "great", "wonderful", "awesome", "cool", "nice", "excellent") == 0 && !agrees(t) && !t.asks():
		return actThank
	case t.rest("hi", "hello", "hey", "good morning", "good afternoon", "good evening", "good day", "howdy", "greetings", "how are you", "how's it going", "how is it going", "how do you do", "how are things", "hola", "hallo", "guten tag", "bonjour") == 0:
		return actGreet
	case t.rest("wait", "hold on", "one moment", "one second", "just a moment", "just a second", "just a minute", "one minute", "give me a second", "give me a moment", "hang on", "let me check", "let me look", "let me see", "let me find it", "let me get it") == 0:
		return actWait
	case refuses(t) && t.small(7):
		return actNo
	case agrees(t) && t.small(5):
		return actYes
	}
	return actNone
}

// wellBeing reports a greeting that asks how one is.
func wellBeing(t text) bool {
	return t.has("how are you", "how's it going", "how is it going", "how do you do", "how are things") >= 0
}

// rest returns how many content words are left when one of the phrases, which
// must be there, and thanks and the like are taken out; a big number otherwise.
func (t text) rest(phrases ...string) int {
	const none = 1 << 20
	covered := make([]bool, len(t.toks))
	hit := false
	for i := range t.toks {
		for _, p := range phrases {
			if p[0] != t.toks[i].low[0] {
				continue
			}
			for k := range t.matches(i, p) {
				covered[i+k], hit = true, true
			}
		}
	}
	if !hit {
		return none
	}
	n := 0
	for i, tok := range t.toks {
		if !covered[i] && !common(tok.low) && !polite(tok.low) && !(t.lang != "" && functionWord(t.lang, tok.low)) {
			n++
		}
	}
	return n
}

// says reports that the text begins with one of the words.
func (t text) says(ws ...string) bool {
	for _, w := range ws {
		if t.is(0, w) {
			return true
		}
	}
	return false
}

func polite(w string) bool {
	switch w {
	case "thanks", "bye", "goodbye", "everything", "today", "nice", "day", "perfect", "wonderful", "again", "sir", "ma'am", "madam", "mate", "there", "lovely", "fine", "alright", "appreciate", "nope", "nothing", "else", "moment", "second", "quick", "minute", "evening", "morning", "kind", "kindly", "helpful", "then", "awesome", "amazing", "cool", "right", "team", "bit", "done", "repeat", "much", "rest", "assistance", "sounds", "hm", "hmm", "er", "erm", "million", "bunch":
		return true
	}
	return false
}

func (t text) small(n int) bool { return len(t.toks) <= n }

func human(t text) bool {
	verb := t.has("talk", "speak", "transfer", "connect", "put me through", "want a", "need a", "get me", "give me", "real", "actual", "live", "prefer")
	who := t.has("human", "person", "representative", "agent", "operator", "somebody", "someone", "manager", "receptionist", "supervisor", "staff", "real person", "customer service")
	if who < 0 {
		return false
	}
	if verb >= 0 && verb < who && who-verb <= 6 {
		w := t.toks[who].low
		return w != "someone" && w != "somebody" || t.has("talk", "speak", "transfer", "connect") >= 0
	}
	return t.small(2)
}

func cancels(t text) bool {
	if t.has("changed my mind", "change my mind", "scratch that") >= 0 && t.has("let's", "i want", "i'd like", "i would like", "instead", "i'll", "how about", "make it", "try") >= 0 {
		return false // for something else
	}
	if t.has("never mind", "nevermind", "forget it", "forget about it", "leave it", "drop it", "scratch that", "don't bother", "changed my mind", "change my mind", "no longer need", "vergiss es", "olvídalo", "laissez tomber", "laisse tomber", "leave that", "déjelo", "déjalo", "olvídelo", "oubliez", "lassen sie es", "schon gut") >= 0 && t.small(12) {
		return true
	}
	return t.rest("cancel", "stop", "quit", "abort", "abbrechen", "cancelar", "cancele", "annuler", "annulez", "stopp", "cancela", "anular", "anule", "stornieren") == 0
}

func unsure(t text) bool {
	return t.small(16) && t.has("i don't know", "don't know", "dont know", "not sure", "no idea", "no clue", "i don't remember", "don't remember", "can't remember", "i forgot", "i don't have", "don't have it", "don't have that", "can't find", "cannot find", "where do i find", "where can i find", "where is it", "where's that", "what do you mean", "what is that", "what's that", "i lost", "idk", "keine ahnung", "no lo sé", "no sé", "je ne sais pas", "not have it", "haven't got it", "weiß nicht", "weiß ich nicht") >= 0
}

func agrees(t text) bool {
	if len(t.toks) == 0 || refuses(t) {
		return false
	}
	if t.lang != "" && t.small(12) && spoken.Consent(t.raw) == spoken.Yes {
		return true
	}
	switch w := t.toks[0].low; w {
	case "yes", "yeah", "yep", "yup", "sure", "ok", "okay", "correct", "right", "absolutely", "definitely", "certainly", "exactly", "indeed", "affirmative", "alright",
		"sí", "si", "claro", "ja", "jawohl", "genau", "gerne", "oui", "d'accord", "bien":
		return true
	}
	if i := t.has("i would"); i >= 0 && !t.is(i+2, "like") && t.small(6) {
		return true
	}
	return t.has("that's right", "that is right", "that's correct", "that is correct", "go ahead", "sounds good", "sounds great", "please do", "of course", "do it", "that works", "works for me", "i do", "it is", "that's fine", "that is fine", "looks good") >= 0 && t.small(10) || t.small(14) && !t.asks() && t.has("is correct", "is right", "are correct") >= 0
}

func refuses(t text) bool {
	if len(t.toks) == 0 {
		return false
	}
	if t.lang != "" && t.small(12) && spoken.Consent(t.raw) == spoken.No {
		return true
	}
	switch w := t.toks[0].low; w {
	case "no", "nope", "nah", "nahh", "naw", "noo", "nothing", "none", "negative", "nein", "non", "not":
		return w != "no" || !t.is(0, "no problem") && !t.is(0, "no worries")
	}
	return t.has("i don't think so", "don't do", "do not do", "rather not", "i don't", "i wouldn't", "it isn't", "it's not") >= 0 && t.small(8)
}

// corrects reports words that take back what was said before.
func corrects(t text) bool {
	return refuses(t) || t.has("actually", "sorry", "i meant", "i mean", "correction", "rather", "instead", "make it", "make that", "change it", "change that", "change the", "wrong", "wait", "not the", "scratch") >= 0
}

// again reports that something already done is wanted once more.
func again(t text) bool {
	return t.has("once more", "try again", "check again", "look again", "again please", "do it again", "do that again", "try it again", "try that again", "check it again", "check that again", "book it again", "retry", "recheck", "re-check", "refresh", "another try", "double check", "double-check") >= 0 || t.is(0, "again") && t.small(3)
}

// afresh reports that the same kind of thing is wanted for something else.
func afresh(t text) bool {
	return t.has("another", "a different", "different one", "a new", "a second", "one more", "other one", "second one", "next one", "also") >= 0
}

// requests reports words that ask for something to be done or told.
func requests(t text) bool {
	if t.asks() {
		return true
	}
	return t.has("i want", "i'd like", "i need", "i would need", "i'd need", "we need", "we want", "we'd like", "i also need", "i also want", "also need", "also want", "also like", "i just need", "i just want", "i would like", "i wanna", "i'm looking", "i am looking", "looking for", "please", "let's", "instead", "what about", "how about", "tell me", "help me", "show me", "find me", "get me", "book me", "looking to", "trying to", "wondering", "i have to", "i'd rather", "need to", "want to", "would like") >= 0
}

// sentence ends a text with a full stop when it has no mark of its own.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?…") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}
