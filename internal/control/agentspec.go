package control

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"callwright"
)

// checkAgent reports everything wrong with a spec at once, and fills in defaults.
func checkAgent(a *callwright.AgentSpec) []callwright.FieldError {
	return append(checkMembers(a), checkOverrides(*a)...)
}

// checkMembers is checkAgent without the members that channels have of their own.
func checkMembers(a *callwright.AgentSpec) []callwright.FieldError {
	p := text("name", a.Name, 1, 200)
	p = append(p, text("persona", a.Persona, 0, 20_000)...)
	p = append(p, text("greeting", a.Greeting, 0, 2_000)...)
	p = append(p, text("tone", a.Tone, 0, 500)...)
	p = append(p, texts("goals", a.Goals, 50, 500)...)
	p = append(p, texts("neverDo", a.NeverDo, 50, 500)...)
	p = append(p, checkLanguages(a)...)
	p = append(p, checkLexicon(a.Lexicon)...)
	p = append(p, checkVoice(a)...)
	p = append(p, checkModels(a)...)
	p = append(p, checkEndpointing(a.Endpointing)...)
	p = append(p, checkChannels(a.EnabledChannels)...)
	p = append(p, checkHandoff(a)...)
	p = append(p, checkCallControl(a.CallControl)...)
	p = append(p, checkHours(&a.BusinessHours)...)
	if a.AvgTicketCents < 0 {
		p = append(p, at("avgTicketCents", "must be at least 0")...)
	}
	if a.IsActive == nil {
		yes := true
		a.IsActive = &yes
	}
	return p
}

// texts checks a list of texts, none of them empty.
func texts(field string, list []string, most, characters int) []callwright.FieldError {
	if len(list) > most {
		return at(field, fmt.Sprintf("must have at most %d items", most))
	}
	var p []callwright.FieldError
	for i, v := range list {
		p = append(p, text(fmt.Sprintf("%s[%d]", field, i), v, 1, characters)...)
	}
	return p
}

// between checks a number that may be absent.
func between[N int | float64](field string, v *N, least, most N) []callwright.FieldError {
	if v == nil || cmp.Compare(*v, least) >= 0 && cmp.Compare(*v, most) <= 0 {
		return nil
	}
	return at(field, fmt.Sprintf("must be between %v and %v", least, most))
}

const maxLanguages = 50

func checkLanguages(a *callwright.AgentSpec) []callwright.FieldError {
	if a.PrimaryLanguage == "" {
		a.PrimaryLanguage = "en-US"
	}
	p := tag("primaryLanguage", a.PrimaryLanguage)
	if len(a.Languages) > maxLanguages {
		p = append(p, at("languages", fmt.Sprintf("must have at most %d tags", maxLanguages))...)
	}
	primary := len(a.Languages) == 0
	for i, l := range a.Languages {
		field := fmt.Sprintf("languages[%d]", i)
		p = append(p, tag(field, l)...)
		if slices.ContainsFunc(a.Languages[:i], func(x string) bool { return strings.EqualFold(x, l) }) {
			p = append(p, at(field, "is there already")...)
		}
		primary = primary || strings.EqualFold(l, a.PrimaryLanguage)
	}
	if !primary {
		p = append(p, at("primaryLanguage", "must be one of languages: add it there, or leave languages empty")...)
	}
	return append(p, oneOf("languageBehavior", &a.LanguageBehavior, "single_language", "code_switch")...)
}

func tag(field, v string) []callwright.FieldError {
	t, err := language.Parse(v)
	if err != nil || t == language.Und || strings.Contains(v, "_") { // which the parser takes too
		return at(field, "must be a BCP-47 language tag such as en-US")
	}
	return nil
}

func checkLexicon(l callwright.Lexicon) []callwright.FieldError {
	const words, characters, said = 500, 100, 200
	p := texts("lexicon.preferred", l.Preferred, words, characters)
	p = append(p, texts("lexicon.banned", l.Banned, words, characters)...)
	if len(l.Pronunciations) > words {
		p = append(p, at("lexicon.pronunciations", fmt.Sprintf("must have at most %d words", words))...)
	}
	for word, sound := range l.Pronunciations {
		if len(text("word", word, 1, characters)) > 0 || len(text("sound", sound, 1, said)) > 0 {
			return append(p, at("lexicon.pronunciations", fmt.Sprintf("must map words of 1 to %d characters to what they sound like, 1 to %d characters", characters, said))...)
		}
	}
	return p
}

func checkVoice(a *callwright.AgentSpec) []callwright.FieldError {
	p := text("defaultVoiceId", a.DefaultVoiceID, 0, 200)
	if len(a.VoiceMap) > maxLanguages {
		p = append(p, at("voiceMap", fmt.Sprintf("must have at most %d languages", maxLanguages))...)
	}
	for _, l := range slices.Sorted(maps.Keys(a.VoiceMap)) {
		field := "voiceMap." + l
		if len(tag(field, l)) > 0 {
			p = append(p, at(field, "is not a BCP-47 language tag such as en-US")...)
		}
		p = append(p, text(field, a.VoiceMap[l], 1, 200)...)
	}
	v := a.VoiceSettings
	p = append(p, between("voiceSettings.stability", v.Stability, 0, 1)...)
	p = append(p, between("voiceSettings.similarityBoost", v.SimilarityBoost, 0, 1)...)
	p = append(p, between("voiceSettings.style", v.Style, 0, 1)...)
	return append(p, between("voiceSettings.speed", v.Speed, 0.5, 2)...)
}

func checkModels(a *callwright.AgentSpec) []callwright.FieldError {
	p := text("ttsModel", a.TTSModel, 0, 200)
	p = append(p, text("sttModel", a.STTModel, 0, 200)...)
	p = append(p, between("llmTemperature", a.LLMTemperature, 0, 2)...)
	if m := a.LLMModel; m != "" && m != "builtin" && !regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}/[!-~]{1,200}$`).MatchString(m) {
		p = append(p, at("llmModel", "must be builtin, or provider/model such as openai/gpt-4.1-mini")...)
	}
	return p
}

func checkEndpointing(e callwright.Endpointing) []callwright.FieldError {
	p := between("endpointing.minSilenceMs", e.MinSilenceMs, 0, 60_000)
	p = append(p, between("endpointing.maxSilenceMs", e.MaxSilenceMs, 0, 60_000)...)
	if e.MinSilenceMs != nil && e.MaxSilenceMs != nil && *e.MaxSilenceMs < *e.MinSilenceMs {
		p = append(p, at("endpointing.maxSilenceMs", "must not be less than minSilenceMs")...)
	}
	return p
}

// checkChannels leaves the enum open: what it does not know yet must only look like
// a channel.
func checkChannels(channels []callwright.Channel) []callwright.FieldError {
	var p []callwright.FieldError
	for i, c := range channels {
		if !regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`).MatchString(string(c)) {
			p = append(p, at(fmt.Sprintf("enabledChannels[%d]", i), "must be a channel such as voice or chat")...)
		}
	}
	return p
}

func checkHandoff(a *callwright.AgentSpec) []callwright.FieldError {
	p := checkDestinations(a)
	p = append(p, between("handoffConfig.escalationThreshold", a.HandoffConfig.EscalationThreshold, 1, 100)...)
	if v := a.HandoffConfig.ContextSummaryURL; v != "" {
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(v) > 2_000 {
			p = append(p, at("handoffConfig.contextSummaryUrl", "must be an http or https URL without a user name")...)
		}
	}
	return p
}

func checkCallControl(c callwright.CallControl) []callwright.FieldError {
	const longest = 4 * 60 * 60
	p := between("callControl.maxCallSeconds", c.MaxCallSeconds, 30, longest)
	p = append(p, text("callControl.maxDurationMessage", c.MaxDurationMessage, 0, 500)...)
	p = append(p, between("callControl.idleReminderDelaySeconds", c.IdleReminderDelaySeconds, 1, longest)...)
	p = append(p, between("callControl.idleReminderIntervalSeconds", c.IdleReminderIntervalSeconds, 1, longest)...)
	p = append(p, between("callControl.maxIdleReminders", c.MaxIdleReminders, 0, 10)...)
	return append(p, optional("callControl.onNoResponseAction", c.OnNoResponseAction, "end_call", "transfer", "take_message")...)
}

// optional checks an enumerated member that may be empty, for the default.
func optional(field, v string, values ...string) []callwright.FieldError {
	if v == "" {
		return nil
	}
	return oneOf(field, &v, values...)
}
