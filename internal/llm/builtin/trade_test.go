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
	"box office": `[
		{"name":"arena_1_find_games","description":"Find games and concerts in a city","parameters":{"type":"object","properties":{
			"sort":{"type":"string","description":"Sort of event","enum":["Music","Sports"]},
			"city":{"type":"string","description":"City where it takes place"}},"required":["sort","city"]}},
		{"name":"arena_1_get_dates","description":"Get the dates of an event","parameters":{"type":"object","properties":{
			"event_name":{"type":"string","description":"Name of the match or artist"},
			"city":{"type":"string","description":"City where it takes place"}},"required":["event_name","city"]}},
		{"name":"arena_1_buy_tickets","description":"Buy tickets for an event","parameters":{"type":"object","properties":{
			"event_name":{"type":"string","description":"Name of the match or artist"},
			"number_of_tickets":{"type":"string","description":"Number of tickets to buy","enum":["1","2","3","4"]},
			"date":{"type":"string","description":"Date of the event"}},"required":["event_name","number_of_tickets","date"]}}]`,
	"railway": `[
		{"name":"rail_1_search_single","description":"Search for one-way trains","parameters":{"type":"object","properties":{
			"origin":{"type":"string","description":"City where the trip starts"},
			"destination":{"type":"string","description":"City where the trip ends"},
			"departure_date":{"type":"string","description":"Date of departure"}},"required":["origin","destination","departure_date"]}},
		{"name":"rail_1_search_round_trip","description":"Search for round-trip trains","parameters":{"type":"object","properties":{
			"origin":{"type":"string","description":"City where the trip starts"},
			"destination":{"type":"string","description":"City where the trip ends"},
			"departure_date":{"type":"string","description":"Date of departure"},
			"return_date":{"type":"string","description":"Date of the return"}},"required":["origin","destination","departure_date","return_date"]}}]`,
	"diary": `[
		{"name":"diary_1_get_available_time","description":"Get the times at which somebody is available on a day","parameters":{"type":"object","properties":{
			"day":{"type":"string","description":"Date to look at"}},"required":["day"]}},
		{"name":"diary_1_add_entry","description":"Add an entry to the diary","parameters":{"type":"object","properties":{
			"entry_name":{"type":"string","description":"Title of the entry"},
			"day":{"type":"string","description":"Date of the entry"},
			"starts":{"type":"string","description":"Start time of the entry"}},"required":["entry_name","day","starts"]}}]`,
	"credit union": `[
		{"name":"cu_1_transfer","description":"Transfer money to another member","parameters":{"type":"object","properties":{
			"account_type":{"type":"string","description":"Type of account","enum":["checking","savings"]},
			"amount":{"type":"number","description":"Amount of money"},
			"recipient_name":{"type":"string","description":"Name of the recipient"},
			"recipient_account_type":{"type":"string","description":"Type of the recipient's account","enum":["checking","savings"]}},"required":["account_type","amount","recipient_name"]}},
		{"name":"cu_1_check_balance","description":"Check the balance of an account","parameters":{"type":"object","properties":{
			"account_type":{"type":"string","description":"Type of account","enum":["checking","savings"]}},"required":["account_type"]}}]`,
	"meeting rooms": `[
		{"name":"HallBook.ReserveSpace","description":"Reserve a meeting room","parameters":{"type":"object","properties":{
			"day":{"type":"string","description":"Day of the week","enum":["Monday","Tuesday","Wednesday","Thursday","Friday"]},
			"start_time":{"type":"string","description":"When it begins"},
			"end_time":{"type":"string","description":"When it ends"}},"required":["day","start_time","end_time"]}}]`,
	"guest house": `[
		{"name":"stays_1_search_house","description":"Search for a guest house","parameters":{"type":"object","properties":{
			"where_to":{"type":"string","description":"Where the house is"},
			"stars":{"type":"string","description":"Star rating of the house","enum":["1","2","3","4","5"]},
			"pets":{"type":"string","description":"Can bring pets into the house","enum":["True","False"]},
			"length":{"type":"string","description":"Length of the stay"}},"required":["where_to"]}}]`,
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
		{"clinic", "Find a physician in Leeds for dermatology | I found Susan M. Greene, M.D. in Leeds. Shall I book a visit? | Yes, on Friday at 4 pm | To confirm: Susan M. Greene, M.D. on Friday at 4 pm. | yes", `svc_book {"d":"2027-03-05","t":"16:00","who":"Susan M. Greene, M.D."}`},
		{"box office", "I heard that Angels vs Mariners is good. Find me the dates in Anaheim.", `arena_1_get_dates {"city":"Anaheim","event_name":"Angels vs Mariners"}`},
		{"box office", "Find me an event in Anaheim | Any preference? | I'd like to see The Lemonheads", `arena_1_get_dates {"city":"Anaheim","event_name":"The Lemonheads"}`},
		{"box office", "Find a concert in Leeds | There is Blue Train at the Old Barn on March 12th. | I want two tickets for that event. | So that's 2 tickets for Blue Train on March 12th, correct? | yes", `arena_1_buy_tickets {"date":"2027-03-12","event_name":"Blue Train","number_of_tickets":"2"}`},
		{"box office", "Find a concert in Boston, MA | Boston, MA has Blue Train on March 12th. | I want two tickets for that event. | So that's 2 tickets for Blue Train on March 12th, correct? | yes", `arena_1_buy_tickets {"date":"2027-03-12","event_name":"Blue Train","number_of_tickets":"2"}`},
		{"railway", "Find a train from Leeds to York on the 10th, coming back on the 12th", `rail_1_search_round_trip {"departure_date":"2027-03-10","destination":"York","origin":"Leeds","return_date":"2027-03-12"}`},
		{"railway", "Search for trains from Leeds to York on the 10th | The first leaves at nine. | And I want to return on the 12th.", `rail_1_search_round_trip {"departure_date":"2027-03-10","destination":"York","origin":"Leeds","return_date":"2027-03-12"}`},
		{"railway", "Search for trains from Leeds leaving on the 10th | When are you coming back? | on the 12th | Where to? | to York", `rail_1_search_round_trip {"departure_date":"2027-03-10","destination":"York","origin":"Leeds","return_date":"2027-03-12"}`},
		{"railway", "Find me a round trip train from Leeds to York on the 10th and back on the 12th | There is one at nine. | Sounds good. | Shall I do anything else? | No, I need a one-way train.", `rail_1_search_single {"departure_date":"2027-03-10","destination":"York","origin":"Leeds"}`},
		{"diary", "When am I free on Thursday?", `diary_1_get_available_time {"day":"2027-03-04"}`},
		{"diary", "When am I free on Thursday? | From two to four. | And do I have any free time on Friday?", `diary_1_get_available_time {"day":"2027-03-05"}`},
		{"credit union", "Transfer $50 from my savings to Ann | You want to move $50 from your savings account to Ann's checking account, correct? | yes", `cu_1_transfer {"account_type":"savings","amount":50,"recipient_account_type":"checking","recipient_name":"Ann"}`},
		{"credit union", "Check the balance of my checking account | It's $20. | And how much is in my savings?", `cu_1_check_balance {"account_type":"savings"}`},
		{"credit union", "Transfer $50 from my savings to Ann | You want to move $50 from your savings account to Ann's checking account, correct? | What's the fee?", ""},
		{"meeting rooms", "Reserve a meeting room for tomorrow at 4 pm for two hours | I have Tuesday from 4 to 6 pm. Is that right? | yes", `HallBook.ReserveSpace {"day":"Tuesday","end_time":"18:00","start_time":"16:00"}`},
		{"guest house", "I'm looking for a 4 star guest house in Leeds where I can bring my dog, for a week", `stays_1_search_house {"length":"7","pets":"True","stars":"4","where_to":"Leeds"}`},
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
