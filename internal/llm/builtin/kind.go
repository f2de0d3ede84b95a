package builtin

import "strings"

// A kind is what sort of value a parameter takes, and so how it is found in
// speech and asked for.
type kind int

const (
	kindText kind = iota
	kindQuery
	kindProblem
	kindCode
	kindPhone
	kindEmail
	kindURI
	kindDate
	kindTime
	kindDateTime
	kindDuration
	kindMoney
	kindPostal
	kindAddress
	kindPerson
	kindPlace
	kindNumber
	kindBool
	kindOption
)

// personal kinds describe the caller and hold for a whole conversation.
func (k kind) personal() bool {
	return k == kindPhone || k == kindEmail || k == kindPerson || k == kindAddress || k == kindPostal
}

// shaped kinds can be recognised wherever they are said.
func (k kind) shaped() bool {
	switch k {
	case kindText, kindQuery, kindProblem, kindPlace, kindPerson, kindBool:
		return false
	}
	return true
}

// kindOf reads the schema first and the parameter's name second.
func kindOf(p *param, n node) kind {
	if boolean(p.options) {
		return kindBool
	}
	if len(p.options) > 0 {
		return kindOption
	}
	switch n.typ() {
	case "boolean":
		return kindBool
	case "integer":
		return kindNumber
	case "number":
		if k := kindByFormat(n.str("format")); k == kindMoney || k == kindDuration {
			return k
		}
		if p.ends("amount", "price", "cost", "budget", "total", "payment", "fee", "fare", "sum") || p.head == "sum of money" {
			return kindMoney
		}
		return kindNumber
	}
	if k := kindByFormat(n.str("format")); k != kindText {
		return k
	}
	if k := kindByDescription(p); k != kindText {
		return k
	}
	if k := kindByName(p, p.label); k != kindText || p.ends("name", "title") {
		return k
	}
	for _, h := range []string{p.head, p.kernel} { // "leave_at" is an "earliest time of departure"
		switch k := kindByName(p, h); k {
		case kindCode:
			if lastWord(h, "number", "digits", "code", "pin", "iban", "serial", "reference") {
				return k
			}
		case kindText, kindPerson, kindProblem, kindQuery: // words that descriptions use for other things too
		default:
			return k
		}
	}
	return kindText
}

// kindByDescription is for descriptions that leave no doubt, whatever the name is: "How
// many days", "Name of the person who receives it", "Where the hotel is".
func kindByDescription(p *param) kind {
	d := read(p.desc)
	numbered := anyWord(p.label, "amount", "total", "length", "duration", "period") && anyWord(p.label+" "+p.desc, "days", "nights", "hours", "weeks", "rooms", "people", "guests", "persons", "passengers", "riders", "travelers", "travellers", "tickets", "seats", "bags", "items", "pieces")
	switch {
	case d.is(0, "how many") || d.is(0, "total number of") || numbered && !(d.is(0, "duration") || d.is(0, "length") || d.is(0, "how long")) && !lastWord(p.label, "length", "duration"):
		return kindNumber
	case d.has("in days", "of days", "in nights", "of nights") >= 0 && (anyWord(p.label, "days", "nights") || numbered && anyWord(p.label, "amount")):
		return kindNumber
	case d.is(0, "sum of money") || d.is(0, "amount of money") || d.is(0, "how much money") || d.is(0, "total cash"):
		return kindMoney
	case (d.is(0, "name of") || d.is(0, "the name of") || d.is(0, "name of the")) && d.has("person", "individual", "somebody", "someone", "owner", "holder", "customer", "patient", "caller") > 0 && d.has("person", "individual", "somebody", "someone", "owner", "holder", "customer", "patient", "caller") < 6:
		return kindPerson
	case len(d.toks) > 1 && anyWord(p.label, "identifier", "id") && (d.is(0, "name") || d.is(0, "title") || d.is(0, "the name") || d.is(0, "the title")):
		return kindText
	case anyWord(p.label, "time") && !anyWord(p.label, "times", "zone", "date", "day") && d.is(0, "when"):
		return kindTime
	case anyWord(p.label, "date") && !anyWord(p.label, "time", "update"):
		return kindDate
	case d.is(0, "where") && (d.is(1, "the") || d.is(1, "is") || d.is(1, "are") || d.is(1, "does") || d.is(1, "to")) && !anyWord(p.label, "street", "address") && !lastWord(p.label, "hotel", "restaurant", "venue", "hospital", "clinic", "shop", "store", "branch", "school"):
		return kindPlace
	case d.is(0, "point of origin") || d.is(0, "point of departure") || d.is(0, "point of destination") || d.is(0, "point of arrival") || d.has("typically a city", "usually a city") > 0:
		return kindPlace
	}
	return kindText
}

// means reports a word in the name or in what the description says that it is, or
// that it is the name of.
func (p *param) means(ws ...string) bool {
	return anyWord(p.label, ws...) || anyWord(p.head, ws...) || p.head == "name" && anyWord(p.desc, ws...)
}

// placed reports a word for a kind of place at i: the name of a city is a city.
func (t text) placed(i int) bool {
	if t.is(i, "the") || t.is(i, "a") {
		i++
	}
	return i < len(t.toks) && anyWord(t.toks[i].low, "city", "town", "area", "region", "state", "country", "place", "location", "airport", "station")
}

// ends reports a last word of the name or of what the description says that it is.
func (p *param) ends(ws ...string) bool {
	return lastWord(p.label, ws...) || lastWord(p.head, ws...) || lastWord(p.kernel, ws...)
}

// head is what a description says that a value is, without what it is of or for:
// "arrival time", "city", "number of people". It is empty when a description says
// that in another way.
func head(desc string) string {
	var out []string
	t := read(desc)
	for i, tok := range t.toks {
		w := tok.low
		switch {
		case len(out) == 0 && (w == "the" || w == "a" || w == "an" || w == "name" && t.is(i+1, "of") && t.placed(i+2) || w == "of"):
			continue
		case len(out) == 0 && common(w), len(out) > 5:
			return ""
		case w == "of" && len(out) > 0 && (out[len(out)-1] == "number" || out[len(out)-1] == "date" || out[len(out)-1] == "time"):
			if out[len(out)-1] != "number" {
				return strings.Join(out, " ")
			}
		case common(w) || w == "where" || len(out) > 0 && strings.HasSuffix(w, "ed") || strings.HasPrefix(tok.raw, "("):
			return strings.Join(out, " ")
		}
		out = append(out, w)
		if tok.stop {
			break
		}
	}
	return strings.Join(out, " ")
}

// unit is the unit that a description puts a length of time in: "in days".
func (p *param) unit() string {
	t := read(p.desc + " " + p.label)
	for _, u := range []string{"minutes", "hours", "days", "nights"} {
		if t.has("in "+u, "of "+u, "number of "+u) >= 0 {
			return u
		}
	}
	return ""
}

func boolean(opts []option) bool {
	if len(opts) != 2 {
		return false
	}
	a, b := strings.ToLower(opts[0].label), strings.ToLower(opts[1].label)
	return a == "true" && b == "false" || a == "false" && b == "true" || a == "yes" && b == "no" || a == "no" && b == "yes"
}

func kindByFormat(f string) kind {
	switch f {
	case "phone", "tel", "phone-number", "e164":
		return kindPhone
	case "email", "idn-email":
		return kindEmail
	case "uri", "url", "iri", "uri-reference":
		return kindURI
	case "date":
		return kindDate
	case "time":
		return kindTime
	case "date-time", "datetime":
		return kindDateTime
	case "duration":
		return kindDuration
	case "money", "currency":
		return kindMoney
	case "postal-code", "zip", "postcode":
		return kindPostal
	case "address":
		return kindAddress
	case "person-name":
		return kindPerson
	case "uuid":
		return kindCode
	}
	return kindText
}

func kindByName(p *param, l string) kind {
	has := func(ws ...string) bool { return anyWord(l, ws...) }
	switch {
	case has("email", "mail") && !has("body", "subject"):
		return kindEmail
	case has("phone", "mobile", "telephone", "cell", "callback", "fax") && !has("model", "type"):
		return kindPhone
	case has("zip", "zipcode", "postal", "postcode"):
		return kindPostal
	case has("url", "website", "link", "uri"):
		return kindURI
	case has("datetime", "timestamp") || has("date") && has("time"):
		return kindDateTime
	case lastWord(l, "date", "day", "birthday", "dob", "birth", "arrival", "departure") && !has("time"):
		return kindDate
	case lastWord(l, "time", "hour") && !has("zone"):
		return kindTime
	case lastWord(l, "duration", "length") && p.unit() != "":
		p.bare = true
		return kindDuration
	case lastWord(l, "duration", "length") && anyWord(p.label+" "+p.desc, "stay", "staying", "stays"):
		p.bare = true // in days
		return kindDuration
	case lastWord(l, "duration", "length"):
		p.spelt = true
		return kindDuration
	case has("amount", "budget", "price") && !has("range", "level", "tier"):
		return kindMoney
	case has("street", "address"):
		return kindAddress
	}
	return kindByMeaning(p, l)
}

func kindByMeaning(p *param, l string) kind {
	has := func(ws ...string) bool { return anyWord(l, ws...) }
	switch {
	case lastWord(l, "name") && !personName(p, l) && anyWord(strings.TrimSuffix(l, " name"), "city", "town", "country", "state", "region", "airport", "station", "destination", "origin", "location", "area", "district", "county", "village", "neighborhood", "neighbourhood"):
		return kindPlace
	case lastWord(l, "name", "title") && !personName(p, l):
		return kindText
	case has("count", "quantity", "qty") || strings.HasPrefix(l, "number of ") || strings.HasPrefix(l, "num ") || l == "party size" || l == "group size" ||
		lastWord(l, "guests", "people", "passengers", "adults", "children", "seats", "tickets", "nights", "persons", "riders"):
		return kindNumber
	case has("id", "code", "number", "digits", "serial", "reference", "ref", "sku", "vin", "iban", "imei", "pin", "plate", "identifier", "no", "registration", "barcode", "ticket"):
		return kindCode
	case has("query", "question", "keywords") || l == "search" || l == "search term" || l == "search terms":
		return kindQuery
	case has("problem", "issue", "symptom", "symptoms", "fault", "complaint", "reason", "concern", "defect", "description"):
		return kindProblem
	case has("city", "town", "location", "locale", "municipality", "place", "destination", "origin", "area", "region", "state", "country", "neighborhood", "neighbourhood", "airport", "station", "port", "harbor", "harbour", "stop", "terminal", "village", "suburb", "county", "province", "district"):
		return kindPlace
	case l == "end point" || l == "start point" || l == "starting point" || l == "pickup point" || l == "meeting point":
		return kindPlace
	case personName(p, l):
		return kindPerson
	case p.identifies():
		return kindCode
	}
	return kindText
}

// identifies reports a description that begins with a number or code: "The
// account number to send money to".
func (p *param) identifies() bool {
	for i, t := range read(p.desc).toks {
		switch {
		case i > 3 || t.stop && i < 2:
			return false
		case i > 0 && (t.low == "number" || t.low == "iban" || t.low == "id"):
			return !read(p.desc).is(i+1, "of")
		}
	}
	return false
}

func personName(p *param, l string) bool {
	switch l {
	case "name":
		d := strings.ToLower(p.desc)
		return d == "" || anyWord(d, "caller", "customer", "person", "patient", "guest", "contact", "your", "full", "client", "student", "child", "member", "visitor", "reservation", "booking", "appointment", "who")
	case "caller", "customer", "guest", "patient", "student", "child", "contact", "first name", "last name", "surname", "full name", "family name", "given name":
		return true
	}
	if !lastWord(l, "name") {
		return false
	}
	if agent(strings.TrimSuffix(l, " name")) {
		return true
	}
	return anyWord(l, "recipients", "receivers", "caller", "customer", "person", "patient", "guest", "contact", "client", "student", "child", "pupil", "member", "visitor",
		"first", "last", "full", "recipient", "sender", "driver", "parent", "holder", "owner", "user", "your", "sur", "passenger", "receiver", "booking", "reservation", "attendee")
}

// agent reports what people are called for what they do, beside customers and guests.
func agent(w string) bool {
	switch w {
	case "host", "renter", "organizer", "organiser", "tenant", "traveler", "traveller", "buyer", "seller", "applicant", "subscriber", "borrower", "requester", "resident", "homeowner", "rider", "participant", "employee", "citizen":
		return true
	}
	return false
}

func anyWord(s string, ws ...string) bool {
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool {
		return (r < '0' || r > 'z' && r < 128 || r > '9' && r < 'A' || r > 'Z' && r < 'a')
	}) {
		for _, w := range ws {
			if strings.EqualFold(f, w) {
				return true
			}
		}
	}
	return false
}

func lastWord(s string, ws ...string) bool {
	return anyWord(s[strings.LastIndexByte(s, ' ')+1:], ws...)
}
