package spoken

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

const exampleNumber = "a number, such as 42"

func plainNumber(text string, c Context) (string, error) {
	if json.Valid([]byte(text)) && strings.Trim(text, "-0123456789.") == "" {
		return text, nil // it is one already, whatever the marks mean here
	}
	s := scanned(text, c)
	n, ok := s.number()
	if !ok || !s.done() {
		return "", must(exampleNumber)
	}
	return decimal(n), nil
}

// decimal writes a number that has a finite decimal form.
func decimal(n *big.Rat) string {
	if n.IsInt() {
		return n.RatString()
	}
	return strings.TrimRight(n.FloatString(20), "0")
}

// number reads a number in figures or words, with its fraction and its sign.
func (s *scan) number() (*big.Rat, bool) {
	return try(s, func() (*big.Rat, bool) {
		minus := s.take("minus", "negative", "menos", "moins")
		n, ok := s.unsigned()
		if ok && minus {
			n.Neg(n)
		}
		return n, ok
	})
}

func (s *scan) unsigned() (*big.Rat, bool) {
	if n, ok := s.fraction(); ok {
		return s.scaled(n), true
	}
	n, ok := s.written()
	if !ok {
		v, spelled := try(s, s.cardinal)
		if n = big.NewRat(int64(v), 1); spelled {
			n = s.decimals(n)
		} else if v, spelled = s.half(); spelled { // anderthalb
			n = big.NewRat(int64(v), 2)
		} else if s.is("point") {
			n = s.decimals(new(big.Rat))
			spelled = n.Sign() != 0
		}
		ok = spelled
	}
	if !ok {
		return nil, false
	}
	if n.IsInt() {
		switch {
		case s.take("and a half", "y medio", "y media", "et demi", "et demie", "ein halb", "und ein halb"):
			n.Add(n, big.NewRat(1, 2))
		case s.take("and a quarter", "y cuarto", "et quart", "un quart"):
			n.Add(n, big.NewRat(1, 4))
		case s.take("and three quarters"):
			n.Add(n, big.NewRat(3, 4))
		}
	}
	return s.scaled(n), true
}

// fraction reads "half a" and "three quarters of a".
func (s *scan) fraction() (*big.Rat, bool) {
	n := new(big.Rat)
	switch {
	case s.take("half a", "half an", "half of a", "half of an", "a half", "half", "media", "medio", "demi", "une demi", "un demi", "eine halbe", "einen halben", "ein halber", "ein halbes"):
		n.SetFrac64(1, 2)
	case s.take("three quarters of a", "three quarters of an", "three quarters", "tres cuartos de", "trois quarts", "dreiviertel"):
		n.SetFrac64(3, 4)
	case s.take("a quarter of a", "a quarter of an", "quarter of a", "quarter of an", "a quarter", "quarter", "un cuarto de", "un quart", "eine viertel", "ein viertel"):
		n.SetFrac64(1, 4)
	default:
		return nil, false
	}
	return n, true
}

// half reads the German numbers between two: "anderthalb" is three halves.
func (s *scan) half() (int, bool) {
	w, ok := strings.CutSuffix(s.word(0), "einhalb")
	v, known := germanBelowHundred(w)
	switch {
	case s.word(0) == "anderthalb":
		v = 1
	case !ok || !known:
		return 0, false
	}
	s.at++
	return 2*v + 1, true
}

// decimals reads "point five" behind a number.
func (s *scan) decimals(n *big.Rat) *big.Rat {
	if !s.is("point", "comma", "punto", "coma", "virgule", "komma") {
		return n
	}
	at, figures := s.at, ""
	s.at++
	if v, ok := try(s, s.cardinal); ok && v >= 10 && v < 100 { // point fifteen
		figures = strconv.Itoa(v)
	} else {
		s.at = at + 1
		for len(figures) < 12 {
			w := s.word(0)
			if v, ok := digit(w); ok {
				w = strconv.Itoa(v)
			} else if !digits(w) || figures != "" {
				break
			}
			figures += w
			s.at++
		}
	}
	sum, ok := new(big.Rat).SetString("0." + figures)
	if figures == "" || len(figures) > 18 || !ok {
		s.at = at
		return n
	}
	return sum.Add(sum, n)
}

// scaled reads "million" behind figures or a fraction.
func (s *scan) scaled(n *big.Rat) *big.Rat {
	k := int64(1)
	switch {
	case s.take("hundred"):
		k = 100
	case s.take("thousand", "k", "grand", "mille", "tausend"):
		k = 1000
	case s.take("million", "millions", "millon", "millones", "millionen"):
		k = 1_000_000
	case s.take("billion"):
		k = 1_000_000_000
	case s.take("dozen"):
		k = 12
	}
	return n.Mul(n, big.NewRat(k, 1))
}

// written reads figures, with groups of thousands that stand apart: "1 200,50".
func (s *scan) written() (*big.Rat, bool) {
	w := s.word(0)
	if w == "" || strings.Trim(w[:1], "-.0123456789") != "" {
		return nil, false
	}
	n := 1
	if head := strings.TrimPrefix(w, "-"); digits(head) && len(head) <= 3 {
		for group(s.word(n)) && digits(w) {
			w += s.word(n)
			n++
		}
	}
	v, ok := s.figures(w)
	if ok {
		s.at += n
	}
	return v, ok
}

// group reports three figures, and perhaps decimals behind them.
func group(w string) bool {
	return len(w) >= 3 && digits(w[:3]) && (len(w) == 3 || w[3] == ',' || w[3] == '.')
}

// figures reads figures with the marks that people set in them. The last of two
// kinds of mark begins the decimals. A single one before three figures parts
// thousands where the region does that; elsewhere nobody can tell, so it is refused.
func (c Context) figures(w string) (*big.Rat, bool) {
	w, minus := strings.CutPrefix(w, "-")
	w = strings.TrimSuffix(strings.TrimSuffix(w, ".-"), ",-")
	if w == "" || len(w) > 18 || strings.Trim(w, "0123456789.,'") != "" {
		return nil, false
	}
	whole, rest := w, ""
	if i := strings.LastIndexAny(w, ".,"); i >= 0 && strings.Count(w, w[i:i+1]) == 1 {
		three := digits(w[:i]) && w[0] != '0' && i <= 3 && len(w)-i == 4
		if thousands := (w[i] == ',') != c.decimalComma(); !three {
			whole, rest = w[:i], w[i+1:]
		} else if !thousands {
			return nil, false
		}
		if !three && !digits(rest) {
			return nil, false
		}
	}
	whole, ok := c.ungroup(whole)
	if !ok || len(whole) > 1 && whole[0] == '0' {
		return nil, false
	}
	n, ok := new(big.Rat).SetString("0" + whole + "." + rest + "0")
	if ok && minus {
		n.Neg(n)
	}
	return n, ok
}

// ungroup takes the marks between groups of thousands out.
func (c Context) ungroup(w string) (string, bool) {
	i := strings.IndexAny(w, ".,'")
	if i < 0 {
		return w, true
	}
	groups := strings.Split(w, w[i:i+1])
	for k, g := range groups {
		last := k == len(groups)-1
		if k == 0 && (len(g) == 0 || len(g) > 3) || k > 0 && len(g) != 3 && (last || len(g) != 2 || !c.lakhs()) || !digits(g) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// decimalComma reports whether decimals are set off by a comma.
func (c Context) decimalComma() bool {
	switch c.Region {
	case "", "US", "GB", "IE", "AU", "NZ", "CA", "MX", "GT", "HN", "NI", "SV", "PA", "DO", "PR", "PE", "IN", "PK", "BD", "LK", "NP", "MY", "SG", "PH", "TH",
		"CN", "HK", "TW", "JP", "KR", "IL", "KE", "NG", "GH", "UG", "TZ", "ZW", "CH", "LI", "MT", "JM", "TT", "BS", "BB":
		return false
	}
	return true
}

// lakhs reports whether figures are grouped by two beyond the thousands.
func (c Context) lakhs() bool {
	switch c.Region {
	case "IN", "PK", "BD", "LK", "NP":
		return true
	}
	return false
}
