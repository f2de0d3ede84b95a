package builtin

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"callwright/internal/spoken"
)

// tongue is the language in which values are said when it is one of those that
// package spoken reads beside English: that of the words themselves, else the
// agent's; "" for English.
func tongue(t text, agent string) string {
	home, _, _ := strings.Cut(strings.ToLower(agent), "-")
	votes := map[string]int{}
	english := 0
	for _, tok := range t.toks {
		for _, lang := range []string{"es", "fr", "de"} {
			if functionWord(lang, tok.low) {
				votes[lang]++
			}
		}
		switch tok.low {
		case "the", "is", "and", "to", "of", "for", "i", "i'd", "i'm", "my", "at", "on", "please", "with", "you", "it", "next":
			english++
		}
	}
	best := ""
	for _, lang := range []string{"es", "fr", "de"} {
		if votes[lang] > votes[best] && votes[lang] > english && (votes[lang] > 1 || lang == home) {
			best = lang
		}
	}
	if best == "" && english == 0 && (home == "es" || home == "fr" || home == "de") {
		return home
	}
	return best
}

// functionWord reports the small words that give a language away. Words that two of
// the languages share count for both.
func functionWord(lang, w string) bool {
	switch lang {
	case "es":
		switch w {
		case "el", "la", "los", "las", "un", "una", "de", "del", "al", "que", "para", "por", "con", "y", "es", "en", "mi", "su", "me", "quiero", "quisiera", "necesito", "tengo", "puede", "hola", "gracias", "mañana", "hoy", "sí", "favor", "somos", "soy", "estoy", "llamo", "personas":
			return true
		}
	case "fr":
		switch w {
		case "le", "la", "les", "un", "une", "de", "du", "des", "et", "pour", "avec", "je", "j'ai", "voudrais", "est", "c'est", "en", "mon", "ma", "votre", "vous", "nous", "sommes", "suis", "à", "au", "bonjour", "merci", "demain", "oui", "non", "m'appelle", "d'accord", "personnes", "s'il":
			return true
		}
	case "de":
		switch w {
		case "der", "die", "das", "den", "dem", "ein", "eine", "einen", "und", "für", "mit", "ich", "möchte", "ist", "mein", "meine", "bitte", "danke", "ja", "nein", "wir", "sind", "um", "uhr", "am", "im", "zu", "guten", "hallo", "nicht", "personen", "bei", "heiße":
			return true
		}
	}
	return false
}

// said is what package spoken needs to know.
func (r reader) said() spoken.Context {
	return spoken.Context{Now: r.now, Region: strings.ToUpper(r.lang), Past: r.past}
}

// windows finds values of a format in words of another language: the longest run of
// words that can be read whole, from left to right.
func (r reader) windows(format string) []found {
	var out []found
	for i := 0; i < len(r.toks); {
		n := r.window(i, format)
		if n == 0 {
			i++
			continue
		}
		v, err := spoken.Read(format, r.span(i, i+n), r.said())
		if err == nil {
			out = append(out, found{value: quoted(v), at: i, end: i + n, said: r.span(i, i+n), sure: true})
		}
		i += n
	}
	return out
}

// window is how many tokens at i make one value.
func (r reader) window(i int, format string) int {
	last, first := min(len(r.toks), i+8), -1
	for j := i; j < last; j++ { // values do not go over the end of a clause, "3. Mai" has none
		if first < 0 && (r.telling(r.toks[j].low) || j > 0 && r.is(j, "una") && r.is(j-1, "la")) { // one o'clock
			first = j
		}
		if r.toks[j].stop && !(r.toks[j].final == '.' && allDigits(r.toks[j].low)) {
			last = j + 1
		}
	}
	if first < 0 || first > i+3 {
		return 0
	}
	for j := last; j > first; j-- {
		s := r.span(i, j)
		if _, err := spoken.Read(format, s, r.said()); err != nil {
			continue
		}
		if _, err := spoken.Number("", "", s, r.said()); err == nil && !(format == "time" && r.answer && !r.counting(j)) {
			continue // a bare number says nothing
		}
		if format == "time" && j == i+1 && strings.IndexFunc(s, unicode.IsDigit) < 0 && len(s) < 4 {
			continue
		}
		return j - i
	}
	return 0
}

// telling reports a word that a value is made of: a figure, a number, a day, a month,
// a unit. It spares reading every run of words of a long text.
func (t text) telling(w string) bool {
	if w[0] >= '0' && w[0] <= '9' {
		return true
	}
	if indefinite(w) {
		return false
	}
	known, ok := t.hint[w]
	if ok {
		return known
	}
	c := spoken.Context{Region: strings.ToUpper(t.lang), Now: time.Unix(0, 0).UTC()}
	_, err := spoken.Number("", "", w, c)
	known = err == nil
	for _, probe := range [][2]string{{"date", w}, {"time", w}, {"date", "1 de " + w}, {"date", "1 " + w}, {"date", "1. " + w}, {"time", "2 " + w}, {"duration", "2 " + w}, {"duration", w}, {"money", "2 " + w}} {
		if known {
			break
		}
		_, err := spoken.Read(probe[0], probe[1], c)
		known = err == nil
	}
	if t.hint != nil {
		t.hint[w] = known
	}
	return known
}

// foreignNumber reads a cardinal in words or figures of the text's language.
func (t text) foreignNumber(i int) (string, int) {
	if !t.telling(t.toks[i].low) && !indefinite(t.toks[i].low) {
		return "", 0
	}
	c := spoken.Context{Region: strings.ToUpper(t.lang)}
	if w := t.toks[i].low; (t.lang == "es" || t.lang == "de") && strings.Count(w, ".") > 0 && !strings.Contains(w, ",") {
		if s := strings.ReplaceAll(w, ".", ""); allDigits(s) && len(w)-strings.LastIndexByte(w, '.') == 4 {
			return s, 1 // 1.200 has a thousand in it
		}
	}
	last := min(len(t.toks), i+6)
	for j := last; j > i; j-- {
		if s, err := spoken.Number("", "", t.span(i, j), c); err == nil && !(j == i+1 && len(t.toks) > 1 && indefinite(t.toks[i].low)) {
			return plainDecimal(s), j - i
		}
	}
	return "", 0
}

// indefinite reports an article that is also the number one.
func indefinite(w string) bool {
	switch w {
	case "un", "una", "une", "ein", "eine", "einen", "einem", "einer":
		return true
	}
	return false
}

func plainDecimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// foreignDurations finds lengths of time in words of another language.
func (r reader) foreignDurations(p *param) []found {
	out := r.windows("duration")
	for k, f := range out {
		if !p.number && !p.bare {
			continue
		}
		unit := "minutes"
		switch p.unitMinutes() {
		case 60:
			unit = "hours"
		case 24 * 60:
			unit = "days"
		}
		n, err := spoken.Number("duration", unit, f.said, r.said())
		if err != nil {
			continue
		}
		out[k].value = json.RawMessage(n)
		if !p.number {
			out[k].value = quoted(n)
		}
	}
	return out
}

// foreignAmounts finds sums of money that name a currency.
func (r reader) foreignAmounts(p *param) []found {
	out := r.windows("money")
	for k, f := range out {
		s, err := strconv.Unquote(string(f.value))
		if err != nil {
			continue
		}
		s = plainDecimal(s)
		out[k].value = quoted(s)
		if p.number {
			out[k].value = json.RawMessage(s)
		}
	}
	return out
}
