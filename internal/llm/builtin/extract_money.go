package builtin

import (
	"encoding/json"
	"strings"
)

// amounts finds sums of money: "$14.50", "twenty bucks", "14 euros and 20 cents".
func (r reader) amounts(p *param) []found {
	if r.lang != "" {
		if out := r.foreignAmounts(p); len(out) > 0 {
			return out
		}
	}
	var out []found
	for i := 0; i < len(r.toks); i++ {
		s, n, money := r.amount(i)
		if n == 0 || !money && !r.answer && !r.named(i, p) {
			continue
		}
		f := found{value: quoted(s), at: i, end: i + n, said: r.span(i, i+n), sure: money}
		if p.number {
			if p.integer && strings.Contains(s, ".") {
				continue
			}
			f.value = json.RawMessage(s)
		}
		out = append(out, f)
		i += n - 1
	}
	return out
}

func (r reader) amount(i int) (s string, n int, money bool) {
	w := r.toks[i].low
	core := strings.TrimRight(strings.TrimLeft(w, "$€£"), "€$£")
	if core != w {
		if v, ok := figures(core); ok {
			n = 1
			if k := r.scaled(i+1, v); k != "" {
				return k, 2, true
			}
			return v, n, true
		}
	}
	s, n = r.number(i)
	if n == 0 {
		return "", 0, false
	}
	j := i + n
	if j >= len(r.toks) || !currency(r.toks[j].low) {
		return s, n, false
	}
	j++
	if r.is(j, "and") {
		if c, k := r.number(j + 1); k > 0 && j+1+k < len(r.toks) && r.toks[j+1+k].stem == "cent" && len(c) <= 2 {
			return s + "." + strings.Repeat("0", 2-len(c)) + c, j + 2 + k - i, true
		}
	}
	if c, k := r.number(j); k > 0 && len(c) == 2 && !r.toks[j-1].stop && !strings.Contains(s, ".") && (j+k == len(r.toks) || r.toks[j+k].stem == "cent") {
		return s + "." + c, j + k - i, true
	}
	return s, j - i, true
}

// scaled reads "$2 thousand".
func (r reader) scaled(j int, v string) string {
	if j < len(r.toks) && !strings.Contains(v, ".") && !r.toks[j-1].stop {
		switch scale(r.toks[j].low) {
		case 1000:
			return v + "000"
		case 1_000_000:
			return v + "000000"
		}
	}
	return ""
}

func currency(w string) bool {
	switch w {
	case "dollar", "dollars", "bucks", "buck", "usd", "euro", "euros", "eur", "pound", "pounds", "quid", "gbp", "francs", "chf", "cad":
		return true
	}
	return false
}
