package builtin

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// A found is a value in a text: canonical JSON, the tokens it takes and how it
// was said.
type found struct {
	value json.RawMessage
	at    int
	end   int // token behind it
	said  string
	sure  bool // cannot well be anything else
	half  halfTime
	bare  bool // a day of which nobody said the month
	guess bool // carried over from something else: any word of the caller's goes before it
}

// A halfTime is a date without a time of day or the other way round, kept until
// the other half is said. Loose is an hour of which nobody said whether it is in the
// morning.
type halfTime struct {
	date, clock string
	loose       bool
}

// A reader finds values in one text. Answer says that the text answers a
// question for the value, which allows bare forms.
type reader struct {
	text
	now      time.Time
	dayFirst bool
	answer   bool
	past     bool   // dates of birth and the like lie behind
	hour     string // a time of day that the text may put into the morning or the evening
}

// find returns the values for p in the text, in its order.
func (r reader) find(p *param) []found {
	var out []found
	switch p.kind {
	case kindEmail:
		out = r.emails()
	case kindPhone:
		out = r.phones()
	case kindURI:
		out = r.uris()
	case kindDate:
		r.past = p.means("birth", "birthday", "dob", "born", "issued", "purchase", "purchased", "bought", "incident")
		out = r.dates()
	case kindTime:
		out = r.times()
	case kindDateTime:
		out = r.dateTimes()
	case kindDuration:
		out = r.durations(p)
	case kindMoney:
		out = r.amounts(p)
	case kindPostal:
		out = r.postcodes()
	case kindNumber:
		out = r.counts(p)
	case kindCode:
		out = r.codes(p)
	case kindBool:
		out = r.truths(p)
	case kindOption:
		out = r.choices(p)
	case kindPerson:
		out = r.people(p)
	case kindPlace:
		out = r.places(p)
	case kindAddress:
		out = r.addresses()
	default:
		out = r.free(p)
	}
	return p.accept(out)
}

// accept drops what the schema's pattern and lengths do not allow.
func (p *param) accept(in []found) []found {
	if p.pattern == "" && p.minLen == 0 && p.maxLen == 0 || p.list {
		return in
	}
	p.told.Do(p.read)
	re := p.allowed
	out := in[:0]
	for _, f := range in {
		s := plain(f.value)
		if p.minLen > 0 && len(s) < p.minLen || p.maxLen > 0 && len(s) > p.maxLen {
			continue
		}
		if re == nil || re.MatchString(s) {
			out = append(out, f)
			continue
		}
		if up := strings.ToUpper(s); re.MatchString(up) {
			f.value = quoted(up)
			out = append(out, f)
		}
	}
	return out
}

// body returns the tokens of an answer without its lead-in ("it's", "my serial
// number is") and without what follows it ("please", "thanks").
func (r reader) body(p *param) (int, int) {
	i, end := 0, len(r.toks)
	spelled := p.kind == kindCode || p.kind == kindPhone || p.kind == kindPostal
	for moved := true; moved && i < end; {
		moved = false
		for _, lead := range []string{"yes", "yeah", "yep", "sure", "ok", "okay", "well", "um", "uh", "so", "oh", "hmm", "no", "sorry", "actually", "hi", "hello",
			"it's", "it is", "its", "that's", "that is", "that would be", "that'd be", "it would be", "it's for", "i think", "i believe", "i guess",
			"i said", "i meant", "i mean", "make it", "make that", "let's say", "let's do", "i have", "i'd like", "i want", "i need", "i'd say", "please", "of course", "here it is", "here you go", "sure thing", "the answer is", "use", "and", "under", "i'm looking for", "i am looking for", "i'd prefer", "i would prefer", "i would like", "i prefer", "i'd love", "how about", "what about", "maybe", "probably", "perhaps"} {
			if n := r.matches(i, lead); n > 0 && i+n < end && !(spelled && lead == "oh") {
				i, moved = i+n, true
				break
			}
		}
		if n := r.labelled(i, p); n > 0 && i+n < end {
			i, moved = i+n, true
		}
	}
	for end > i+1 && r.trailing(end-1) {
		end--
	}
	for _, tail := range []string{"if you can", "if possible", "i think", "thank you", "i believe", "if that's ok", "would be great", "would be fine", "would be good", "would be nice", "would be perfect", "will be great", "will be fine", "will be okay", "will be good", "is fine", "is good", "is okay", "would work", "sounds good", "sounds great", "works for me", "is my first choice", "is my choice", "is my preference", "is my favorite", "is my favourite", "is what i want", "is what i'd like", "would be my choice", "would be my preference"} {
		n := strings.Count(tail, " ") + 1
		if end-n > i && r.is(end-n, tail) {
			end -= n
		}
	}
	return i, end
}

func (r reader) trailing(i int) bool {
	switch r.toks[i].low {
	case "please", "thanks", "now", "then":
		return true
	}
	return false
}

// labelled returns how many tokens at i name the parameter with "is" or a colon
// behind: "my serial number is", "the order number:", "serial".
func (r reader) labelled(i int, p *param) int {
	j := i
	for j < len(r.toks) && (r.toks[j].low == "my" || r.toks[j].low == "the" || r.toks[j].low == "our" || r.toks[j].low == "his" || r.toks[j].low == "her") {
		j++
	}
	k := j
	own := false
	for k < len(r.toks) && k-j < 4 && (p.says(r.toks[k].stem) || genericLabel(r.toks[k].low)) {
		own = own || (p.says(r.toks[k].stem) || p.kind.called(r.toks[k].low)) && !(r.toks[k].low == "name" && p.thingName() && !(k > j && own))
		k++
	}
	if k == j || k >= len(r.toks) || !own {
		return 0
	}
	switch r.toks[k].low {
	case "is", "was", "are", "would", "will":
		k++
		if k < len(r.toks) && r.toks[k].low == "be" {
			k++
		}
		return k - i
	}
	if r.toks[k-1].final == ':' || p.kind == kindCode && k > j {
		return k - i
	}
	return 0
}

// thingName reports the name of something that is no person, which "my name is" does
// not tell: a restaurant's, a venue's.
func (p *param) thingName() bool {
	return p.kind == kindText && lastWord(p.label, "name") && strings.Contains(p.label, " ")
}

func (p *param) says(stem string) bool {
	return len(stem) > 1 && slices.Contains(p.names, stem)
}

// called reports a word that may stand for any value of the kind.
func (k kind) called(w string) bool {
	switch w {
	case "number", "no", "code", "id":
		return k == kindCode || k == kindPhone || k == kindNumber || k == kindPostal
	case "name":
		return k == kindPerson || k == kindText
	case "address":
		return k == kindAddress || k == kindEmail || k == kindPlace || k == kindURI
	case "place", "location", "area", "city", "town":
		return k == kindPlace
	case "date":
		return k == kindDate || k == kindDateTime
	case "time":
		return k == kindTime || k == kindDateTime
	}
	return false
}

func genericLabel(w string) bool {
	switch w {
	case "number", "no", "name", "address", "code", "id", "date", "time", "place", "location", "area", "city", "town":
		return true
	}
	return false
}
