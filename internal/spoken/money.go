package spoken

import (
	"math/big"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

const exampleMoney = "an amount of money with at most two decimals, such as 12.50"

// A sum is an amount with the currency that was said with it, "" when none was.
type sum struct {
	amount   *big.Rat
	currency string // ISO 4217
}

func money(text string, c Context) (string, error) {
	m, err := readMoney(text, c)
	if err != nil {
		return "", err
	}
	out := m.amount.FloatString(2)
	if m.currency != "" && m.currency != c.currency() {
		out += " " + m.currency
	}
	return out, nil
}

// moneyNumber has no room for a currency, so it must be the region's own.
func moneyNumber(text, unit string, c Context) (string, error) {
	m, err := readMoney(text, c)
	if err != nil {
		return "", err
	}
	if own := c.currency(); m.currency != "" && m.currency != own {
		return "", must("an amount in " + own + ", such as 12.50")
	}
	if unit == "cents" {
		m.amount.Mul(m.amount, big.NewRat(100, 1))
	}
	return decimal(m.amount), nil
}

func readMoney(text string, c Context) (sum, error) {
	s := scanned(text, c)
	m, ok := s.sum()
	cents := new(big.Rat)
	if ok {
		cents.Mul(m.amount, big.NewRat(100, 1))
	}
	if !ok || !s.done() || !cents.IsInt() || m.amount.Cmp(big.NewRat(most, 1)) > 0 {
		return sum{}, must(exampleMoney)
	}
	return m, nil
}

// sum reads "$1,200.50", "twenty dollars and fifty cents", "fifty cents" and "twelve
// fifty".
func (s *scan) sum() (sum, bool) {
	minus := s.take("minus", "negative", "-", "menos", "moins")
	code, leading := s.currencyWord()
	minus = s.take("-") || minus
	n, ok := s.number()
	if !ok {
		if !s.take("a", "an") {
			return sum{}, false
		}
		n = big.NewRat(1, 1)
	}
	if !leading && s.cents() {
		n.Mul(n, big.NewRat(1, 100))
	} else {
		after, trailing := s.currencyWord()
		if rest, ok := try(s, func() (*big.Rat, bool) { return s.change(leading || trailing) }); ok && n.IsInt() && n.Sign() >= 0 {
			n.Add(n, rest)
		}
		if !trailing {
			after, trailing = s.currencyWord()
		}
		switch {
		case leading && trailing && after != code && s.words[0] != "$":
			return sum{}, false
		case trailing:
			code = after
		}
	}
	if minus {
		n.Neg(n)
	}
	return sum{n, code}, true
}

// change reads what follows a whole amount: "and five cents" or "fifty" behind its
// currency, and "fifty" or "oh five" where no currency was said.
func (s *scan) change(named bool) (*big.Rat, bool) {
	if named {
		s.take("and", "con", "et", "und", "y")
	}
	zero := !named && s.take("oh", "o")
	w := s.word(0)
	v, ok := s.upTo(99)
	switch {
	case !ok || zero && v > 9 || !zero && !named && (v < 10 || digits(w) && len(w) != 2):
		return nil, false
	case named && !s.cents() && v < 10:
		return nil, false
	}
	return big.NewRat(int64(v), 100), true
}

// cents takes a word for the hundredth of a currency.
func (s *scan) cents() bool {
	return s.take("cent", "cents", "c", "¢", "p", "penny", "pennies", "pence", "centavo", "centavos", "centimo", "centimos", "centime", "centimes", "rappen")
}

// currency returns what is paid with in the region, "" when that is not known.
func (c Context) currency() string {
	r, err := language.ParseRegion(c.Region)
	if err != nil {
		return ""
	}
	u, ok := currency.FromRegion(r)
	if !ok {
		return ""
	}
	return u.String()
}

// currencyWord reads the sign, the name or the code of a currency. A dollar and a
// peso are the region's own where it has one.
func (s *scan) currencyWord() (string, bool) {
	own := s.currency()
	for _, c := range []struct {
		code  string
		words []string
	}{
		{"USD", []string{"us dollars", "us dollar", "us $", "usd"}},
		{"CAD", []string{"canadian dollars", "canadian dollar", "ca $", "cad"}},
		{"AUD", []string{"australian dollars", "australian dollar", "au $", "aud"}},
		{"NZD", []string{"nzd", "nz $"}},
		{dollar(own), []string{"$", "dollar", "dollars", "bucks", "buck", "dolar", "dolares"}},
		{"EUR", []string{"€", "euro", "euros", "eur"}},
		{"GBP", []string{"£", "pounds sterling", "pound", "pounds", "quid", "gbp", "libras"}},
		{"CHF", []string{"swiss francs", "swiss franc", "francs", "franc", "franken", "chf", "sfr", "fr"}},
		{peso(own), []string{"peso", "pesos"}},
		{"MXN", []string{"mxn"}},
		{"BRL", []string{"r $", "real", "reais", "reales", "brl"}},
		{"JPY", []string{"¥", "yen", "jpy"}},
		{"CNY", []string{"yuan", "rmb", "cny"}},
		{"INR", []string{"₹", "rupee", "rupees", "rs", "inr"}},
		{"SEK", []string{"sek"}},
		{"NOK", []string{"nok"}},
		{"DKK", []string{"dkk"}},
		{krone(own), []string{"kr", "krona", "kronor", "krone", "kroner"}},
		{"PLN", []string{"zl", "zloty", "zlotys", "pln"}},
		{"CZK", []string{"czk"}},
		{"ZAR", []string{"rand", "rands", "zar"}},
		{own, []string{strings.ToLower(own)}},
	} {
		if c.code != "" && s.take(c.words...) {
			return c.code, true
		}
	}
	return "", false
}

// dollar is what a dollar sign stands for: in many places a peso.
func dollar(own string) string {
	switch own {
	case "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "JMD", "TTD", "BSD", "BBD", "BZD", "FJD", "MXN", "COP", "CLP", "ARS", "UYU", "DOP":
		return own
	}
	return "USD"
}

func peso(own string) string {
	switch own {
	case "COP", "CLP", "ARS", "UYU", "DOP", "PHP", "CUP":
		return own
	}
	return "MXN"
}

// krone is "" outside of the countries that have one.
func krone(own string) string {
	switch own {
	case "SEK", "NOK", "DKK", "ISK":
		return own
	}
	return ""
}
