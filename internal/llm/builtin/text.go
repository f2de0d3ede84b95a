package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is one word of a text with the punctuation around it taken off.
type token struct {
	raw   string // as written: "SN-48213-B"
	low   string // lower case, ’ as ', without a final 's: "dishwasher"
	stem  string // lightly stemmed: "book" of "booking"
	at    int    // offset of raw in the text
	end   int    // offset behind raw
	stop  bool   // a sentence or clause ends here: . , ; : ? !
	final byte   // the punctuation that ends it, 0 for none
	quote bool   // a quotation mark opens here
}

// A text is what somebody said, in words.
type text struct {
	raw  string
	toks []token
	lang string          // in which values are said, "" for English; see tongue
	hint map[string]bool // words that values are made of, as far as asked for
}

func read(s string) text {
	t := text{raw: s, toks: make([]token, 0, 1+len(s)/5)}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			i += n
			continue
		}
		j := i
		for j < len(s) {
			r, n := utf8.DecodeRuneInString(s[j:])
			if unicode.IsSpace(r) || r == '—' {
				break
			}
			j += n
		}
		t.add(i, j)
		i = j
		if strings.HasPrefix(s[i:], "—") {
			i += len("—")
		}
	}
	return t
}

// add makes a token of s[i:j], or two when a comma or slash joins words.
func (t *text) add(i, j int) {
	s := t.raw[i:j]
	if k := strings.Index(s, ".."); k > 0 && strings.Trim(s[k:], ".") != "" {
		t.add(i, i+k+2)
		t.add(i+k+2, j)
		return
	}
	if k := strings.IndexAny(s, ",;!?"); k > 0 && k < len(s)-1 && !digitAt(s, k+1) {
		t.add(i, i+k+1)
		t.add(i+k+1, j)
		return
	}
	if k := strings.IndexByte(s, '.'); k > 2 && (k < len(s)-2 || s[k+1:] == "I") && s[k-1] >= 'a' && s[k-1] <= 'z' && s[k+1] >= 'A' && s[k+1] <= 'Z' && !strings.ContainsAny(s, "@/") { // "in Leeds.Is that right?"
		t.add(i, i+k+1)
		t.add(i+k+1, j)
		return
	}
	if k := strings.IndexByte(s, '-'); k > 0 && k < 4 && len(s) > k+3 && allDigits(s[:k]) && strings.Trim(strings.TrimRight(s[k+1:], ".,;:!?"), "abcdefghijklmnopqrstuvwxyz") == "" { // "a 2-bedroom flat"
		t.add(i, i+k)
		t.add(i+k+1, j)
		return
	}
	core := strings.TrimLeft(s, "([{\"'“‘„«¿¡*_`<…-–.")
	lead := s[:len(s)-len(core)]
	body := strings.TrimRight(core, ")]}\"'”’»*`>…-–.,;:!?")
	tail := core[len(body):]
	if body == "" {
		if strings.ContainsAny(s, ".,;:!?") && len(t.toks) > 0 {
			t.toks[len(t.toks)-1].stop = true
		}
		return
	}
	tok := token{raw: body, at: i + len(lead), quote: strings.ContainsAny(lead, "\"“„«")}
	tok.end = tok.at + len(body)
	if strings.HasPrefix(tail, ".") && initials(body) { // "M.D."
		tok.end++
		tok.raw, tail = body+".", tail[1:]
		if tail == "" && !continues(t.raw[j:]) {
			tail = "."
		}
	}
	if k := strings.IndexAny(tail, ".,;:!?"); k >= 0 && !(abbreviation(body) && tail[k] == '.') {
		tok.stop, tok.final = true, tail[k]
	}
	low := strings.ToLower(body)
	if strings.Contains(low, "’") {
		low = strings.ReplaceAll(low, "’", "'")
	}
	if len(low) > 2 && strings.HasSuffix(low, "'s") && !contraction(low) {
		low = low[:len(low)-2]
	}
	switch low {
	case "p.m":
		low = "pm"
	case "a.m":
		low = "am"
	}
	tok.low = low
	tok.stem = stem(low)
	t.toks = append(t.toks, tok)
}

// initials reports capitals with dots between them: "M.D", "D.C".
func initials(s string) bool {
	for i := range len(s) {
		if i%2 == 0 && (s[i] < 'A' || s[i] > 'Z') || i%2 == 1 && s[i] != '.' {
			return false
		}
	}
	return len(s) > 2 && len(s)%2 == 1
}

// continues reports that a sentence does not end before what follows.
func continues(rest string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " "))
	return unicode.IsLower(r) || unicode.IsDigit(r)
}

func digitAt(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }

func abbreviation(s string) bool {
	switch strings.ToLower(s) {
	case "mr", "mrs", "ms", "dr", "st", "p.m", "a.m", "no", "apt", "ave", "rd", "blvd", "approx", "e.g", "i.e":
		return true
	}
	return false
}

func contraction(s string) bool {
	switch s {
	case "it's", "that's", "what's", "where's", "when's", "who's", "how's", "there's", "here's", "he's", "she's", "let's", "name's":
		return true
	}
	return false
}

// span returns the words from token i to before token j as they were written.
func (t text) span(i, j int) string {
	if i >= j || j > len(t.toks) {
		return ""
	}
	return t.raw[t.toks[i].at:t.toks[j-1].end]
}

// lowercase reports a text whose writer uses no capitals for names, as speech
// recognisers do.
func (t text) lowercase() bool {
	for i, tok := range t.toks {
		if unicode.IsUpper([]rune(tok.raw)[0]) && i > 0 && !t.toks[i-1].stop && tok.low != "i" && !strings.HasPrefix(tok.low, "i'") {
			return false
		}
	}
	return true
}

// is reports whether the words at i are those of phrase.
func (t text) is(i int, phrase string) bool { return t.matches(i, phrase) > 0 }

// matches returns how many tokens phrase takes at i, 0 when it is not there.
func (t text) matches(i int, phrase string) int {
	for n := 1; i >= 0 && i < len(t.toks); i, n = i+1, n+1 {
		w := t.toks[i].low
		if !strings.HasPrefix(phrase, w) {
			return 0
		}
		if len(phrase) == len(w) {
			return n
		}
		if phrase[len(w)] != ' ' {
			return 0
		}
		phrase = phrase[len(w)+1:]
	}
	return 0
}

// has returns the first place where one of the phrases stands, or -1.
func (t text) has(phrases ...string) int {
	for i := range t.toks {
		low := t.toks[i].low
		for _, p := range phrases {
			if p[0] == low[0] && t.matches(i, p) > 0 {
				return i
			}
		}
	}
	return -1
}

// asks reports whether the text is put as a question.
func (t text) asks() bool {
	if strings.Contains(t.raw, "?") {
		return true
	}
	if len(t.toks) < 3 {
		return false
	}
	switch t.toks[0].low {
	case "what", "what's", "where", "where's", "when", "when's", "who", "who's", "how", "how's", "why", "which",
		"is", "are", "do", "does", "did", "can", "could", "will", "would", "has", "have":
		return true
	}
	return false
}

// stem takes off the endings that do not change what a word is about. It is
// meant for comparing words with each other, not for showing.
func stem(w string) string {
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return w
		}
	}
	n := len(w)
	switch {
	case w == "movies" || w == "cookies":
		w = w[:n-1]
	case n > 4 && strings.HasSuffix(w, "ies"):
		w = w[:n-3] + "y"
	case n > 4 && (strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes") || strings.HasSuffix(w, "xes")):
		w = w[:n-2]
	case n > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is"):
		w = w[:n-1]
	}
	n = len(w)
	switch {
	case n > 5 && strings.HasSuffix(w, "ing"):
		w = undouble(w[:n-3])
	case n > 4 && strings.HasSuffix(w, "ed") && !strings.HasSuffix(w, "eed"):
		w = undouble(w[:n-2])
	}
	if n = len(w); n > 3 && w[n-1] == 'e' {
		w = w[:n-1]
	}
	return w
}

func undouble(w string) string {
	n := len(w)
	if n > 3 && w[n-1] == w[n-2] && !strings.ContainsRune("aeiousl", rune(w[n-1])) {
		return w[:n-1]
	}
	return w
}

// common reports words that say nothing about what somebody wants.
func common(w string) bool {
	switch w {
	case "a", "an", "the", "this", "that", "these", "those", "there", "here", "it", "its", "it's", "that's", "there's", "here's",
		"i", "i'm", "i'd", "i've", "i'll", "im", "me", "my", "mine", "myself", "we", "we're", "we'd", "us", "our", "you", "you're", "your", "yours",
		"he", "him", "his", "she", "her", "they", "them", "their", "someone", "something", "anything", "one", "ones",
		"is", "isn't", "am", "are", "aren't", "was", "were", "be", "been", "being", "do", "does", "did", "don't", "doesn't", "didn't", "has", "have", "haven't", "had",
		"can", "can't", "could", "couldn't", "will", "won't", "would", "should", "shall", "may", "might", "must",
		"and", "or", "but", "if", "then", "than", "so", "because", "as", "of", "to", "in", "on", "at", "by", "for", "from", "with", "without", "about", "into", "out", "up", "off", "over", "under", "until", "till", "between",
		"what", "what's", "which", "who", "when", "where", "why", "how", "whether",
		"not", "no", "yes", "ok", "okay", "please", "thanks", "thank", "hi", "hello", "hey", "well", "um", "uh", "oh", "just", "also", "too", "very", "really", "actually", "maybe", "again", "still", "already", "now", "ever", "only",
		"any", "some", "all", "each", "every", "other", "another", "more", "most", "much", "many", "few", "lot",
		"want", "need", "like", "wish", "get", "got", "give", "let", "let's", "make", "take", "go", "going", "come", "know", "think", "tell", "say", "said", "ask", "asks", "see", "try", "use", "used", "using", "help", "able", "sure", "good", "great", "new", "thing", "things", "way",
		"given", "customer", "customers", "caller", "callers", "user", "users", "client", "clients", "tool", "skill", "agent", "call", "calls", "specific", "particular", "based", "via", "e.g", "i.e", "etc", "e", "g":
		return true
	}
	return false
}

// content returns the tokens that say what a text is about.
func content(toks []token) []token {
	var out []token
	for _, t := range toks {
		if !common(t.low) {
			out = append(out, t)
		}
	}
	return out
}

// words turns a name like "warrantyEnd" or "order_number" into lower-case words.
func words(name string) string {
	var b strings.Builder
	prev := rune(0)
	rs := []rune(name)
	for i, r := range rs {
		switch {
		case r == '_' || r == '-' || r == '.' || r == '/' || r == ' ' || r == ':':
			r = ' '
			if prev == ' ' || b.Len() == 0 {
				prev = ' '
				continue
			}
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(prev) || unicode.IsDigit(prev) ||
			unicode.IsUpper(prev) && i+1 < len(rs) && unicode.IsLower(rs[i+1])):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		prev = r
	}
	return strings.TrimSpace(b.String())
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// lowerFirst leaves words like "ID" and "SN-48213" as they are.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) || unicode.IsDigit(next) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}
