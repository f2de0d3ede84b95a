package builtin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"callwright/internal/llm"
)

// TestOtherHands answers where another assistant led the conversation.
func TestOtherHands(t *testing.T) {
	t.Parallel()
	const read = `{"type":"object","properties":{"city":{"type":"string","description":"City to search in"},"kind":{"type":"string","description":"Kind of show","enum":["music","theatre"]}},"required":["city"]}`
	const write = `{"type":"object","properties":{"show_name":{"type":"string","description":"Name of the show"},"seats":{"type":"integer","description":"Number of seats"},"date":{"type":"string","format":"date","description":"Day of the show"}},"required":["show_name","seats","date"]}`
	tools := []llm.Tool{
		{Name: "shows_1_findshows", Description: "Find shows in a city", Parameters: json.RawMessage(read)},
		{Name: "shows_1_buytickets", Description: "Buy tickets for a show", Parameters: json.RawMessage(write)},
	}
	for _, tt := range []struct {
		name string
		said []string // the caller begins, the last line is the caller's
		call string   // "" for none
		text string   // part of the answer
	}{
		{"answers the question asked", []string{"I'd like to see a show", "In which city?", "in Leeds please"}, `shows_1_findshows {"city":"Leeds"}`, ""},
		{"agreed to", []string{"Buy tickets for a show", "I can offer Blue Door. How many, and when?", "Blue Door, two for tomorrow", "To confirm: 2 tickets for Blue Door tomorrow. Is that right?", "yes please"},
			`shows_1_buytickets {"date":"2027-03-02","seats":2,"show_name":"Blue Door"}`, ""},
		{"changed by the one who reads back", []string{"Buy tickets for a show", "I can offer Blue Door. How many, and when?", "Blue Door, two for tomorrow", "To confirm: 3 tickets for Blue Door tomorrow. Is that right?", "yes please"},
			`shows_1_buytickets {"date":"2027-03-02","seats":3,"show_name":"Blue Door"}`, ""},
		{"objected to", []string{"Buy tickets for a show", "I can offer Blue Door. How many, and when?", "Blue Door, two for tomorrow", "To confirm: 2 tickets for Blue Door tomorrow. Is that right?", "no, make it four people"},
			"", "4"},
		{"done already", []string{"Buy two tickets for the show called Blue Door tomorrow", "To confirm: 2 tickets for Blue Door tomorrow. Is that right?", "yes please", "Your tickets have been booked.", "thank you"}, "", "welcome"},
		{"a question about what was found", []string{"Find shows in Leeds", "I found 4 shows. There is Blue Door at the Grand at 8 pm.", "how much is it?"}, "", ""},
		{"a new constraint", []string{"Find shows in Leeds", "I found 4 shows. There is Blue Door at the Grand at 8 pm.", "are there any in York?"}, `shows_1_findshows {"city":"York"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := llm.Request{Now: monday(), Language: "en", Tools: tools}
			for i, words := range tt.said {
				role := llm.User
				if i%2 == 1 {
					role = llm.Assistant
				}
				req.Messages = append(req.Messages, llm.Message{Role: role, Content: words})
			}
			text, calls := mustAnswer(t, req)
			var got string
			for _, c := range calls {
				got += c.Name + " " + string(c.Arguments)
			}
			if got != tt.call || !strings.Contains(text, tt.text) {
				t.Errorf("got %q, %q; want %q, %q", got, text, tt.call, tt.text)
			}
		})
	}
}
