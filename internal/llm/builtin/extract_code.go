package builtin

import (
	"strconv"
	"strings"
	"unicode"
)

// codes finds serial numbers, references and other identifiers, typed or
// spelled out: "SN-48213-B", "S N dash four eight two", "B as in bravo".
func (r reader) codes(p *param) []found {
	var out []found
	from, to := 0, len(r.toks)
	if r.answer {
		from, to = r.body(p)
		if f, ok := r.sampled(from, to, p); ok {
			return []found{f}
		}
	}
	for i := from; i < to; {
		f, ok := r.codeAt(i, to, p)
		if !ok {
			i++
			continue
		}
		out = append(out, f)
		i = f.end
	}
	return out
}

// sampled takes an answer that has the characters of an example, however they
// are parted: "sn 48213 b" for "SN-00000-X".
func (r reader) sampled(from, to int, p *param) (found, bool) {
	bare := strings.ToUpper(strings.Map(alphanumeric, r.span(from, to)))
	if bare == "" {
		return found{}, false
	}
	for _, s := range p.samples() {
		if strings.ToUpper(s) == s && shapeOf(strings.Map(alphanumeric, s)) == shapeOf(bare) {
			v := pour(bare, s)
			return found{value: quoted(v), at: from, end: to, said: v, sure: true}, true
		}
	}
	return found{}, false
}

// A spelling is a run of tokens that spell one code.
type spelling struct {
	parts []string // "SN", "-", "48213"
	end   int
	words int // tokens that are spelled out: letters, figures in words, NATO
}

func (s spelling) joined(sep string) string {
	var b strings.Builder
	for i, p := range s.parts {
		if i > 0 && sep != "" && !mark(p) && !mark(s.parts[i-1]) {
			b.WriteString(sep)
		}
		b.WriteString(p)
	}
	return b.String()
}

func mark(s string) bool { return len(s) == 1 && strings.Contains("-_./", s) }

func (r reader) codeAt(i, to int, p *param) (found, bool) {
	if r.pronominal(i) {
		return found{}, false
	}
	labelled := r.named(i, p)
	sp := r.spell(i, to, r.answer || labelled)
	if len(sp.parts) == 0 {
		return found{}, false
	}
	v := r.fit(sp, p)
	figures := strings.IndexFunc(v, unicode.IsDigit) >= 0
	single := sp.end == i+1
	raw := r.toks[i].raw
	f := found{value: quoted(v), at: i, end: sp.end, said: v}
	switch {
	case len(v) < 2 && !r.answer:
		return found{}, false
	case p.likes(v):
		f.sure = true
	case figures && (labelled || r.answer):
		f.sure = labelled
		if single && r.shaped(i) {
			return found{}, false
		}
	case figures && single && mixed(raw):
		f.sure = len(v) >= 4
		return f, !r.shaped(i) && len(v) >= 4
	case figures && single && len(v) >= 4 && allDigits(raw) && !p.letters():
		return f, !r.shaped(i)
	case figures && sp.words >= 4 && !single:
	case !figures && !anyWord(p.label+" "+p.desc, "number", "digits") && (r.answer || labelled) && (single && strings.ToUpper(raw) == raw && len(raw) > 2 || sp.words >= 3):
	default:
		return found{}, false
	}
	return f, true
}

// shaped reports that the single token is plainly something else.
func (r reader) shaped(i int) bool {
	w := r.toks[i].low
	if strings.ContainsAny(w, "@$€£%:") {
		return true
	}
	if _, n := r.writtenDate(i); n > 0 {
		return true
	}
	if _, ok := ordinal(w); ok {
		return true
	}
	core := strings.TrimSuffix(strings.TrimSuffix(w, "am"), "pm")
	return core != w && allDigits(core)
}

func mixed(s string) bool {
	digits, letters := false, false
	for _, c := range s {
		digits = digits || unicode.IsDigit(c)
		letters = letters || unicode.IsLetter(c)
	}
	return digits && (letters || strings.ContainsAny(s, "-_/"))
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// letters reports whether all examples of the parameter have letters.
func (p *param) letters() bool {
	for _, s := range p.samples() {
		if strings.IndexFunc(s, unicode.IsLetter) < 0 {
			return false
		}
	}
	return len(p.samples()) > 0
}

// samples are the examples, and codes that stand in the description.
func (p *param) samples() []string {
	p.told.Do(p.read)
	return p.likely
}

func (p *param) likes(v string) bool {
	for _, s := range p.samples() {
		if shapeOf(s) == shapeOf(v) {
			return true
		}
	}
	return false
}

// fit joins a spelling the way the parameter's examples are written.
func (r reader) fit(sp spelling, p *param) string {
	plainly := sp.joined("")
	for _, v := range []string{plainly, sp.joined("-"), sp.joined(" ")} {
		if p.likes(v) {
			for _, s := range p.samples() {
				if strings.ToUpper(s) == s && shapeOf(s) == shapeOf(v) {
					return strings.ToUpper(v)
				}
			}
			return v
		}
	}
	if bare := strings.Map(alphanumeric, plainly); bare != "" {
		for _, s := range p.samples() {
			if shapeOf(strings.Map(alphanumeric, s)) == shapeOf(bare) && strings.ToUpper(s) == s {
				return pour(strings.ToUpper(bare), s)
			}
		}
	}
	return plainly
}

func alphanumeric(c rune) rune {
	if unicode.IsLetter(c) || unicode.IsDigit(c) {
		return c
	}
	return -1
}

// pour writes the characters of bare into the form of sample: "SN48213B" into
// "XX-00000-X".
func pour(bare, sample string) string {
	var b strings.Builder
	next := []rune(bare)
	for _, c := range sample {
		if alphanumeric(c) < 0 {
			b.WriteRune(c)
			continue
		}
		if len(next) == 0 {
			return bare
		}
		b.WriteRune(next[0])
		next = next[1:]
	}
	return b.String() + string(next)
}

// named reports whether the words before i name the parameter.
func (r reader) named(i int, p *param) bool {
	for j := i - 1; j >= 0 && j >= i-4; j-- {
		t := r.toks[j]
		if t.final == '.' || t.final == '?' || t.final == ',' {
			return false
		}
		if p.says(t.stem) && !common(t.low) || p.only && t.low == "id" {
			return true
		}
		if t.low != "is" && t.low != "number" && t.low != "no" && t.low != "code" && t.low != "id" && t.low != "reference" && t.low != "ref" && t.low != "it's" && t.low != "the" && t.low != "#" && t.low != "with" && t.low != "ending" && t.low != "of" {
			return false
		}
	}
	return false
}

// spell reads the longest run of tokens at i that spells a code. Loose allows
// words like "oh" and "a" to be characters.
func (r reader) spell(i, to int, loose bool) spelling {
	sp := spelling{end: i}
	for j := i; j < to; {
		s, n, spelled := r.character(j, to, loose || j > i)
		if n == 0 || len(sp.parts) == 0 && mark(s) {
			break
		}
		if !spelled && len(sp.parts) > 0 && !r.chunk(j) {
			break
		}
		sp.parts = append(sp.parts, s)
		if spelled {
			sp.words += n
		}
		j += n
		sp.end = j
		last := r.toks[j-1]
		if last.final == '?' || last.final == ':' || last.final == ';' || last.stop && !spelled {
			break
		}
		if last.final == ',' || last.final == '.' {
			if _, n, next := r.character(j, to, true); n == 0 || !next {
				break
			}
		}
	}
	for len(sp.parts) > 0 && mark(sp.parts[len(sp.parts)-1]) {
		sp.parts = sp.parts[:len(sp.parts)-1]
		sp.end--
	}
	return sp
}

// chunk reports whether token j may go on a code: figures or short capitals.
func (r reader) chunk(j int) bool {
	raw := r.toks[j].raw
	return strings.ToUpper(raw) == raw
}

// character reads one part of a code at token j.
func (r reader) character(j, to int, loose bool) (s string, n int, spelled bool) {
	if j >= to {
		return "", 0, false
	}
	w, raw := r.toks[j].low, r.toks[j].raw
	if (w == "double" || w == "triple") && j+1 < to {
		if c, k, ok := r.character(j+1, to, true); ok && len(c) == 1 {
			if w == "triple" {
				return c + c + c, k + 1, true
			}
			return c + c, k + 1, true
		}
	}
	if len(w) == 1 && w[0] >= 'a' && w[0] <= 'z' {
		if !loose && (raw == "a" || raw == "A" || w == "i") {
			return "", 0, false
		}
		return strings.ToUpper(w), 1 + r.asIn(j+1), true
	}
	if d, ok := digit(w); ok && (loose || w != "oh") {
		return d, 1, true
	}
	if v, k := r.spelledNumber(j); k > 0 && w != "a" && w != "an" {
		if k > 1 && v < 100 || k == 1 {
			return strconv.Itoa(v), k, true
		}
		return strconv.Itoa(smallOnly(w)), 1, true
	}
	if m := punctuation(w); m != "" {
		return m, 1, true
	}
	if c := nato(w); c != "" && (loose && j > 0 || r.natoNext(j+1)) {
		return c, 1, true
	}
	if strings.IndexFunc(raw, unicode.IsDigit) >= 0 && !strings.ContainsAny(raw, "@:$€£%'") || strings.ToUpper(raw) == raw && len(raw) > 1 && len(raw) < 13 {
		return strings.Trim(raw, "#"), 1, false
	}
	return "", 0, false
}

func smallOnly(w string) int {
	if small(w) {
		return smallValue(w)
	}
	return 0
}

// asIn returns how many tokens "as in bravo", "for bravo" or "like bravo" take.
func (r reader) asIn(j int) int {
	for _, phrase := range []string{"as in", "for", "like in", "like"} {
		if n := r.matches(j, phrase); n > 0 && j+n < len(r.toks) && j > 0 && r.toks[j+n].low[0] == r.toks[j-1].low[0] {
			return n + 1
		}
	}
	return 0
}

func punctuation(w string) string {
	switch w {
	case "dash", "hyphen", "minus":
		return "-"
	case "slash":
		return "/"
	case "dot":
		return "."
	case "underscore":
		return "_"
	}
	return ""
}

// natoNext reports that another spelled character follows, so "mike" is an M.
func (r reader) natoNext(j int) bool {
	if j >= len(r.toks) {
		return false
	}
	w := r.toks[j].low
	_, isDigit := digit(w)
	return isDigit || nato(w) != "" || punctuation(w) != "" || len(w) == 1
}

func nato(w string) string {
	switch w {
	case "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "juliett", "kilo", "lima", "mike",
		"november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "x-ray", "xray", "yankee", "zulu":
		return strings.ToUpper(w[:1])
	}
	return ""
}
