package builtin_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"callwright/internal/llm"
)

// answered returns what the engine takes from an answer to its question for a
// parameter of the schema, as JSON, "" when it asks again.
func answered(t *testing.T, name, schema, answer string) string {
	t.Helper()
	return taken(t, name, schema, "Please register a zebra.", answer)
}

// volunteered returns what the engine takes from the request itself.
func volunteered(t *testing.T, name, schema, said string) string {
	t.Helper()
	return taken(t, name, schema, "Please register a zebra. "+said)
}

func taken(t *testing.T, name, schema string, lines ...string) string {
	t.Helper()
	req := llm.Request{Now: monday(), Language: "en", Tools: []llm.Tool{{
		Name: "register_zebra", Description: "Register a zebra.",
		Parameters: json.RawMessage(fmt.Sprintf(`{"type":"object","properties":{%q:%s},"required":[%q]}`, name, schema, name)),
	}}}
	for _, line := range lines {
		req.Messages = append(req.Messages, llm.Message{Role: llm.User, Content: line})
		text, calls := mustAnswer(t, req)
		if len(calls) > 0 {
			var args map[string]json.RawMessage
			if err := json.Unmarshal(calls[0].Arguments, &args); err != nil {
				t.Fatalf("arguments %s: %v", calls[0].Arguments, err)
			}
			return string(args[name])
		}
		req.Messages = append(req.Messages, llm.Message{Role: llm.Assistant, Content: text})
	}
	return ""
}

func TestValuesInAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schema, answer, want string }{
		{"serial_number", `{"type":"string"}`, "SN-48213-B", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "it's SN-48213-B.", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "My serial number is SN-48213-B, thanks", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "S N dash four eight two one three dash B", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "sierra november four eight double two bravo", `"SN4822B"`},
		{"serial_number", `{"type":"string"}`, "B as in bravo, seven, seven, C as in Charlie", `"B77C"`},
		{"serial_number", `{"type":"string"}`, "B for boy 12", `"B12"`},
		{"serial_number", `{"type":"string","examples":["SN-00000-X"]}`, "sn 48213 b", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "I don't know", ""},
		{"serial_number", `{"type":"string"}`, "where do I find that?", ""},
		{"serial_number", `{"type":"string"}`, "on the back I guess", ""},
		{"order_number", `{"type":"string"}`, "my order number is 4 4 7 1", `"4471"`},
		{"order_number", `{"type":"string"}`, "four four seven one", `"4471"`},
		{"order_number", `{"type":"string"}`, "oh oh seven triple nine", `"007999"`},
		{"order_number", `{"type":"string"}`, "forty-four seventy-one", `"4471"`},
		{"order_id", `{"type":"integer"}`, "4471", `4471`},
		{"pin_code", `{"type":"string","pattern":"^[0-9]{4}$"}`, "123", ""},
		{"pin_code", `{"type":"string","pattern":"^[0-9]{4}$"}`, "1234", `"1234"`},
		{"phone", `{"type":"string","format":"phone"}`, "555 123 4567", `"5551234567"`},
		{"phone", `{"type":"string","format":"phone"}`, "it's (555) 123-4567", `"5551234567"`},
		{"phone", `{"type":"string","format":"phone"}`, "+44 20 7946 0958", `"+442079460958"`},
		{"phone", `{"type":"string","format":"phone"}`, "five five five one two three double four five six", `"5551234456"`},
		{"phone", `{"type":"string","format":"phone"}`, "555", ""},
		{"email", `{"type":"string","format":"email"}`, "Maria.Lopez@Example.com", `"maria.lopez@example.com"`},
		{"email", `{"type":"string","format":"email"}`, "maria dot lopez at example dot com", `"maria.lopez@example.com"`},
		{"email", `{"type":"string","format":"email"}`, "my email is bob underscore smith two at mail dot example dot org", `"bob_smith2@mail.example.org"`},
		{"email", `{"type":"string","format":"email"}`, "I have none", ""},
		{"website", `{"type":"string","format":"uri"}`, "www.example.com/shop", `"https://www.example.com/shop"`},
		{"date", `{"type":"string","format":"date"}`, "tomorrow", `"2027-03-02"`},
		{"date", `{"type":"string","format":"date"}`, "the day after tomorrow", `"2027-03-03"`},
		{"date", `{"type":"string","format":"date"}`, "next Tuesday please", `"2027-03-02"`},
		{"date", `{"type":"string","format":"date"}`, "Tuesday next week", `"2027-03-09"`},
		{"date", `{"type":"string","format":"date"}`, "on Monday", `"2027-03-08"`},
		{"date", `{"type":"string","format":"date"}`, "the 3rd of March", `"2027-03-03"`},
		{"date", `{"type":"string","format":"date"}`, "March third", `"2027-03-03"`},
		{"date", `{"type":"string","format":"date"}`, "february 3", `"2028-02-03"`},
		{"date", `{"type":"string","format":"date"}`, "the twenty-first", `"2027-03-21"`},
		{"date", `{"type":"string","format":"date"}`, "the 21st", `"2027-03-21"`},
		{"date", `{"type":"string","format":"date"}`, "in two weeks", `"2027-03-15"`},
		{"date", `{"type":"string","format":"date"}`, "a week from Friday", `"2027-03-12"`},
		{"date", `{"type":"string","format":"date"}`, "three days from now", `"2027-03-04"`},
		{"date", `{"type":"string","format":"date"}`, "3/14/2027", `"2027-03-14"`},
		{"date", `{"type":"string","format":"date"}`, "2027-03-14", `"2027-03-14"`},
		{"date", `{"type":"string","format":"date"}`, "14.3.2027", `"2027-03-14"`},
		{"date", `{"type":"string","format":"date"}`, "February 30", ""},
		{"date_of_birth", `{"type":"string","format":"date"}`, "May 4th 1984", `"1984-05-04"`},
		{"date_of_birth", `{"type":"string","format":"date"}`, "the fourth of May nineteen eighty-four", `"1984-05-04"`},
		{"time", `{"type":"string","format":"time"}`, "half past four", `"16:30"`},
		{"time", `{"type":"string","format":"time"}`, "3pm", `"15:00"`},
		{"time", `{"type":"string","format":"time"}`, "3:15 p.m.", `"15:15"`},
		{"time", `{"type":"string","format":"time"}`, "noon", `"12:00"`},
		{"time", `{"type":"string","format":"time"}`, "quarter to nine", `"08:45"`},
		{"time", `{"type":"string","format":"time"}`, "ten past three", `"15:10"`},
		{"time", `{"type":"string","format":"time"}`, "four thirty in the afternoon", `"16:30"`},
		{"time", `{"type":"string","format":"time"}`, "at 9", `"09:00"`},
		{"time", `{"type":"string","format":"time"}`, "9", `"09:00"`},
		{"time", `{"type":"string","format":"time"}`, "18:45", `"18:45"`},
		{"time", `{"type":"string","format":"time"}`, "7 in the evening", `"19:00"`},
		{"time", `{"type":"string","format":"time"}`, "twelve am", `"00:00"`},
		{"time", `{"type":"string","format":"time"}`, "eight o'clock", `"08:00"`},
		{"starts_at", `{"type":"string","format":"date-time"}`, "tomorrow at 3pm", `"2027-03-02T15:00:00Z"`},
		{"duration", `{"type":"string","format":"duration"}`, "an hour and a half", `"PT1H30M"`},
		{"rental_duration", `{"type":"string"}`, "six days", `"6 days"`},
		{"price_range", `{"type":"string","enum":["inexpensive","moderate","expensive"]}`, "something affordable", `"moderate"`},
		{"show_name", `{"type":"string"}`, "that date please", ""},
		{"duration", `{"type":"string","format":"duration"}`, "45 minutes", `"PT45M"`},
		{"duration", `{"type":"string","format":"duration"}`, "half an hour", `"PT30M"`},
		{"duration", `{"type":"string","format":"duration"}`, "three days", `"P3D"`},
		{"amount", `{"type":"number"}`, "$14.50", `14.50`},
		{"amount", `{"type":"number"}`, "twenty bucks", `20`},
		{"amount", `{"type":"number"}`, "1,250 dollars", `1250`},
		{"amount", `{"type":"number"}`, "fourteen dollars and five cents", `14.05`},
		{"amount", `{"type":"string","format":"money"}`, "£30", `"30"`},
		{"guests", `{"type":"integer"}`, "four", `4`},
		{"guests", `{"type":"integer"}`, "there will be twenty-two of us", `22`},
		{"guests", `{"type":"integer","description":"Number of people"}`, "just me", `1`},
		{"weight", `{"type":"number"}`, "two point five", `2.5`},
		{"mileage", `{"type":"integer"}`, "one hundred and twenty thousand", `120000`},
		{"postal_code", `{"type":"string","format":"postal-code"}`, "94107", `"94107"`},
		{"postal_code", `{"type":"string","format":"postal-code"}`, "sw1a 1aa", `"SW1A 1AA"`},
		{"postal_code", `{"type":"string","format":"postal-code"}`, "nine four one oh seven", `"94107"`},
		{"name", `{"type":"string","format":"person-name"}`, "My name is Maria Lopez", `"Maria Lopez"`},
		{"name", `{"type":"string","format":"person-name"}`, "maria lopez", `"Maria Lopez"`},
		{"name", `{"type":"string","format":"person-name"}`, "It's Tom", `"Tom"`},
		{"name", `{"type":"string","format":"person-name"}`, "why do you need it?", ""},
		{"first_name", `{"type":"string"}`, "Maria Lopez", `"Maria"`},
		{"last_name", `{"type":"string"}`, "Maria Lopez", `"Lopez"`},
		{"address", `{"type":"string","format":"address"}`, "I'm at 12 Elm Street, Springfield", `"12 Elm Street, Springfield"`},
		{"city", `{"type":"string"}`, "in San Francisco please", `"San Francisco"`},
		{"city", `{"type":"string"}`, "denver", `"denver"`},
		{"size", `{"type":"string","enum":["small","medium","extra_large"]}`, "the extra large one", `"extra_large"`},
		{"size", `{"type":"string","enum":["small","medium","extra_large"]}`, "the second", `"medium"`},
		{"size", `{"type":"string","enum":["small","medium","extra_large"]}`, "purple", ""},
		{"level", `{"type":"integer","enum":[1,2,3]}`, "two", `2`},
		{"gift", `{"type":"boolean"}`, "yes please", `true`},
		{"gift", `{"type":"boolean"}`, "no thanks", `false`},
		{"gift", `{"type":"string","enum":["True","False"]}`, "nope", `"False"`},
		{"tags", `{"type":"array","items":{"type":"string"}}`, "red, green and blue", `["red","green","blue"]`},
		{"color", `{"type":"string"}`, "It's dark green.", `"dark green"`},
		{"color", `{"type":"string"}`, "what do you mean?", ""},
	} {
		t.Run(c.name+"/"+c.answer, func(t *testing.T) {
			t.Parallel()
			if got := answered(t, c.name, c.schema, c.answer); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestValuesVolunteered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schema, said, want string }{
		{"serial_number", `{"type":"string"}`, "The serial number is SN-48213-B.", `"SN-48213-B"`},
		{"serial_number", `{"type":"string"}`, "It is an old one.", ""},
		{"order_number", `{"type":"string"}`, "It's for order 4471.", `"4471"`},
		{"name", `{"type":"string","format":"person-name"}`, "Can somebody call me back?", ``},
		{"name", `{"type":"string","format":"person-name"}`, "You can call me Ada", `"Ada"`},
		{"phone", `{"type":"string","format":"phone"}`, "You can call me on 555-123-4567.", `"5551234567"`},
		{"email", `{"type":"string","format":"email"}`, "Write to ann@example.com.", `"ann@example.com"`},
		{"date", `{"type":"string","format":"date"}`, "It should be on Friday.", `"2027-03-05"`},
		{"time", `{"type":"string","format":"time"}`, "I can come at 4.", `"16:00"`},
		{"amount", `{"type":"number"}`, "I'll pay $20.", `20`},
		{"amount", `{"type":"number"}`, "I have 3 of them.", ""},
		{"party_size", `{"type":"integer"}`, "We are a party of six.", `6`},
		{"party_size", `{"type":"integer"}`, "It is at 6.", ""},
		{"size", `{"type":"string","description":"Size of group for the booking","enum":["1","2","3"]}`, "It is for two.", `"2"`},
		{"name", `{"type":"string"}`, "My name is Ann Lee.", `"Ann Lee"`},
		{"name", `{"type":"string"}`, "I'm looking for a stable.", ""},
		{"size", `{"type":"string","enum":["small","large"]}`, "A large one.", `"large"`},
		{"city", `{"type":"string"}`, "It lives in New York.", `"New York"`},
		{"color", `{"type":"string"}`, "The color is black.", `"black"`},
		{"color", `{"type":"string"}`, "It has stripes.", ""},
	} {
		t.Run(c.name+"/"+c.said, func(t *testing.T) {
			t.Parallel()
			if got := volunteered(t, c.name, c.schema, c.said); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
