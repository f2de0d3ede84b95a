package builtin_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"callwright/internal/llm"
)

// in takes what an agent of a language understands from an answer to its question,
// after a request in that language.
func in(t *testing.T, lang, request, name, schema, answer string) string {
	t.Helper()
	req := llm.Request{Now: monday(), Language: lang, Tools: []llm.Tool{{
		Name: "register_zebra", Description: "Register a zebra. Registrar una cebra. Enregistrer un zèbre.",
		Parameters: json.RawMessage(fmt.Sprintf(`{"type":"object","properties":{%q:%s},"required":[%q]}`, name, schema, name)),
	}}}
	for _, line := range []string{request, answer} {
		req.Messages = append(req.Messages, user(line))
		text, calls := mustAnswer(t, req)
		if len(calls) > 0 {
			var args map[string]json.RawMessage
			if err := json.Unmarshal(calls[0].Arguments, &args); err != nil {
				t.Fatalf("arguments %s: %v", calls[0].Arguments, err)
			}
			return string(args[name])
		}
		req.Messages = append(req.Messages, agent(text))
	}
	return ""
}

// The clock of the tests stands on Monday, March 1, 2027: tomorrow is no "next
// Tuesday".
func TestValuesInOtherLanguages(t *testing.T) {
	t.Parallel()
	const (
		date     = `{"type":"string","format":"date"}`
		clock    = `{"type":"string","format":"time"}`
		integer  = `{"type":"integer"}`
		number   = `{"type":"number"}`
		duration = `{"type":"string","format":"duration"}`
		boolean  = `{"type":"boolean"}`
	)
	for _, c := range []struct{ lang, name, schema, answer, want string }{
		{"es", "date", date, "mañana", `"2027-03-02"`},
		{"es", "date", date, "pasado mañana, por favor", `"2027-03-03"`},
		{"es", "date", date, "el martes que viene", `"2027-03-09"`},
		{"es", "date", date, "para el 15 de marzo", `"2027-03-15"`},
		{"es", "date", date, "el tres de mayo de dos mil veintisiete", `"2027-05-03"`},
		{"es", "date", date, "el 5/4/2027", `"2027-04-05"`},
		{"es", "date", date, "no lo sé", ""},
		{"es", "time", clock, "a las cuatro y media", `"16:30"`},
		{"es", "time", clock, "a las nueve de la mañana", `"09:00"`},
		{"es", "time", clock, "a las 16:45", `"16:45"`},
		{"es", "time", clock, "al mediodía", `"12:00"`},
		{"es", "time", clock, "a la una", `"13:00"`},
		{"es", "guests", integer, "somos cuatro", `4`},
		{"es", "guests", integer, "veintidós personas", `22`},
		{"es", "mileage", integer, "ciento veinte mil", `120000`},
		{"es", "mileage", integer, "unos 1.200", `1200`},
		{"es", "weight", number, "2,5", `2.5`},
		{"es", "amount", number, "mil doscientos euros", `1200`},
		{"es", "amount", number, "1.200,50 €", `1200.5`},
		{"es", "duration", duration, "una hora y media", `"PT1H30M"`},
		{"es", "gift", boolean, "sí, claro", `true`},
		{"es", "gift", boolean, "no, gracias", `false`},
		{"es", "gift", boolean, "de acuerdo", `true`},
		{"fr", "date", date, "demain", `"2027-03-02"`},
		{"fr", "date", date, "après-demain s'il vous plaît", `"2027-03-03"`},
		{"fr", "date", date, "mardi prochain", `"2027-03-09"`},
		{"fr", "date", date, "le 15 mars", `"2027-03-15"`},
		{"fr", "date", date, "le premier décembre", `"2027-12-01"`},
		{"fr", "date", date, "je ne sais pas", ""},
		{"fr", "time", clock, "à quatre heures et demie", `"16:30"`},
		{"fr", "time", clock, "à 16h30", `"16:30"`},
		{"fr", "time", clock, "vers neuf heures du matin", `"09:00"`},
		{"fr", "time", clock, "à midi", `"12:00"`},
		{"fr", "guests", integer, "nous sommes quatre", `4`},
		{"fr", "guests", integer, "pour vingt et une personnes", `21`},
		{"fr", "mileage", integer, "quatre-vingt-dix-sept", `97`},
		{"fr", "mileage", integer, "deux cent trois", `203`},
		{"fr", "weight", number, "2,5", `2.5`},
		{"fr", "amount", number, "mille deux cents euros", `1200`},
		{"fr", "amount", number, "20 euros", `20`},
		{"fr", "duration", duration, "une heure et demie", `"PT1H30M"`},
		{"fr", "gift", boolean, "oui, bien sûr", `true`},
		{"fr", "gift", boolean, "non merci", `false`},
		{"fr", "gift", boolean, "tout à fait", `true`},
		{"de", "date", date, "am 3. Mai", `"2027-05-03"`},
		{"de", "date", date, "nächsten Dienstag", `"2027-03-09"`},
		{"de", "time", clock, "um halb fünf", `"16:30"`},
		{"de", "guests", integer, "wir sind einundzwanzig Personen", `21`},
		{"de", "amount", number, "1.200,50 Euro", `1200.5`},
		{"de", "gift", boolean, "ja, genau", `true`},
		{"de", "gift", boolean, "lieber nicht", `false`},
		// an agent whose language is English, and a caller whose is not
		{"en", "date", date, "quisiera venir el 15 de marzo", `"2027-03-15"`},
		{"en", "time", clock, "je voudrais venir à seize heures trente", `"16:30"`},
		{"en", "guests", integer, "wir sind zu viert, also für vier Personen", `4`},
	} {
		t.Run(c.lang+"/"+c.name+"/"+c.answer, func(t *testing.T) {
			t.Parallel()
			request := map[string]string{"es": "Quiero registrar una cebra.", "fr": "Je voudrais enregistrer un zèbre.", "de": "Ich möchte ein Zebra registrieren: register it.", "en": "Please register a zebra."}[c.lang]
			if got := in(t, c.lang, request, c.name, c.schema, c.answer); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What is volunteered in the request itself is taken too, and small words of another
// language make no values.
func TestRequestsInOtherLanguages(t *testing.T) {
	t.Parallel()
	const table = `[{"name":"reservar_mesa","description":"Reservar una mesa. Réserver une table.","parameters":{"type":"object","properties":{
		"date":{"type":"string","format":"date"},"time":{"type":"string","format":"time"},"guests":{"type":"integer","description":"Number of people"}},"required":["date","time","guests"]}}]`
	for _, c := range []struct{ lang, said, want string }{
		{"es", "Quiero reservar una mesa para cuatro personas mañana a las nueve de la noche.", `{"date":"2027-03-02","guests":4,"time":"21:00"}`},
		{"es", "¿Puedo reservar una mesa para dos el 15 de marzo a las 14:30?", `{"date":"2027-03-15","guests":2,"time":"14:30"}`},
		{"fr", "Je voudrais réserver une table pour six personnes demain à vingt heures.", `{"date":"2027-03-02","guests":6,"time":"20:00"}`},
	} {
		t.Run(c.said, func(t *testing.T) {
			t.Parallel()
			text, calls := mustAnswer(t, llm.Request{Now: monday(), Language: c.lang, Tools: mustTools(t, table), Messages: []llm.Message{user(c.said)}})
			if len(calls) != 1 || string(calls[0].Arguments) != c.want {
				t.Errorf("got %q and %v, want a call with %s", text, calls, c.want)
			}
		})
	}
}

func TestLeavingInOtherLanguages(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][]string{
		"es": {"cancelar", "olvídelo", "cancele, por favor"}, "fr": {"annulez", "laissez tomber"}, "de": {"abbrechen", "schon gut"},
	} {
		for _, said := range words {
			req := orders(t, user("where is my order"), agent("Sure, I can look that up for you. What is the order number?"), user(said))
			req.Language = lang
			if text, calls := mustAnswer(t, req); len(calls) > 0 || text != "No problem, I've left that. Is there anything else I can help with?" {
				t.Errorf("%s: after %q: got %q and %v, want it to be left", lang, said, text, calls)
			}
		}
	}
}
