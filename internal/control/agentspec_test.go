package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"callwright"
)

// Every member of an agent is checked, at its place, and what is right is kept.
func TestCheckAgent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	list := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`"`+item+`",`, n), ",") + "]"
	}
	words := func(n int) string {
		var sb strings.Builder
		for i := range n {
			fmt.Fprintf(&sb, `,"w%d":"x"`, i)
		}
		return "{" + sb.String()[1:] + "}"
	}
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, c := range []struct {
		patch string
		want  string // fields; "" = it is fine
	}{
		{`{"name":"` + long(200) + `","persona":"` + long(20_000) + `","greeting":"` + long(2_000) + `","tone":"` + long(500) + `"}`, ""},
		{`{"name":"` + long(201) + `","persona":"` + long(20_001) + `","greeting":"` + long(2_001) + `","tone":"` + long(501) + `"}`, "greeting name persona tone"},

		{`{"goals":` + list(50, "a") + `,"neverDo":["` + long(500) + `"]}`, ""},
		{`{"goals":` + list(51, "a") + `,"neverDo":["a","` + long(501) + `",""]}`, "goals neverDo[1] neverDo[2]"},

		{`{"primaryLanguage":"en-GB","languages":["fr","en-gb","zh-Hant-TW","es-419"],"languageBehavior":"code_switch"}`, ""},
		{`{"primaryLanguage":"fr","languages":[]}`, ""},
		{`{"primaryLanguage":"fr","languages":["en","de"]}`, "primaryLanguage"},
		{`{"languages":["fr"]}`, "primaryLanguage"}, // it is en-US when nothing is said
		{`{"primaryLanguage":"en_US"}`, "primaryLanguage"},
		{`{"primaryLanguage":"english","languages":["root","en-US","EN-us","en-","und"],"languageBehavior":"both"}`, "languageBehavior languages[0] languages[2] languages[3] languages[4] primaryLanguage"},
		{`{"languages":` + list(51, "en-US") + `}`, "languages " + numbered("languages", 1, 50)},

		{`{"lexicon":{"preferred":["parcel"],"banned":` + list(500, "a") + `,"pronunciations":{"SQL":"sequel"}}}`, ""},
		{`{"lexicon":{"preferred":["` + long(101) + `"],"banned":` + list(501, "a") + `,"pronunciations":{"SQL":""}}}`, "lexicon.banned lexicon.preferred[0] lexicon.pronunciations"},
		{`{"lexicon":{"pronunciations":{"":"x"}}}`, "lexicon.pronunciations"},
		{`{"lexicon":{"pronunciations":{"` + long(101) + `":"x"}}}`, "lexicon.pronunciations"},
		{`{"lexicon":{"pronunciations":` + words(500) + `}}`, ""},
		{`{"lexicon":{"pronunciations":` + words(501) + `}}`, "lexicon.pronunciations"},

		{`{"voiceMap":{"fr":"v1","de-AT":"v2"},"defaultVoiceId":"v0"}`, ""},
		{`{"voiceMap":{"french":"v1","de":"","en":"` + long(201) + `"},"defaultVoiceId":"` + long(201) + `"}`, "defaultVoiceId voiceMap.de voiceMap.en voiceMap.french"},
		{`{"voiceSettings":{"stability":0,"similarityBoost":1,"style":0.5,"useSpeakerBoost":true,"speed":0.5}}`, ""},
		{`{"voiceSettings":{"speed":2}}`, ""},
		{`{"voiceSettings":{"stability":-0.1,"similarityBoost":1.01,"style":2,"speed":0.49}}`, "voiceSettings.similarityBoost voiceSettings.speed voiceSettings.stability voiceSettings.style"},
		{`{"voiceSettings":{"speed":2.01}}`, "voiceSettings.speed"},

		{`{"llmModel":"builtin","ttsModel":"t","sttModel":"s","llmTemperature":2}`, ""},
		{`{"llmModel":"openai/gpt-4.1-mini"}`, ""},
		{`{"llmModel":"openrouter/meta-llama/llama-3:free"}`, ""},
		{`{"llmModel":""}`, ""},
		{`{"llmModel":"gpt-4.1-mini","llmTemperature":2.1,"ttsModel":"` + long(201) + `","sttModel":"` + long(201) + `"}`, "llmModel llmTemperature sttModel ttsModel"},
		{`{"llmModel":"openai/"}`, "llmModel"},
		{`{"llmModel":"/gpt"}`, "llmModel"},
		{`{"llmModel":"OpenAI/gpt"}`, "llmModel"},
		{`{"llmModel":"openai/gpt 4"}`, "llmModel"},

		{`{"endpointing":{"minSilenceMs":300,"maxSilenceMs":300,"semantic":true}}`, ""},
		{`{"endpointing":{"minSilenceMs":0}}`, ""},
		{`{"endpointing":{"minSilenceMs":301,"maxSilenceMs":300}}`, "endpointing.maxSilenceMs"},
		{`{"endpointing":{"minSilenceMs":-1,"maxSilenceMs":60001}}`, "endpointing.maxSilenceMs endpointing.minSilenceMs"},

		{`{"enabledChannels":["voice","chat","sms","fax_2"]}`, ""},
		{`{"enabledChannels":["voice","","Chat","a b"]}`, "enabledChannels[1] enabledChannels[2] enabledChannels[3]"},

		{`{"handoffConfig":{"warm":true,"transferDestination":"(555) 234-5678","escalationThreshold":1,"contextSummaryUrl":"https://crm.example.com/calls?x=1","transferRules":[{"label":"a","when":"b","destination":"sip:desk@example.com"}]}}`, ""},
		{`{"handoffConfig":{"contextSummaryUrl":"http://10.0.0.5:8080/"}}`, ""},
		{`{"handoffConfig":{"transferDestination":"desk","escalationThreshold":0,"contextSummaryUrl":"ftp://crm.example.com","transferRules":[{"label":"","when":"","destination":""}]}}`,
			"handoffConfig.contextSummaryUrl handoffConfig.escalationThreshold handoffConfig.transferDestination handoffConfig.transferRules[0].destination handoffConfig.transferRules[0].label handoffConfig.transferRules[0].when"},
		{`{"handoffConfig":{"contextSummaryUrl":"https://user:pass@crm.example.com/"}}`, "handoffConfig.contextSummaryUrl"},
		{`{"handoffConfig":{"contextSummaryUrl":"/calls"}}`, "handoffConfig.contextSummaryUrl"},
		{`{"handoffConfig":{"contextSummaryUrl":"https://"}}`, "handoffConfig.contextSummaryUrl"},
		{`{"handoffConfig":{"transferRules":[` + strings.TrimSuffix(strings.Repeat(`{"label":"a","when":"b","destination":"+15551234567"},`, 51), ",") + `]}}`, "handoffConfig.transferRules"},

		{`{"callControl":{}}`, ""},
		{`{"callControl":{"maxCallSeconds":30,"maxDurationMessage":"Bye.","idleReminderDelaySeconds":1,"idleReminderIntervalSeconds":1,"maxIdleReminders":0,"endCallPhrasesEnabled":true,"onNoResponseAction":"take_message"}}`, ""},
		{`{"callControl":{"maxCallSeconds":14400,"maxIdleReminders":10,"onNoResponseAction":"end_call"}}`, ""},
		{`{"callControl":{"onNoResponseAction":"transfer"}}`, ""},
		{`{"callControl":{"onNoResponseAction":""}}`, ""},
		{`{"callControl":{"maxCallSeconds":29,"maxDurationMessage":"` + long(501) + `","idleReminderDelaySeconds":0,"idleReminderIntervalSeconds":-5,"maxIdleReminders":11,"onNoResponseAction":"hang_up"}}`,
			"callControl.idleReminderDelaySeconds callControl.idleReminderIntervalSeconds callControl.maxCallSeconds callControl.maxDurationMessage callControl.maxIdleReminders callControl.onNoResponseAction"},
		{`{"callControl":{"maxCallSeconds":14401,"maxIdleReminders":-1}}`, "callControl.maxCallSeconds callControl.maxIdleReminders"},

		{`{"avgTicketCents":0}`, ""},
		{`{"avgTicketCents":-1}`, "avgTicketCents"},

		{`{"businessHours":{"afterHours":{"mode":"message_only","message":"Back at {reopen}.","allowHumanTransfer":true,"number":"+15551234567","emergencyNumber":"911"}}}`, ""},
		{`{"businessHours":{"afterHours":{"mode":"","message":""}}}`, ""},
		{`{"businessHours":{"afterHours":{"mode":"asleep","message":"` + long(2_001) + `","number":"x","emergencyNumber":"help"}}}`,
			"businessHours.afterHours.emergencyNumber businessHours.afterHours.message businessHours.afterHours.mode businessHours.afterHours.number"},

		// Everything at once.
		{`{"name":"","goals":[""],"llmModel":"x","callControl":{"maxCallSeconds":1},"channelOverrides":{"fax":{}},"businessHours":{"timezone":"Mars/Base"}}`,
			"businessHours.timezone callControl.maxCallSeconds channelOverrides.fax goals[0] llmModel name"},
	} {
		a, err := o.patchAgent(o.actor, c.patch)
		if got := fields(err); got != c.want || err != nil && c.want == "" {
			t.Errorf("%.120s: got problems with %q (%v), want %q", c.patch, got, err, c.want)
		}
		if err == nil {
			o.wantSendsBack(c.patch, a)
			must(t, o.reset())
		}
	}
}

// numbered lists the items of a field from one to another, in the order of fields.
func numbered(field string, from, to int) string {
	var names []string
	for i := from; i <= to; i++ {
		names = append(names, fmt.Sprintf("%s[%d]", field, i))
	}
	return sorted(names)
}

// reset puts the office's agent back to its defaults.
func (o *office) reset() error {
	patch := map[string]any{}
	raw, err := json.Marshal(callwright.AgentSpec{})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &patch); err != nil {
		return err
	}
	for name := range patch {
		patch[name] = nil
	}
	patch["name"] = "Desk"
	if raw, err = json.Marshal(patch); err != nil {
		return err
	}
	_, err = o.patchAgent(o.actor, string(raw))
	return err
}

// wantSendsBack checks that what a client reads of an agent it may send back.
func (o *office) wantSendsBack(what string, a callwright.Agent) {
	o.t.Helper()
	raw, err := json.Marshal(a.AgentSpec)
	must(o.t, err)
	again, err := o.patchAgent(o.actor, string(raw))
	if err != nil {
		o.t.Errorf("%.120s: sent back: %v", what, err)
		return
	}
	same, err := json.Marshal(again.AgentSpec)
	must(o.t, err)
	if string(same) != string(raw) {
		o.t.Errorf("%.120s: sent back:\n got %s\nwant %s", what, same, raw)
	}
}

// A channel's own members are those of the agent, and may be what they may be there.
func TestCheckOverrides(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for overrides, want := range map[string]string{
		`{}`:                              "",
		`{"chat":{}}`:                     "",
		`{"chat":{"enabled":false}}`:      "",
		`{"voice":{"greeting":"Hello!"}}`: "",
		`{"sms":{"tone":"short"},"email":{"tone":"long"},"whatsapp":{"enabled":true}}`:                                                                                                       "",
		`{"chat":{"enabled":true,"greeting":"Hi!","goals":["a"],"llmModel":"builtin","callControl":{"maxCallSeconds":60},"voiceMap":{"fr":"v"},"isActive":true,"languages":["en-US","fr"]}}`: "",
		`{"chat":{"primaryLanguage":"fr","languages":["fr"]}}`:                                                                                                                               "",
		`{"fax":{}}`:  "channelOverrides.fax",
		`{"":{}}`:     "channelOverrides.",
		`{"Chat":{}}`: "channelOverrides.Chat",
		`{"chat":[],"voice":"x","sms":null,"email":7}`:                                  "channelOverrides.chat channelOverrides.email channelOverrides.sms channelOverrides.voice",
		`{"chat":{"enabled":"yes"}}`:                                                    "channelOverrides.chat.enabled",
		`{"chat":{"enabled":null}}`:                                                     "channelOverrides.chat.enabled",
		`{"chat":{"gretting":"Hi!","channelOverrides":{},"id":"x","Greeting":"x"}}`:     "channelOverrides.chat.Greeting channelOverrides.chat.channelOverrides channelOverrides.chat.gretting channelOverrides.chat.id",
		`{"chat":{"greeting":7,"goals":"a","callControl":{"maxCalls":1},"isActive":1}}`: "channelOverrides.chat.callControl channelOverrides.chat.goals channelOverrides.chat.greeting channelOverrides.chat.isActive",
		`{"chat":{"greeting":"` + strings.Repeat("x", 2_001) + `","goals":[""],"callControl":{"maxCallSeconds":1},"name":""}}`: "channelOverrides.chat.callControl.maxCallSeconds channelOverrides.chat.goals[0] channelOverrides.chat.greeting channelOverrides.chat.name",
		`{"chat":{"primaryLanguage":"fr","languages":["de"]}}`:                                                                 "channelOverrides.chat.primaryLanguage",
	} {
		a, err := o.patchAgent(o.actor, `{"channelOverrides":`+overrides+`}`)
		if got := fields(err); got != want || err != nil && want == "" {
			t.Errorf("%.120s: got problems with %q (%v), want %q", overrides, got, err, want)
		}
		if err == nil {
			o.wantSendsBack(overrides, a)
		}
	}
	_, err := o.patchAgent(o.actor, `{"channelOverrides":{"chat":{"gretting":"Hi!"}}}`)
	if err == nil || !strings.Contains(err.Error(), "enabled or one of name, persona") || !strings.Contains(err.Error(), "greeting") {
		t.Errorf("an unknown member: got %v, want the known ones named", err)
	}
	// What is wrong with the agent itself is told once, at its place.
	_, err = o.patchAgent(o.actor, `{"persona":"`+strings.Repeat("x", 20_001)+`","channelOverrides":{"chat":{"greeting":"Hi!"}}}`)
	if got := fields(err); got != "persona" {
		t.Errorf("the agent's own persona: got problems with %q, want it alone", got)
	}
}

// A schedule may have split and overnight shifts, and says of no time twice whether
// the business is open.
func TestCheckSchedule(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for body, want := range map[string]string{
		`"weekly":{"mon":[{"start":"09:00","end":"12:00"},{"start":"12:00","end":"17:00"}]}`:                                                                                                    "",
		`"weekly":{"mon":[{"start":"13:00","end":"17:00"},{"start":"9:00","end":"12:00"}]}`:                                                                                                     "",
		`"weekly":{"fri":[{"start":"18:00","end":"02:00"},{"start":"09:00","end":"17:00"}],"sat":[{"start":"00:00","end":"24:00"}]}`:                                                            "",
		`"weekly":{"mon":[{"start":"00:00","end":"00:00"}]}`:                                                                                                                                    "",
		`"weekly":{"mon":[{"start":"22:00","end":"06:00"},{"start":"05:00","end":"08:00"}]}`:                                                                                                    "", // the end of the first is on Tuesday
		`"weekly":{"mon":[{"start":"09:00","end":"12:01"},{"start":"12:00","end":"17:00"}]}`:                                                                                                    "businessHours.weekly.mon[1]",
		`"weekly":{"mon":[{"start":"12:00","end":"17:00"},{"start":"09:00","end":"12:01"}]}`:                                                                                                    "businessHours.weekly.mon[1]",
		`"weekly":{"mon":[{"start":"09:00","end":"17:00"},{"start":"10:00","end":"11:00"},{"start":"09:00","end":"17:00"}]}`:                                                                    "businessHours.weekly.mon[1] businessHours.weekly.mon[2]",
		`"weekly":{"mon":[{"start":"20:00","end":"02:00"},{"start":"23:00","end":"24:00"}]}`:                                                                                                    "businessHours.weekly.mon[1]",
		`"weekly":{"mon":[{"start":"00:00","end":"24:00"},{"start":"12:00","end":"11:00"}]}`:                                                                                                    "businessHours.weekly.mon[1]",
		`"weekly":{"mon":[{"start":"late","end":"17:00"},{"start":"09:00","end":"12:00"}]}`:                                                                                                     "businessHours.weekly.mon[0]",
		`"weekly":{"mon":[` + strings.TrimSuffix(strings.Repeat(`{"start":"09:00","end":"10:00"},`, 25), ",") + `]}`:                                                                            "businessHours.weekly.mon",
		`"holidays":[{"date":"2027-12-24","name":"Eve","ranges":[{"start":"09:00","end":"12:00"},{"start":"13:00","end":"14:00"}]},{"date":"2027-12-25","endDate":"2027-12-26","closed":true}]`: "",
		`"holidays":[{"date":"2027-12-24","endDate":"2027-12-24"}]`:                                                                                                                             "",
		`"holidays":[{"date":"2027-12-24"},{"date":"2027-12-24"}]`:                                                                                                                              "businessHours.holidays[1].date",
		`"holidays":[{"date":"2027-12-24","endDate":"2027-12-26"},{"date":"2027-12-26"}]`:                                                                                                       "businessHours.holidays[1].date",
		`"holidays":[{"date":"2027-12-25"},{"date":"2027-12-20","endDate":"2027-12-31"}]`:                                                                                                       "businessHours.holidays[1].date",
		`"holidays":[{"date":"2027-12-24","closed":true,"ranges":[{"start":"09:00","end":"12:00"}]}]`:                                                                                           "businessHours.holidays[0].ranges",
		`"holidays":[{"date":"2027-12-24","ranges":[{"start":"09:00","end":"12:00"},{"start":"11:00","end":"14:00"}]}]`:                                                                         "businessHours.holidays[0].ranges[1]",
		`"holidays":[{"date":"2027-02-29"},{"date":"2027-03-01","name":"` + strings.Repeat("x", 101) + `"}]`:                                                                                    "businessHours.holidays[0].date businessHours.holidays[1].name",
	} {
		a, err := o.patchAgent(o.actor, `{"businessHours":{"timezone":"Europe/Paris",`+body+`}}`)
		if got := fields(err); got != want || err != nil && want == "" {
			t.Errorf("%.160s: got problems with %q (%v), want %q", body, got, err, want)
		}
		if err == nil {
			o.wantSendsBack(body, a)
		}
	}
}
