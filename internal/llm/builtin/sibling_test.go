package builtin_test

import (
	"strings"
	"testing"

	"callwright/internal/llm"
)

// towns are services side by side, as one agent has them: names begin with the service.
var towns = map[string]string{
	"coach line": `[
		{"name":"coach_1_find_coach","description":"Find a coach between cities","parameters":{"type":"object","properties":{
			"origin":{"type":"string","description":"City where the trip starts"},
			"destination":{"type":"string","description":"City where the trip ends"},
			"departure_date":{"type":"string","description":"Date of departure"}},"required":["origin","destination","departure_date"]}},
		{"name":"coach_1_buy_ticket","description":"Buy tickets for a coach","parameters":{"type":"object","properties":{
			"origin":{"type":"string","description":"City where the trip starts"},
			"destination":{"type":"string","description":"City where the trip ends"},
			"departure_date":{"type":"string","description":"Date of departure"},
			"departure_time":{"type":"string","description":"Time of departure"},
			"fare":{"type":"string","description":"Kind of fare","enum":["Economy","Flexible"]}},"required":["origin","destination","departure_date","departure_time"]}}]`,
	"inn": `[
		{"name":"inn_1_reserve","description":"Reserve a room at a hotel","parameters":{"type":"object","properties":{
			"hotel_name":{"type":"string","description":"Name of the hotel"},
			"city":{"type":"string","description":"City of the hotel"},
			"check_in_date":{"type":"string","description":"Start date of the reservation"},
			"check_out_date":{"type":"string","description":"End date of the reservation"}},"required":["hotel_name","city","check_in_date","check_out_date"]}}]`,
	"jukebox": `[
		{"name":"juke_1_find_song","description":"Find a song","parameters":{"type":"object","properties":{
			"genre":{"type":"string","description":"Genre of the song"},
			"artist":{"type":"string","description":"Name of the artist"}},"required":[]}}]`,
	"eateries": `[
		{"name":"food_1_find_restaurants","description":"Find a restaurant of a cuisine","parameters":{"type":"object","properties":{
			"cuisine":{"type":"string","description":"Cuisine of the food"},
			"city":{"type":"string","description":"City of the restaurant"}},"required":["cuisine","city"]}}]`,
	"town": strings.TrimSuffix(trades["box office"], "]") + "," + strings.TrimPrefix(strings.TrimSuffix(trades["diary"], "]"), "[") + "," + strings.TrimPrefix(trades["guest house"], "["),
}

// TestFromSkillToSkill plays lines of callers and of other assistants in turns, and looks at
// the call that follows the last, or at a part of the answer.
func TestFromSkillToSkill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ trade, said, call, text string }{
		{"credit union", "Transfer $50 from my savings to Ann | You want to move $50 from your savings account to Ann's checking account, correct? | Please check the balance of my savings account first", `cu_1_check_balance {"account_type":"savings"}`, ""},
		{"credit union", "Transfer $50 to Ann | To Ann's savings account from your checking account, $50, correct? | yes", `cu_1_transfer {"account_type":"checking","amount":50,"recipient_account_type":"savings","recipient_name":"Ann"}`, ""},
		{"credit union", "Transfer $50 from my savings to Ann | You want to move $50 from your savings account to Ann's checking account, correct? | yes | The transfer is done. | Can I check my balance?", `cu_1_check_balance {"account_type":"savings"}`, ""},
		{"railway", "Search for trains from Leeds to York | When do you leave? | on the 10th, and back on the 12th", `rail_1_search_round_trip {"departure_date":"2027-03-10","destination":"York","origin":"Leeds","return_date":"2027-03-12"}`, ""},
		{"railway", "Find me a round trip train from Leeds to York on the 10th and back on the 12th | There is one at nine. | Oh, this train from Leeds suits me well.", "", ""},
		{"railway", "Find me a round trip train from Leeds to York on the 10th and back on the 12th | There is one at nine. | Please look whether the train has a restaurant.", "", ""},
		{"railway", "Find me a train. I'm leaving from Leeds on March 2nd, and returning from my trip to York on the 8th of March.", `rail_1_search_round_trip {"departure_date":"2027-03-02","destination":"York","origin":"Leeds","return_date":"2027-03-08"}`, ""},
		{"railway", "Find me a round trip train from Leeds to York | When would you like to leave? | I'd like to leave by the 4th | And back? | on the 8th", `rail_1_search_round_trip {"departure_date":"2027-03-04","destination":"York","origin":"Leeds","return_date":"2027-03-08"}`, ""},
		{"box office", "Find a concert in Leeds | Blue Train is playing at Old Barn on March 12th. | Buy two tickets for that event on March 12th. | So 2 tickets on March 12th, correct? | yes", `arena_1_buy_tickets {"date":"2027-03-12","event_name":"Blue Train","number_of_tickets":"2"}`, ""},
		{"box office", "Find me event dates", "", "name"},
		{"box office", "Find a concert in Boston, MA | There is nothing in Boston, MA. | Get me the dates in Boston, MA", "", "name"},
		{"box office", "Find a concert in Leeds | Blue Train is playing at Old Barn on March 12th. | Buy two tickets for that event on March 12th.", "", "blue train"},
		{"box office", "I need tickets to Blue Train", "", "tickets"},
		{"box office", "I'll have three tickets, for Sports in Leeds", "", "name"},
		{"town", "Can you check something for me?", "", "what i can do"},
		{"town", "Find a concert in Leeds | There is Blue Train on March 12th. | I would need one more entry for the diary thing there", "", "title"},
		{"town", "Can you look something up? | Of course. Sports or music, and in which city? | Sports in Leeds", `arena_1_find_games {"city":"Leeds","sort":"Sports"}`, ""},
		{"town", "Find a concert in Leeds | There is Blue Train on March 12th. | When am I free that day?", `diary_1_get_available_time {"day":"2027-03-12"}`, ""},
		{"town", "Find a concert in Leeds | There is Blue Train on March 12th. | We need a guest house somewhere near there as well", `stays_1_search_house {"where_to":"Leeds"}`, ""},
		{"town", "Find a concert in Leeds | There is Blue Train on March 12th. | Add an entry to the diary on the 12th at 3 pm", "", "title"},
		{"diary", "Add an entry to the diary on Thursday at 3 pm | Which one? | hmm", "", "title"},
		{"coach line", "Find me a coach ticket from Leeds to York on the 10th", `coach_1_find_coach {"departure_date":"2027-03-10","destination":"York","origin":"Leeds"}`, ""},
		{"coach line", "Find me an Economy coach ticket | Where to, and when? | From Leeds to York on the 10th", `coach_1_find_coach {"departure_date":"2027-03-10","destination":"York","origin":"Leeds"}`, ""},
		{"coach line", "Can you find a coach ticket? | Where to, and when? | From Leeds to York on the 10th", `coach_1_find_coach {"departure_date":"2027-03-10","destination":"York","origin":"Leeds"}`, ""},
		{"coach line", "Buy a coach ticket | You need an Economy Plus ticket on the coach from Leeds to York which leaves on March 10th at 9 am, correct? | yes", `coach_1_buy_ticket {"departure_date":"2027-03-10","departure_time":"09:00","destination":"York","fare":"Economy","origin":"Leeds"}`, ""},
		{"coach line", "Buy a coach ticket from Leeds to York in Economy on the 10th at 9 am | So that is from Leeds to York in Economy on March 10th at 9 am? | yes", `coach_1_buy_ticket {"departure_date":"2027-03-10","departure_time":"09:00","destination":"York","fare":"Economy","origin":"Leeds"}`, ""},
		{"inn", "Reserve a room in York | Please confirm: a room at the Blue Door Inn in York, checking in March 3rd and checking out March 9th. | yes", `inn_1_reserve {"check_in_date":"2027-03-03","check_out_date":"2027-03-09","city":"York","hotel_name":"Blue Door Inn"}`, ""},
		{"jukebox", "Find me some Shawn Mendes songs", `juke_1_find_song {"artist":"Shawn Mendes"}`, ""},
		{"eateries", "Are there any Mexican places in Leeds?", `food_1_find_restaurants {"city":"Leeds","cuisine":"Mexican"}`, ""},
		{"meeting rooms", "Reserve a meeting room on Tuesday | From when to when? | from 4 to 6 pm | On Tuesday then, right? | yes", `HallBook.ReserveSpace {"day":"Tuesday","end_time":"18:00","start_time":"16:00"}`, ""},
	} {
		t.Run(c.trade+"/"+c.said, func(t *testing.T) {
			t.Parallel()
			tools := towns[c.trade]
			if tools == "" {
				tools = trades[c.trade]
			}
			req := llm.Request{Now: monday(), Language: "en", Tools: mustTools(t, tools)}
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
			if got != c.call || !strings.Contains(strings.ToLower(text), c.text) {
				t.Errorf("got %s %q, want %s %q", got, text, c.call, c.text)
			}
		})
	}
}
