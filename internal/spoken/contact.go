package spoken

import (
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

const exampleEmail = "an e-mail address, such as ada@example.com"

// email reads an address, typed or spoken ("ada dot lovelace at example dot com").
// Only the domain is written in small letters: the rest is the receiver's to judge.
func email(text string) (string, error) {
	text = strings.TrimRight(bare(strings.TrimPrefix(text, "mailto:"), "my email address is", "my e-mail address is", "my email is", "my e-mail is", "the email is", "email address is", "email is", "email", "e-mail",
		"you can reach me at", "mi correo es", "mon adresse est", "meine adresse ist", "meine e-mail ist"), ".,;!? ")
	if !strings.Contains(text, "@") {
		text = unspelled(text)
	} else if a, err := mail.ParseAddress(text); err == nil {
		text = a.Address
	} else {
		text = strings.ReplaceAll(strings.ReplaceAll(text, " @", "@"), "@ ", "@")
	}
	local, domain, ok := strings.Cut(text, "@")
	if domain = strings.ToLower(domain); !ok || !localPart(local) || !hostname(domain) || len(text) > 254 {
		return "", must(exampleEmail)
	}
	return local + "@" + domain, nil
}

// unspelled writes an address that was spelled in words.
func unspelled(text string) string {
	for _, end := range []string{"all lowercase", "all lower case", "in lowercase", "all one word"} {
		if n := len(text) - len(end); n > 0 && strings.EqualFold(text[n:], end) {
			text = strings.TrimRight(text[:n], " ,.")
		}
	}
	s := &scan{words: strings.Fields(fold(text))}
	var b strings.Builder
	for !s.done() {
		switch {
		case s.take("at sign", "at symbol", "at", "arroba", "arobase", "klammeraffe"):
			b.WriteByte('@')
		case s.take("dot", "point", "period", "punto", "punkt"):
			b.WriteByte('.')
		case s.take("underscore", "under score", "guion bajo", "tiret bas", "unterstrich"):
			b.WriteByte('_')
		case s.take("dash", "hyphen", "minus sign", "minus", "guion", "tiret", "bindestrich"):
			b.WriteByte('-')
		case s.take("plus sign", "plus", "mas"):
			b.WriteByte('+')
		case s.take("forward slash", "slash"):
			b.WriteByte('/')
		case s.take("colon"):
			b.WriteByte(':')
		default:
			w := strings.Trim(s.word(0), ",")
			if english(w) {
				w, _ = s.figure()
			} else {
				s.at++
			}
			b.WriteString(w)
		}
	}
	return b.String()
}

// english reports words that are numbers in English: other languages' are names or
// words of it, too.
func english(w string) bool {
	switch w {
	case "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
		"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "double", "triple":
		return true
	}
	return false
}

func localPart(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
			return false
		}
	}
	return true
}

// hostname reports a name of at least two labels that ends in letters.
func hostname(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, r := range l {
			if !unicode.IsLetter(r) && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	top := []rune(labels[len(labels)-1])
	return len(top) > 1 && (strings.HasPrefix(string(top), "xn--") || strings.IndexFunc(string(top), func(r rune) bool { return !unicode.IsLetter(r) }) < 0)
}

const exampleURI = "a web address, such as https://example.com"

// uri reads an absolute address. One without a scheme is of the web.
func uri(text string, c Context) (string, error) {
	fail := must(exampleURI)
	text = strings.TrimRight(bare(text, "my website is", "the website is", "my site is", "the address is", "website", "site", "web"), ".,;! ")
	if spoken := unspelled(text); strings.ContainsAny(text, " \t\n") && strings.Count(spoken, ".")+strings.Count(spoken, "/") > strings.Count(text, ".")+strings.Count(text, "/") {
		text = spoken
	}
	if strings.ContainsAny(text, " \t\n") {
		return "", fail
	}
	scheme, rest, ok := strings.Cut(text, ":")
	switch scheme = strings.ToLower(scheme); {
	case ok && scheme == "mailto":
		address, err := email(rest)
		if err != nil {
			return "", fail
		}
		return "mailto:" + address, nil
	case ok && scheme == "tel":
		n, err := phone(rest, c)
		if err != nil {
			return "", fail
		}
		return "tel:" + n, nil
	case ok && (scheme == "http" || scheme == "https"):
		text = scheme + ":" + rest
	default:
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.User != nil || strings.IndexFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) >= 0 || !hostname(strings.ToLower(u.Hostname())) {
		return "", fail
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "", fail
		}
	}
	u.Host = strings.ToLower(u.Host)
	return u.String(), nil
}
