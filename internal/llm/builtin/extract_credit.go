package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// credits are the words that a name follows when somebody is named for what
// they did: "directed by", "starring". Nil for other parameters.
func (p *param) credits() []string {
	if p.kind != kindText && p.kind != kindPerson {
		return nil
	}
	l := p.label + " " + p.desc
	switch {
	case p.means("director", "directed"), p.head == "name" && anyWord(p.desc, "director"):
		return []string{"directed by", "director is", "director", "directs", "direction by", "direction of", "made by", "movie by", "movies by", "film by", "one by", "from"}
	case anyWord(l, "actor", "actors", "actress", "starring", "cast") && !lastWord(p.label, "title", "movie", "film"):
		return []string{"starring", "staring", "stars", "star", "featuring", "features", "actor", "actress", "acted by", "played by", "cast includes", "acting", "actors like", "with"}
	case p.means("author", "writer"):
		return []string{"written by", "author", "author is", "by"}
	case p.means("artist", "singer", "band", "musician", "composer", "performer"):
		return []string{"sung by", "performed by", "singer", "artist", "band", "musician", "by", "songs of", "music of", "i like", "i love", "i enjoy"}
	case p.album():
		return []string{"album called", "album named", "album titled", "album"}
	case p.means("recipient", "receiver", "payee", "beneficiary"):
		return []string{"transfer to", "money to", "it to", "send to", "pay", "recipient is", "to"}
	}
	return nil
}

// album reports a parameter for what a song is on.
func (p *param) album() bool {
	return p.means("album") || anyWord(p.desc, "song", "songs", "track", "tracks") && (anyWord(p.label, "collection", "recording", "record", "compilation") || p.head == "recording" || p.head == "collection")
}

// credited finds names behind words of credit, surest first.
func (r reader) credited(p *param) []found {
	if p.credits() != nil || p.someone() {
		for i, t := range r.toks {
			if !r.is(i+1, "by") || t.stop || !p.agentOf(t.stem) {
				continue
			}
			if end := r.creditEnd(i+2, true); end > i+2 && r.cityAt(i+2) != end-i-2 {
				v := r.span(i+2, end)
				return []found{{value: quoted(v), at: i + 2, end: end, said: v, sure: true}}
			}
		}
	}
	for k, lead := range p.credits() {
		for i := range r.toks {
			n := r.matches(i, lead)
			if n == 0 {
				continue
			}
			j := i + n
			for r.is(j, "the") && !p.title() || r.is(j, "by") || r.is(j, "is") || r.is(j, "actor") || r.is(j, "actress") || r.is(j, "director") {
				j++
			}
			end := r.creditEnd(j, k < 6)
			for p.title() && end > j && end < len(r.toks) && end < j+6 && !r.toks[end-1].stop && !endsName(r.toks[end].low) {
				end++
			}
			if end > j && r.cityAt(j) != end-j {
				v := owner(r.span(j, end))
				return []found{{value: quoted(v), at: j, end: end, said: v, sure: true}}
			}
		}
	}
	return nil
}

// relation reports words that go before a name and belong to it.
func relation(w string) bool {
	switch w {
	case "uncle", "aunt", "auntie", "aunty", "cousin", "grandma", "grandpa", "granny", "brother", "sister", "mr", "mrs", "ms", "miss", "dr", "doctor", "professor", "prof", "father", "nurse", "sir", "lady", "captain":
		return true
	}
	return false
}

// agentOf reports that the parameter is for whoever does what the verb says: the
// director of what is "directed by".
func (p *param) agentOf(verb string) bool {
	return len(verb) > 3 && slices.ContainsFunc(p.about(), func(s string) bool {
		return strings.HasPrefix(s, verb) && len(s) > len(verb) && len(s) < len(verb)+4 && (strings.HasSuffix(s, "er") || strings.HasSuffix(s, "or"))
	})
}

// creditEnd follows a name in capitals, or without them where all is written so
// and the words before left no doubt.
func (r reader) creditEnd(j int, certain bool) int {
	if j+1 < len(r.toks) && relation(r.toks[j].low) && !r.toks[j].stop { // "uncle Richard"
		if end := r.creditEnd(j+1, true); end > j+1 {
			return end
		}
	}
	if end := r.titleEnd(j); end > j {
		if _, n := r.date(j); n > 0 {
			return j
		}
		return end
	}
	if !r.lowercase() {
		return j
	}
	if !certain && !(j < len(r.toks) && firstNames()[r.toks[j].low] && !r.toks[j].stop) {
		return j
	}
	k := j
	for k < len(r.toks) && k < j+3 && !common(r.toks[k].low) && unicode.IsLetter([]rune(r.toks[k].raw)[0]) && !sortNoun(r.toks[k].low) {
		k++
		if r.toks[k-1].stop {
			break
		}
	}
	return k
}
