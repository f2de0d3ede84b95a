package builtin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callwright/internal/llm"
)

// A trade is a business with two skills, as operators of many kinds write them: names
// that say little, descriptions that say more, words of their own.
var trades = map[string]string{
	"clinic": `[
		{"name":"svc_lookup","description":"Find a physician","parameters":{"type":"object","properties":{
			"f1":{"type":"string","description":"City where the practice is"},
			"f2":{"type":"string","description":"Field of medicine","enum":["Dermatology","Cardiology","Pediatrics"]},
			"f3":{"type":"string","description":"Whether the practice is open on weekends","enum":["True","False"]}},"required":["f1","f2"]}},
		{"name":"svc_book","description":"Book a visit to a physician","parameters":{"type":"object","properties":{
			"who":{"type":"string","description":"Name of the physician"},
			"d":{"type":"string","description":"Day of the visit"},
			"t":{"type":"string","description":"Time of the visit"}},"required":["who","d","t"]}}]`,
	"courier": `[
		{"name":"quote_parcel","description":"Get the price of sending a parcel","parameters":{"type":"object","properties":{
			"a":{"type":"string","description":"City where the parcel is picked up"},
			"b":{"type":"string","description":"Destination city of the parcel"},
			"kg":{"type":"number","description":"Weight of the parcel in kilograms"}},"required":["a","b","kg"]}},
		{"name":"order_pickup","description":"Order a pickup of a parcel","parameters":{"type":"object","properties":{
			"addr":{"type":"string","description":"Address where the parcel is picked up"},
			"earliest":{"type":"string","description":"Earliest time of the pickup"},
			"latest":{"type":"string","description":"Latest time of the pickup"}},"required":["addr","earliest","latest"]}}]`,
	"bank": `[
		{"name":"block_card","description":"Block a card that was lost or stolen","parameters":{"type":"object","properties":{
			"x":{"type":"string","description":"Kind of card","enum":["debit","credit"]},
			"n":{"type":"string","description":"Last four digits on the card"}},"required":["x","n"]}},
		{"name":"send_money","description":"Send money to somebody","parameters":{"type":"object","properties":{
			"sum":{"type":"number","description":"Amount to send"},
			"to_whom":{"type":"string","description":"Name of the recipient"},
			"src":{"type":"string","description":"Account to take the money from","enum":["checking","savings"]}},"required":["sum","to_whom","src"]}}]`,
	"city office": `[
		{"name":"case_open","description":"Report damage in a street","parameters":{"type":"object","properties":{
			"loc":{"type":"string","description":"Street where the damage is"},
			"what":{"type":"string","description":"What is damaged"}},"required":["loc","what"]}},
		{"name":"slot_get","description":"Find an appointment at the citizens' office","parameters":{"type":"object","properties":{
			"p0":{"type":"string","description":"Date of the appointment"},
			"p1":{"type":"integer","description":"Number of persons"},
			"p2":{"type":"string","description":"Document that is wanted","enum":["passport","identity_card","driving_licence"]}},"required":["p0","p1","p2"]}}]`,
	"ferry": `[
		{"name":"xing_find","description":"Find a ferry crossing","parameters":{"type":"object","properties":{
			"from_port":{"type":"string","description":"Port where the journey begins"},
			"to_port":{"type":"string","description":"Port where the journey ends"},
			"out":{"type":"string","description":"Date of departure"},
			"back":{"type":"string","description":"Date of return"},
			"cabin":{"type":"string","description":"Class of cabin","enum":["Inside","Outside","Suite"]}},"required":["from_port","to_port","out","back"]}}]`,
	"cookery school": `[
		{"name":"course_search","description":"Look for a cookery course","parameters":{"type":"object","properties":{
			"style":{"type":"string","description":"Cuisine that is taught"},
			"teacher":{"type":"string","description":"Chef who teaches the course"},
			"beginner":{"type":"boolean","description":"Whether the course is suitable for beginners"}},"required":["style"]}}]`,
}

// TestTrades plays conversations of businesses that nothing here was written for. The
// lines take turns, the caller's first; the last is the caller's.
func TestTrades(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ trade, said, want string }{
		{"clinic", "I need a dermatology practice in the Martinez area.", `svc_lookup {"f1":"Martinez","f2":"Dermatology"}`},
		{"clinic", "Find me a physician in Leeds. | What field? | cardiologee please", `svc_lookup {"f1":"Leeds","f2":"Cardiology"}`},
		{"clinic", "Find a physician in Leeds for pediatrics, and it should be open on weekends", `svc_lookup {"f1":"Leeds","f2":"Pediatrics","f3":"True"}`},
		{"clinic", "Can you look for a dermatology physician? | In which city? | york is my first choice", `svc_lookup {"f1":"york","f2":"Dermatology"}`},
		{"clinic", "Book a visit to Susan M. Greene on Friday at half past 4. | To be clear: Susan M. Greene on Friday at 4:30 pm. | yes", `svc_book {"d":"2027-03-05","t":"16:30","who":"Susan M. Greene"}`},
		{"clinic", "Book a visit to Susan M. Greene on Friday at 4. | So that's Susan M. Greene on Friday at 4 pm? | Make it Monday instead of Friday. | Please let me know if I got anything wrong: Monday at 4 pm. | that's right", `svc_book {"d":"2027-03-08","t":"16:00","who":"Susan M. Greene"}`},
		{"courier", "What does it cost to send a parcel of 2.5 kilograms from Leeds to York?", `quote_parcel {"a":"Leeds","b":"York","kg":2.5}`},
		{"courier", "how much is it to send a parcel to york from leeds | How heavy is it? | four point five kilograms", `quote_parcel {"a":"leeds","b":"york","kg":4.5}`},
		{"courier", "Please order a pickup at 12 Elm Street, after 9 am and before noon. | I have 12 Elm Street, from 9 am until noon. Is that correct? | yes", `order_pickup {"addr":"12 Elm Street","earliest":"09:00","latest":"12:00"}`},
		{"bank", "My debit card was stolen, please block it. | What are the last four digits on the card? | four four seven one | Blocking the debit card that ends in 4471, is that right? | yes please", `block_card {"n":"4471","x":"debit"}`},
		{"bank", "Send $180 to uncle Richard from my savings. | Sending $180 from savings to uncle Richard, correct? | correct", `send_money {"src":"savings","sum":180,"to_whom":"uncle Richard"}`},
		{"city office", "I'd like an appointment on Tuesday the 9th for a passport, it's just me", `slot_get {"p0":"2027-03-09","p1":1,"p2":"passport"}`},
		{"city office", "find an apointment for a driving licence on the 12th of March | For how many persons? | Two please.", `slot_get {"p0":"2027-03-12","p1":2,"p2":"driving_licence"}`},
		{"ferry", "Is there a ferry from Portsmouth to Caen leaving on March 10th and returning the 14th?", `xing_find {"back":"2027-03-14","from_port":"Portsmouth","out":"2027-03-10","to_port":"Caen"}`},
		{"ferry", "A ferry to Caen please | Where from? | from Portsmouth | When do you leave? | on the 10th | And when would you like to return? | the 14th, an outside cabin", `xing_find {"back":"2027-03-14","cabin":"Outside","from_port":"Portsmouth","out":"2027-03-10","to_port":"Caen"}`},
		{"cookery school", "Is there a course in modern Vietnamese cuisine?", `course_search {"style":"modern Vietnamese"}`},
		{"cookery school", "I'm looking for an ethiopian cookery course taught by Sara Bekele that is suitable for beginners", `course_search {"beginner":true,"style":"ethiopian","teacher":"Sara Bekele"}`},
	} {
		t.Run(c.trade+"/"+c.said, func(t *testing.T) {
			t.Parallel()
			req := llm.Request{Now: monday(), Language: "en", Tools: mustTools(t, trades[c.trade])}
			for i, line := range strings.Split(c.said, " | ") {
				role := llm.User
				if i%2 == 1 {
					role = llm.Assistant
				}
				req.Messages = append(req.Messages, llm.Message{Role: role, Content: line})
			}
			text, calls := mustAnswer(t, req)
			got := ""
			for _, call := range calls {
				got += call.Name + " " + string(call.Arguments)
			}
			if got != c.want {
				t.Errorf("got %s %q, want %s", got, text, c.want)
			}
		})
	}
}

// The same skill under other names must be understood the same.
func TestNamesOfParametersMatterLittle(t *testing.T) {
	t.Parallel()
	for _, names := range [][3]string{{"city", "visit_date", "party_size"}, {"town_of_visit", "day", "how_many_people"}, {"p1", "p2", "p3"}, {"whereTo", "onWhichDay", "headcount"}} {
		tools := `[{"name":"find_tour","description":"Find a guided tour","parameters":{"type":"object","properties":{
			"` + names[0] + `":{"type":"string","description":"City of the tour"},"` + names[1] + `":{"type":"string","description":"Date of the tour"},
			"` + names[2] + `":{"type":"integer","description":"Number of people"}},"required":["` + names[0] + `","` + names[1] + `","` + names[2] + `"]}}]`
		text, calls := mustAnswer(t, llm.Request{Now: monday(), Tools: mustTools(t, tools), Messages: []llm.Message{user("Find me a tour in Leeds next Friday for four people")}})
		var args map[string]json.RawMessage
		if len(calls) != 1 || json.Unmarshal(calls[0].Arguments, &args) != nil {
			t.Errorf("%v: got %q and %v, want one call", names, text, calls)
			continue
		}
		if a, b, c := string(args[names[0]]), string(args[names[1]]), string(args[names[2]]); a != `"Leeds"` || b != `"2027-03-05"` || c != "4" {
			t.Errorf("%v: got %s, %s, %s, want Leeds, March 5 and 4", names, a, b, c)
		}
	}
}
