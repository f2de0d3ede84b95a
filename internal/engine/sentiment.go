package engine

import "strings"

// The moods of a caller's words.
const (
	positive   = "positive"
	neutral    = "neutral"
	negative   = "negative"
	frustrated = "frustrated"
)

// mood reads the sentiment of words: deterministic, from a list of words, English
// alone. It is a hint for an operator, and counts towards offering a person.
func mood(words string) string {
	text := " " + plainWords(words) + " "
	count := func(list string) int {
		n := 0
		for w := range strings.SplitSeq(list, ",") {
			n += strings.Count(text, " "+w+" ")
		}
		return n
	}
	angry := count("ridiculous,unacceptable,furious,angry,frustrated,frustrating,fed up,sick of,worst,disgusting,outrageous,scam,incompetent,useless,complaint,lawyer,sue,hate,awful,horrible,terrible,joke,for the third time,how many times,waste of time,wasting my time")
	bad := count("bad,poor,wrong,broken,disappointed,disappointing,unhappy,upset,annoyed,annoying,problem,problems,slow,late,still waiting,not working,doesn t work,never,rude,unfair,confusing,confused,no help")
	good := count("thanks,thank you,great,perfect,excellent,wonderful,awesome,lovely,good,helpful,happy,nice,appreciate,brilliant,fantastic")
	shouting := strings.Count(words, "!") >= 3
	switch {
	case angry > 0 && angry+bad > good || shouting && bad > 0:
		return frustrated
	case bad > good && bad >= 2, bad > 0 && good == 0 && shouting:
		return negative
	case good > bad:
		return positive
	}
	return neutral
}
