package builtin

import "strings"

// hint is a sentence from the description about where the value stands or what
// it looks like, "" when there is none fit to be spoken.
func (p *param) hint() string {
	d := strings.TrimSpace(p.desc)
	first, rest, _ := strings.Cut(d, ". ")
	first = strings.TrimSuffix(first, ".")
	if k := indexAny(first, "e.g.", "for example", "such as", "like "); k >= 0 {
		sample := strings.TrimRight(first[k:], ").")
		for _, lead := range []string{"e.g.,", "e.g.", "for example,", "for example", "such as", "like"} {
			if len(sample) >= len(lead) && strings.EqualFold(sample[:len(lead)], lead) {
				sample = strings.TrimSpace(sample[len(lead):])
			}
		}
		if sample != "" {
			return "It looks like " + strings.Trim(sample, `"'`) + "."
		}
	}
	if strings.HasPrefix(strings.ToLower(d), "e.g. ") {
		return "It looks like " + strings.TrimSuffix(d[5:], ".") + "."
	}
	if h := where(strings.Trim(p.beyondLabel(first), " ,;:-–(")); h != "" {
		return h
	}
	if h := where(strings.TrimSuffix(strings.TrimSpace(rest), ".")); h != "" {
		return h
	}
	if len(p.examples) > 0 {
		return "It looks like " + p.examples[0] + "."
	}
	return ""
}

func indexAny(s string, subs ...string) int {
	low := strings.ToLower(s)
	for _, sub := range subs {
		if k := strings.Index(low, sub); k >= 0 {
			return k
		}
	}
	return -1
}

// beyondLabel is what a description says behind the name of the thing.
func (p *param) beyondLabel(d string) string {
	t := read(d)
	last := -1
	for i, tok := range t.toks {
		if i > last+2 {
			break
		}
		if p.says(tok.stem) {
			last = i
		}
	}
	if last < 0 {
		return ""
	}
	return strings.TrimRight(t.raw[t.toks[last].end:], ")")
}

// where makes "printed on the product" into "It's printed on the product."
func where(s string) string {
	low := strings.ToLower(s)
	for _, lead := range []string{"it's ", "it is ", "you can find it ", "you'll find it ", "which is ", "that is ", "as "} {
		if strings.HasPrefix(low, lead) {
			s, low = s[len(lead):], low[len(lead):]
			break
		}
	}
	w, _, _ := strings.Cut(low, " ")
	switch w {
	case "printed", "found", "shown", "written", "located", "listed", "engraved", "stamped", "displayed", "sent":
		return "It's " + lowerFirst(s) + "."
	case "on", "at", "inside", "under", "behind":
		return "It's " + lowerFirst(s) + "."
	case "from":
		return "You'll find it " + strings.Replace(lowerFirst(s), "from", "on", 1) + "."
	}
	return ""
}
