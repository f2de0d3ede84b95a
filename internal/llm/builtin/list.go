package builtin

import (
	"slices"
	"strconv"
	"strings"
)

// list tells a list: how many, and the first few.
func (v *view) list(f field, l value) string {
	noun := f.label
	if listName(noun) {
		noun = ""
	}
	switch len(l.items) {
	case 0:
		if noun != "" {
			return "I didn't find any " + noun + "."
		}
		return v.notFound()
	case 1:
		if o := l.items[0]; o.kind == 'o' {
			return v.one(o)
		}
	}
	var said []string
	for i, it := range l.items {
		if i == maxItems {
			break
		}
		if s := v.item(it); s != "" {
			said = append(said, s)
		}
	}
	if len(said) == 0 {
		return strings.TrimSpace(v.found(len(l.items))+" "+few(len(l.items))+" "+noun) + "."
	}
	if more := len(l.items) - len(said); more > 0 {
		said = append(said, strconv.Itoa(more)+" more")
	}
	head := v.found(len(l.items)) + " " + few(len(l.items))
	if len(l.items) == 1 {
		noun = singular(noun)
	}
	if noun != "" {
		head += " " + noun
	}
	for _, s := range said {
		if strings.Contains(s, ",") && len(said) > 1 {
			n := len(said) - 1
			return head + ": " + strings.Join(said[:n], "; ") + "; and " + said[n] + "."
		}
	}
	return head + ": " + series(said, "and") + "."
}

// found begins the telling of a list: what was searched for was found, other things are
// there.
func (v *view) found(n int) string {
	if concept(stem(v.run.form.tool.verb())) == "find" && v.run.form.tool.verb() != "list" {
		return "I found"
	}
	if n == 1 {
		return "There is"
	}
	return "There are"
}

// few writes small numbers in words.
func few(n int) string {
	if n < 11 {
		return []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}[n]
	}
	return strconv.Itoa(n)
}

// listName reports names that say only that it is a list.
func listName(label string) bool {
	switch label {
	case "", "items", "results", "data", "list", "rows", "records", "matches", "entries", "values":
		return true
	}
	return false
}

// within tells a list that is one fact among others.
func (v *view) within(label string, l value) string {
	var said []string
	for i, it := range l.items {
		if i == maxItems {
			said = append(said, strconv.Itoa(len(l.items)-maxItems)+" more")
			break
		}
		if s := v.item(it); s != "" && !strings.Contains(s, ",") {
			said = append(said, s)
		}
	}
	if len(said) == 0 {
		return ""
	}
	switch {
	case thirdPerson(label):
		return "It " + label + " " + series(said, "and") + "."
	case len(l.items) == 1 || !strings.HasSuffix(label, "s"):
		return "The " + singular(label) + " is " + series(said, "and") + "."
	}
	return "The " + label + " are " + series(said, "and") + "."
}

// thirdPerson reports labels that are verbs: "it contains milk".
func thirdPerson(label string) bool {
	switch label {
	case "contains", "includes", "has", "needs", "requires", "offers", "takes", "accepts", "serves", "covers", "allows", "supports", "costs", "weighs", "lasts", "excludes":
		return true
	}
	return false
}

func singular(s string) string {
	for _, end := range []string{"shes", "ches", "xes", "sses"} {
		if strings.HasSuffix(s, end) {
			return s[:len(s)-2]
		}
	}
	if strings.HasSuffix(s, "ies") {
		return s[:len(s)-3] + "y"
	}
	return strings.TrimSuffix(s, "s")
}

// one tells the only item of a list.
func (v *view) one(o value) string {
	fs := v.fields(o, "", "", 0)
	for i, f := range fs {
		if f.val.kind == 's' && !f.isDate() && (names(f.label) || lastWord(f.label, "name", "title", "label")) {
			rest := v.foremost(slices.Delete(slices.Clone(fs), i, i+1))
			return strings.TrimSpace("I found one: " + f.spoken(v.now) + ". " + v.clauses(rest, "it"))
		}
	}
	return "I found one. " + v.tellFields(o, fs)
}

// item is an entry of a list in a few words: "Room 12 at 9 AM for $80".
func (v *view) item(it value) string {
	if it.scalar() {
		return (field{val: it}).spoken(v.now)
	}
	if it.kind != 'o' {
		return ""
	}
	fs := v.fields(it, "", "", 0)
	head, rest := "", []field{}
	for _, f := range fs {
		if head == "" && f.val.kind == 's' && !f.isDate() && (names(f.label) || lastWord(f.label, "name", "title", "label", "subject", "description")) {
			head = f.spoken(v.now)
			continue
		}
		rest = append(rest, f)
	}
	if head == "" && len(rest) > 0 {
		head, rest = rest[0].spoken(v.now), rest[1:]
	}
	details, day := 0, ""
	for _, f := range rest {
		if details == 3 {
			break
		}
		said := f.spoken(v.now)
		switch {
		case f.isDate() && day != "":
			head += " to " + strings.TrimPrefix(said, day+" at ")
		case f.isDate():
			head += " on " + said
			day, _, _ = strings.Cut(said, " at ")
		case anyWord(f.label, "time", "start", "starts") && strings.HasSuffix(said, "M"):
			head += " at " + said
		case f.isMoney():
			head += " for " + said
		case lastWord(f.label, "status", "state"):
			head += ", " + lowerFirst(said)
		case anyWord(f.label, "location", "address", "city", "area", "place"):
			head += " in " + said
		case lastWord(f.label, "with", "doctor", "instructor", "teacher", "stylist", "provider"):
			head += " with " + said
		default:
			continue
		}
		details++
	}
	return head
}
