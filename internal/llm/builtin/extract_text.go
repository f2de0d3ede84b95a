package builtin

import (
	"slices"
	"strings"
	"unicode"
)

// free takes text as it was said: an answer without its lead-in, or, before it
// was asked for, words that can only be meant for the parameter.
func (r reader) free(p *param) []found {
	if len(r.toks) == 0 {
		return nil
	}
	if p.sorted() {
		if fs := r.sorts(p); len(fs) > 0 {
			return fs
		}
	}
	if fs := r.credited(p); len(fs) > 0 {
		return fs
	}
	if p.treats() && p.someone() {
		if fs := r.doctors(); len(fs) > 0 {
			return fs
		}
	}
	if r.answer && p.titled() {
		if i, end := r.acclaimed(p); end > i {
			return []found{{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end), sure: true}}
		}
	}
	if r.answer && (p.sorted() && p.knownSorts() || p.credits() != nil) {
		if i, end := r.body(p); end-i > 4 || p.sorted() && r.has("called", "named", "is the name", "titled") >= 0 || end > i && sortNoun(r.toks[end-1].low) || requests(r.text) && end-i > 2 {
			return nil
		}
	}
	if r.answer {
		i, end := r.body(p)
		if p.kind != kindPlace && (p.kind != kindText || p.message()) {
			i, end = min(i, r.afterFillers()), len(r.toks)
		}
		if p.kind == kindText && !p.message() && !p.ends("name", "title") && r.is(i, "the") && i+1 < end {
			i++ // "the lasagna" is called lasagna
		}
		if j := i + 1; p.kind == kindText && !p.message() && (r.is(i, "at") || r.is(i, "in")) {
			if r.is(j, "the") {
				j++
			}
			if j < end && unicode.IsUpper([]rune(r.toks[j].raw)[0]) {
				i = j // "at the Hotel Roma"
			}
		}
		if p.ends("name") && requests(r.text) {
			i, end = r.longestTitle(i, end)
		}
		if k := r.sentenceEnd(i); p.thingName() && end > k && k-i < 4 && r.toks[k-1].final == '.' && !common(r.toks[i].low) {
			end = k // "Cactus club. And let's start early."
		}
		if stop := r.titleEnd(i); p.thingName() && stop > i && stop < end && r.toks[stop-1].stop {
			end = stop // "the Old Town Inn, room 351"
		}
		v := r.span(i, end)
		if v == "" || unsure(r.text) || p.kind == kindPlace && end-i > 4 || p.ends("name") && (r.asks() || requests(r.text) && end-i > 2 && len(titles(r.text)) == 0 || pronoun(r.toks[i].low) || pointer(r.toks[i].low) || end-i > 8) || !p.message() && p.kind != kindQuery && r.empty(i, end) {
			return nil
		}
		return []found{{value: quoted(v), at: i, end: end, said: v}}
	}
	if i, end := r.told(p); end > i {
		return []found{{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end), sure: true}}
	}
	if p.titled() {
		if i, end := r.mentioned(p); end > i {
			return []found{{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end), sure: true}}
		}
	}
	if p.kind == kindText && !p.message() {
		if i, end := r.cued(p); end > i {
			return []found{{value: quoted(r.span(i, end)), at: i, end: end, said: r.span(i, end), sure: true}}
		}
	}
	switch p.kind {
	case kindQuery:
		i, end := r.questionPart()
		v := strings.TrimSpace(r.raw[r.toks[i].at:])
		if end < len(r.toks) {
			v = strings.TrimSpace(r.raw[r.toks[i].at:r.toks[end].at])
		}
		return []found{{value: quoted(v), at: i, end: end, said: v}}
	case kindProblem:
		return r.trouble()
	}
	return nil
}

// longestTitle narrows a wish to the name in it: "I want the Blue Door Bistro".
func (r reader) longestTitle(i, end int) (int, int) {
	at, width := i, 0
	for _, sp := range r.titleSpans() {
		if sp[0] >= i && sp[1] <= end && sp[1]-sp[0] > width {
			at, width = sp[0], sp[1]-sp[0]
		}
	}
	if width == 0 {
		return i, end
	}
	return at, at + width
}

// empty reports an answer of nothing but "that works for me" and the like.
func (r reader) empty(i, end int) bool {
	if end-i == 1 && !polite(r.toks[i].low) && !agrees(r.text) && !refuses(r.text) {
		return false
	}
	for ; i < end; i++ {
		if w := r.toks[i].low; !common(w) && !polite(w) && w != "works" && w != "correct" && w != "please" {
			return false
		}
	}
	return true
}

// cued finds a name behind a word of the parameter: "the album Blue Train",
// "directed by ann lee".
func (r reader) cued(p *param) (int, int) {
	for _, sp := range r.titleSpans() { // "the Blue Train album"
		if sp[1] < len(r.toks) && !r.toks[sp[1]-1].stop && p.says(r.toks[sp[1]].stem) && !common(r.toks[sp[1]].low) && !p.ends("name") {
			return sp[0], sp[1]
		}
	}
	if i := r.has("called", "named", "titled"); i >= 0 && i+1 < len(r.toks) && p.ends("name", "title") {
		end := i + 1
		for end < len(r.toks) && end < i+6 && (!endsName(r.toks[end].low) || r.goesOn(end)) {
			end++
			if r.toks[end-1].stop {
				break
			}
		}
		return i + 1, end
	}
	for i, t := range r.toks {
		if t.low == "name" && p.thingName() && !(i > 0 && p.says(r.toks[i-1].stem)) {
			continue // whose it is, was not said
		}
		if common(t.low) || t.stop && t.final != ':' || !slices.ContainsFunc(p.names, func(s string) bool { return s == t.stem && !common(s) || alike(s, t.stem) }) {
			continue
		}
		j := i + 1
		for j < len(r.toks) && (r.is(j, "by") && strings.HasSuffix(t.low, "ed") || r.is(j, "is") || r.is(j, "called") || r.is(j, "named") || r.is(j, "of")) {
			j++
		}
		end := r.placeEnd(j)
		for p.title() && end > j && end < len(r.toks) && end < j+6 && !r.toks[end-1].stop && !endsName(r.toks[end].low) {
			end++
		}
		if end == j && r.lowercase() && j > i+1 && !(r.is(j-1, "is") && r.unsettled(i, j)) {
			end = r.plainPlaceEnd(j)
		}
		if end > j {
			return j, end
		}
	}
	return 0, 0
}

// goesOn reports a word within a name that is written without capitals: "called home
// from home", "called bed and breakfast".
func (r reader) goesOn(i int) bool {
	switch r.toks[i].low {
	case "from", "and", "of", "the":
	default:
		return false
	}
	return i+1 < len(r.toks) && !r.toks[i].stop && !common(r.toks[i+1].low) && !dayWord(r.toks[i+1].low) && r.cityAt(i+1) == 0 && r.lowercase()
}

// mentioned finds the name of something that the caller asks about: "information
// on the Cambridge Arts Theatre", "recommended the Meghna restaurant".
func (r reader) mentioned(p *param) (int, int) {
	if i, end := r.acclaimed(p); end > i {
		return i, end
	}
	for _, sp := range r.titleSpans() {
		i, end := sp[0], sp[1]
		if r.text.housed(i, end) || i == 0 {
			continue
		}
		for r.is(i, "the") && i+1 < end {
			i++
		}
		kindred := end > i+1 && slices.Contains(p.about(), r.toks[end-1].stem) || end < len(r.toks) && !r.toks[end-1].stop && slices.Contains(p.about(), r.toks[end].stem) && !common(r.toks[end].low)
		if nationality(r.toks[i].low) && end == i+1 || r.cityAt(i) == end-i && !kindred && !(p.alone && r.is(i-1, "at")) {
			continue
		}
		lead := sp[0]
		for lead > 0 && r.is(lead-1, "the") {
			lead--
		}
		for _, ask := range []string{"information on", "information about", "info on", "info about", "details on", "details of", "details about", "details for", "tell me about", "heard of", "heard about", "know about", "more about", "called", "named", "recommended", "recommend", "looking for"} {
			n := strings.Count(ask, " ") + 1
			if lead >= n && r.is(lead-n, ask) && (end > i+1 || kindred || n == 1 && ask != "recommend") {
				return i, end
			}
		}
		if lead > 1 && (r.is(lead-2, "stay in") || r.is(lead-2, "staying in")) && p.visited() && r.cityAt(i) == 0 {
			return i, end // "stay in Victory House"
		}
		if lead > 0 && r.is(lead-1, "at") && p.visited() && (kindred || p.alone || r.cityAt(i) == 0) && !r.toks[lead-1].stop {
			return i, end // "a table at the Golden Wok"
		}
		if before := r.toks[max(lead-1, 0)]; lead > 0 && end > i+1 && !before.stop && !common(before.low) && slices.Contains(p.about(), before.stem) && before.low != "name" {
			return i, end // "the restaurant Golden Wok"
		}
		if before := r.toks[max(lead-1, 0)].low; kindred && lead > 0 && (r.is(lead, "the") || end > i+1 || p.visited()) && (!preposition(before) || before == "of" && p.visited()) {
			return i, end
		}
	}
	return 0, 0
}

// acclaimed finds the name of what callers want to see, have heard good things of, or
// that has two sides: "Angels vs Mariners".
func (r reader) acclaimed(p *param) (int, int) {
	attended := p.means("event", "match", "game", "show", "concert", "artist", "band", "performance", "movie", "film", "play", "festival", "fixture")
	if i := r.has("vs", "versus"); attended && i > 0 && i+1 < len(r.toks) && r.lowercase() && !common(r.toks[i-1].low) && !common(r.toks[i+1].low) {
		from, end := i-1, i+2
		if from > 0 && !common(r.toks[from-1].low) && !r.toks[from-1].stop && r.has("see", "watch", "find", "of", "for", "to") != from-1 {
			from--
		}
		return from, end // "sparks vs wings"
	}
	for _, sp := range r.titleSpans() {
		i, end := sp[0], sp[1]
		city := r.cityAt(i) == end-i
		switch {
		case attended && r.versus(i, end), end > i+1 && !city && r.praised(i, end):
			return i, end
		case attended && !city && r.wished(i) && !(end == i+1 && (musicGenre(r.toks[i].low) || sport(r.toks[i].low) || sortNoun(r.toks[i].low) || kin(r.toks[i].stem) != "")):
			return i, end
		case attended && !city && (r.is(i-1, "see") || r.is(i-1, "seeing") || r.is(i-1, "attend")):
			return i, end
		}
	}
	return 0, 0
}

// wished reports words for a wish before a name.
func (t text) wished(i int) bool {
	for _, lead := range []string{"i'd like", "i want", "i would like", "how about", "what about", "interested in", "look for", "looking for", "thinking of", "thinking about", "i love", "i like", "some", "any", "dates for", "date for", "tickets for", "tickets to", "ticket for", "ticket to", "available for", "shows by", "concerts by"} {
		if k := i - strings.Count(lead, " ") - 1; k >= 0 && t.is(k, lead) {
			return true
		}
	}
	return false
}

// versus reports a name with two sides: "Angels vs Mariners".
func (t text) versus(i, end int) bool {
	return slices.ContainsFunc(t.toks[i:end], func(tok token) bool { return tok.low == "vs" || tok.low == "versus" })
}

// praised reports a name that the caller has heard good things of: "I heard that Blue Door
// is great".
func (t text) praised(i, end int) bool {
	for _, lead := range []string{"heard", "heard that", "told that", "said that", "told me that", "heard good things about"} {
		if k := i - strings.Count(lead, " ") - 1; k >= 0 && t.is(k, lead) {
			return true
		}
	}
	if !t.is(end, "is") && !t.is(end, "are") && !t.is(end, "seems") && !t.is(end, "sounds") && !t.is(end, "was") || end > 0 && t.toks[end-1].stop {
		return false
	}
	for j := end + 1; j < len(t.toks) && j < end+7 && !t.toks[j-1].stop; j++ {
		switch t.toks[j].low {
		case "good", "great", "fun", "amazing", "awesome", "worth", "excellent", "fantastic":
			return t.has("i heard", "heard", "supposed", "supposedly", "told", "seems", "seem", "they say", "people say", "apparently") >= 0
		}
	}
	return false
}

// visited reports the name of something that one is at: a hotel, a venue.
func (p *param) visited() bool { return p.ends("name") && p.means(venues...) }

// venues are what people go to and call by a name.
var venues = []string{"restaurant", "hotel", "venue", "theater", "theatre", "cinema", "bar", "pub", "club", "cafe", "café", "clinic", "salon", "shop", "store", "hospital", "school", "apartment", "building", "property",
	"museum", "gym", "spa", "garage", "branch", "office", "bank", "studio", "stadium", "gallery", "diner", "bistro", "place", "location", "company", "business", "dealership", "pharmacy", "university", "college"}

// title reports parameters for the title of a work.
func (p *param) title() bool {
	return len(p.toks) < 5 && (p.album() || p.means("song", "title", "movie", "book"))
}

// pointer reports words that point at something instead of naming it.
func pointer(w string) bool {
	switch w {
	case "this", "that", "these", "those", "another", "any", "anything", "something", "which":
		return true
	}
	return false
}

func pronoun(w string) bool {
	switch w {
	case "i", "i'm", "i've", "she", "she's", "he", "he's", "it", "they", "we", "you", "there":
		return true
	}
	return false
}

// message reports parameters that hold a text for somebody else.
func (p *param) message() bool {
	return p.means("message", "note", "notes", "comment", "comments", "text", "body")
}

// questionPart is the text without sentences before its question: greetings and
// introductions.
func (r reader) questionPart() (int, int) {
	start := 0
	for i, t := range r.toks {
		if t.final == '?' {
			return start, i + 1
		}
		if t.final == '.' || t.final == '!' {
			start = i + 1
		}
	}
	start = 0
	for start < len(r.toks)-1 && (r.toks[start].low == "hi" || r.toks[start].low == "hello" || r.toks[start].low == "hey") {
		start++
	}
	return start, len(r.toks)
}

func (r reader) afterFillers() int {
	i := 0
	for i < len(r.toks)-1 && (r.toks[i].low == "well" || r.toks[i].low == "um" || r.toks[i].low == "uh" || r.toks[i].low == "so" || r.toks[i].low == "yes") {
		i++
	}
	return i
}

// told finds "the reason is …" and "message: …".
func (r reader) told(p *param) (int, int) {
	for i := range r.toks {
		if n := r.labelled(i, p); n > 0 && r.toks[i+n-1].low == "is" && (r.unsettled(i, i+n) || p.titled() && adjective(r.toks[min(i+n, len(r.toks)-1)].low)) {
			continue
		} else if n > 0 && r.toks[i+n-1].low == "is" || n > 0 && r.toks[i+n-1].final == ':' {
			j := i + n
			for j < len(r.toks) && !(j > i+n && (r.toks[j-1].final == '.' || r.toks[j-1].final == '?' || r.toks[j-1].final == '!' || r.toks[j-1].final == ';')) {
				j++
			}
			if end := r.titleEnd(i + n); p.titled() && end > i+n && end < j && r.is(end, "and") {
				j = end // "the host is Ben and the venue is the Blue Door"
			}
			return i + n, j
		}
	}
	for _, lead := range []string{"because of", "because", "due to"} {
		if p.kind != kindProblem {
			break
		}
		if i := r.has(lead); i >= 0 {
			return i + r.matches(i, lead), r.sentenceEnd(i)
		}
	}
	return 0, 0
}

// adjective reports words of praise and blame that are no name behind "is".
func adjective(w string) bool {
	switch w {
	case "good", "great", "fun", "nice", "really", "very", "so", "too", "supposed", "supposedly", "perfect", "better", "best", "interesting", "amazing":
		return true
	}
	return false
}

// unsettled reports that what follows "is" at i tells no value: "what genre is that?",
// "the song is now playing".
func (r reader) unsettled(start, i int) bool {
	if start > 0 && !r.toks[start-1].stop {
		switch r.toks[start-1].low {
		case "what", "which", "whose":
			return true
		}
	}
	if i >= len(r.toks) {
		return true
	}
	switch w := r.toks[i].low; w {
	case "taking", "happening", "starting", "playing", "going", "located", "held", "scheduled":
		return true
	case "now", "not", "being", "already", "also", "just", "ready", "there", "that", "this", "it", "correct", "wrong", "right", "fine", "okay", "ok", "available":
		return true
	}
	return false
}

func (r reader) sentenceEnd(i int) int {
	for i < len(r.toks) {
		i++
		if f := r.toks[i-1].final; f == '.' || f == '?' || f == '!' || f == ';' {
			break
		}
	}
	return i
}

// trouble takes the clause that tells what is wrong.
func (r reader) trouble() []found {
	for i, t := range r.toks {
		if !wrong(t) {
			continue
		}
		start, end := i, i+1
		for start > 0 && !r.toks[start-1].stop && r.toks[start-1].low != "because" && r.toks[start-1].low != "and" && r.toks[start-1].low != "that" {
			start--
		}
		for end < len(r.toks) && !r.toks[end-1].stop && !(r.toks[end].low == "and" && end+1 < len(r.toks) && (r.toks[end+1].low == "i" || r.toks[end+1].low == "i'd" || r.toks[end+1].low == "can")) {
			end++
		}
		for start < i && greets(r.toks[start].low) {
			start++
		}
		v := r.span(start, end)
		if r.asksFor(start, end) {
			continue
		}
		return []found{{value: quoted(v), at: start, end: end, said: v}}
	}
	return nil
}

func greets(w string) bool {
	switch w {
	case "hi", "hello", "so", "hey", "good", "morning", "afternoon", "evening", "yes", "well":
		return true
	}
	return false
}

// asksFor reports a clause that is a wish, not a complaint: "can you fix it".
func (r reader) asksFor(start, end int) bool {
	for j := start; j < end; j++ {
		switch r.toks[j].low {
		case "can", "could", "want", "like", "need", "how", "please", "is", "i'd", "report", "book":
			if r.toks[j].low != "is" || j == start {
				return true
			}
		}
	}
	return false
}

func wrong(t token) bool {
	switch t.stem {
	case "leak", "broken", "brok", "burst", "stuck", "block", "clogg", "clog", "crack", "overflow", "flood", "dead", "hurt", "ach", "pain", "fever", "cough", "sick", "ill", "sor", "nois", "noisy", "smell",
		"fail", "damag", "missing", "wrong", "stopp", "stop", "jamm", "drip", "rattl", "defectiv", "faulty", "toothach", "headach", "flu", "cold", "itch", "rash", "dizzy", "spark", "torn":
		return true
	}
	switch t.low {
	case "won't", "doesn't", "isn't", "can't", "doesnt", "wont", "isnt":
		return true
	}
	return false
}
