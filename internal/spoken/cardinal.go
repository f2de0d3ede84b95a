package spoken

import "strings"

const most = 1_000_000_000_000

// cardinal reads a whole number in words: "two hundred and five", "a dozen",
// "quatre-vingt-dix-sept", "einundzwanzig".
func (s *scan) cardinal() (int, bool) {
	total, part, seen := s.counted(), 0, false
	if total > 0 {
		return total, true
	}
	if s.is("a hundred", "a thousand", "a million", "a billion", "an hundred", "un millon", "un million", "eine million") {
		s.at++
		part, seen = 1, true
	}
	for total < most {
		at := s.at
		if seen && (s.word(0) == "and" && (part >= 100 && part%100 == 0 || part == 0) || s.is("y", "et", "und")) {
			s.at++
			if !plain(s.word(0)) {
				s.at = at
				break
			}
		}
		sum, next := total, 0
		v, ok := s.add(part, seen)
		if next = v; !ok {
			sum, next, ok = s.times(total, part, seen)
		}
		if !ok {
			s.at = at
			break
		}
		total, part = sum, next
		s.at++
		seen = true
		if part == 0 && total == 0 {
			break // zero
		}
	}
	return total + part, seen && total < most
}

// counted reads numbers that are nouns: "two dozen", "a couple of". It is 0 when
// there is none.
func (s *scan) counted() int {
	switch {
	case s.take("a couple of", "a couple", "couple of"):
		return 2
	case s.take("half a dozen"):
		return 6
	case s.take("a dozen", "one dozen", "dozen", "una docena", "une douzaine", "ein dutzend"):
		return 12
	case s.take("two dozen"):
		return 24
	case s.take("three dozen"):
		return 36
	}
	return 0
}

// plain reports a word that is a number below a hundred.
func plain(w string) bool {
	v, ok := small(w)
	_, isTens := tens(w)
	return isTens || ok && v > 0
}

// add puts the next word into a number below a thousand, where it has room.
func (s *scan) add(part int, seen bool) (int, bool) {
	w, before := s.word(0), ""
	if s.at > 0 {
		before = s.words[s.at-1]
	}
	if v, ok := tens(w); ok {
		if v == 20 && part%100 == 4 && before == "quatre" {
			return part + 76, true
		}
		return part + v, part%100 == 0
	}
	if v, ok := hundreds(w); ok {
		return v, part == 0
	}
	v, ok := small(w)
	switch {
	case !ok:
		return 0, false
	case w == "once" && !seen && len(s.words) == 1: // English
		return 0, false
	case v == 0:
		return 0, !seen
	case v >= 100:
		return v, part == 0
	case part%100 == 0, part%10 == 0 && part%100 >= 20 && v < 10:
		return part + v, true
	case v >= 7 && v <= 9 && before == "dix" && part%10 == 0: // dix-sept
		return part + v, true
	case v >= 10 && v < 20 && (part%100 == 60 && before == "soixante" || part%100 == 80 && strings.HasPrefix(before, "vingt")):
		return part + v, true
	case v >= 11 && v < 17 && part%100 == 60 && before == "et": // soixante et onze
		return part + v, true
	}
	return 0, false
}

// times multiplies by a word such as "hundred".
func (s *scan) times(total, part int, seen bool) (newTotal, newPart int, ok bool) {
	bare := part == 0 && !seen
	switch s.word(0) {
	case "hundred", "hundert":
		if bare && s.word(0) == "hundert" {
			part = 1
		}
		return total, part * 100, part > 0 && part < 100
	case "cent":
		if part == 0 {
			return total, 100, true
		}
		return total, part * 100, part > 1 && part < 10 && (french(s.words[s.at-1]) || s.words[s.at-1] == "six")
	case "cents":
		return total, part * 100, part > 1 && part < 10 && s.at > 0 && french(s.words[s.at-1])
	case "thousand", "grand", "mil", "mille", "tausend":
		if bare && s.word(0) != "thousand" && s.word(0) != "grand" {
			part = 1
		}
		return total + part*1000, 0, part > 0 && total%1_000_000 == 0
	case "million", "millions", "millon", "millones", "millionen":
		return total + part*1_000_000, 0, part > 0 && total%1_000_000_000 == 0
	case "billion":
		return part * 1_000_000_000, 0, part > 0 && total == 0
	}
	return total, part, false
}

// french reports digits that are no English words: two cents are money, "deux cents"
// are two hundred.
func french(w string) bool {
	switch w {
	case "deux", "trois", "quatre", "cinq", "sept", "huit", "neuf":
		return true
	}
	return false
}

// digit returns the value of a single figure, as figures are spelled.
func digit(w string) (int, bool) {
	if len(w) == 1 && w[0] >= '0' && w[0] <= '9' {
		return int(w[0] - '0'), true
	}
	if w == "oh" || w == "o" || w == "nought" {
		return 0, true
	}
	v, ok := small(w)
	return v, ok && v < 10
}

// small returns the value of a word below twenty, and of longer ones that are
// written as one word.
func small(w string) (int, bool) {
	switch w {
	case "zero", "cero", "null":
		return 0, true
	case "one", "uno", "un", "una", "une", "eins", "ein", "eine", "einen", "einem", "einer":
		return 1, true
	case "two", "dos", "deux", "zwei", "zwo":
		return 2, true
	case "three", "tres", "trois", "drei":
		return 3, true
	case "four", "cuatro", "quatre", "vier":
		return 4, true
	case "five", "cinco", "cinq", "funf":
		return 5, true
	case "six", "seis", "sechs":
		return 6, true
	case "seven", "siete", "sept", "sieben":
		return 7, true
	case "eight", "ocho", "huit", "acht":
		return 8, true
	case "nine", "nueve", "neuf", "neun":
		return 9, true
	case "ten", "diez", "dix", "zehn":
		return 10, true
	case "eleven", "once", "onze", "elf":
		return 11, true
	case "twelve", "doce", "douze", "zwolf":
		return 12, true
	case "thirteen", "trece", "treize":
		return 13, true
	case "fourteen", "catorce", "quatorze":
		return 14, true
	case "fifteen", "quince", "quinze":
		return 15, true
	case "sixteen", "dieciseis", "seize":
		return 16, true
	case "seventeen", "diecisiete":
		return 17, true
	case "eighteen", "dieciocho":
		return 18, true
	case "nineteen", "diecinueve":
		return 19, true
	}
	if v, ok := strings.CutPrefix(w, "veinti"); ok {
		if v == "un" {
			return 21, true
		}
		u, ok := small(v)
		return 20 + u, ok && u > 0 && u < 10
	}
	return german(w)
}

func tens(w string) (int, bool) {
	switch w {
	case "twenty", "veinte", "vingt", "vingts", "zwanzig":
		return 20, true
	case "thirty", "treinta", "trente", "dreissig":
		return 30, true
	case "forty", "fourty", "cuarenta", "quarante", "vierzig":
		return 40, true
	case "fifty", "cincuenta", "cinquante", "funfzig":
		return 50, true
	case "sixty", "sesenta", "soixante", "sechzig":
		return 60, true
	case "seventy", "setenta", "septante", "siebzig":
		return 70, true
	case "eighty", "ochenta", "huitante", "octante", "achtzig":
		return 80, true
	case "ninety", "noventa", "nonante", "neunzig":
		return 90, true
	}
	return 0, false
}

// hundreds are the Spanish ones.
func hundreds(w string) (int, bool) {
	switch w {
	case "cien", "ciento":
		return 100, true
	case "quinientos", "quinientas":
		return 500, true
	case "setecientos", "setecientas":
		return 700, true
	case "novecientos", "novecientas":
		return 900, true
	}
	for _, ending := range []string{"cientos", "cientas"} {
		if head, ok := strings.CutSuffix(w, ending); ok {
			v, ok := small(head)
			return v * 100, ok && v > 1 && v < 10
		}
	}
	return 0, false
}

// german returns the value of a German number that is written as one word:
// "siebzehn", "einundzwanzig", "zweitausenddreihundert".
func german(w string) (int, bool) {
	if head, tail, ok := strings.Cut(w, "tausend"); ok && tail != "" {
		return compound(head, tail, 1000)
	}
	if head, tail, ok := strings.Cut(w, "hundert"); ok && (head != "" || tail != "") {
		return compound(head, tail, 100)
	}
	if head, tail, ok := strings.Cut(w, "und"); ok {
		u, okU := unit(head)
		t, okT := tens(tail)
		return t + u, okU && okT && u < 10
	}
	if head, ok := strings.CutSuffix(w, "zehn"); ok && head != "" {
		switch head {
		case "sech":
			return 16, true
		case "sieb":
			return 17, true
		}
		u, ok := unit(head)
		return 10 + u, ok && u > 2 && u < 10
	}
	return 0, false
}

func compound(head, tail string, scale int) (int, bool) {
	h, okH := 1, true
	if head != "" {
		if h, okH = unit(head); !okH {
			h, okH = german(head)
		}
	}
	rest, okT := 0, true
	if tail = strings.TrimPrefix(tail, "und"); tail != "" {
		if rest, okT = unit(tail); !okT {
			if rest, okT = tens(tail); !okT {
				rest, okT = german(tail)
			}
		}
	}
	return h*scale + rest, okH && okT && h > 0 && (h < 1000 || scale < 1000) && rest < scale
}

// unit returns the value of a German word up to twelve.
func unit(w string) (int, bool) {
	switch w {
	case "ein", "eins", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf":
		return small(w)
	}
	return 0, false
}

// ordinal returns the number of "3rd", "third", "primero" or "dritten".
func ordinal(w string) (int, bool) {
	n := strings.TrimLeft(w, "0123456789")
	if n != "" && n != w && len(w)-len(n) < 4 && ordinalMark(n) {
		v := 0
		for _, c := range w[:len(w)-len(n)] {
			v = 10*v + int(c-'0')
		}
		return v, true
	}
	switch w {
	case "first", "primero", "primer", "premier", "erste", "ersten", "erster":
		return 1, true
	case "second", "zweite", "zweiten", "zweiter":
		return 2, true
	case "third", "dritte", "dritten", "dritter":
		return 3, true
	case "fifth":
		return 5, true
	case "siebte", "siebten", "siebter":
		return 7, true
	case "eighth", "achte", "achten", "achter":
		return 8, true
	case "ninth":
		return 9, true
	case "twelfth":
		return 12, true
	case "twentieth":
		return 20, true
	case "thirtieth":
		return 30, true
	}
	if head, ok := strings.CutSuffix(w, "th"); ok {
		v, ok := small(head)
		return v, ok && v > 3
	}
	for _, ending := range []string{"sten", "ster", "ste", "ten", "ter", "te"} {
		if head, ok := strings.CutSuffix(w, ending); ok {
			if v, ok := germanBelowHundred(head); ok {
				return v, v > 3 && v < 100
			}
		}
	}
	return 0, false
}

func germanBelowHundred(w string) (int, bool) {
	if v, ok := unit(w); ok {
		return v, true
	}
	if v, ok := tens(w); ok {
		return v, true
	}
	return german(w)
}
