package gate

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"callwright"
	"callwright/internal/schema"
	"callwright/internal/spoken"
)

// A reading is what spoken values are relative to.
type reading struct {
	now    time.Time // in the agent's time zone
	region string    // whose habits count, for example US
}

// reading returns what the agent's callers mean by "tomorrow" and by a number without
// a country.
func (a *Agent) reading(now time.Time) reading {
	if zone, err := time.LoadLocation(a.Agent.BusinessHours.Timezone); err == nil {
		now = now.In(zone)
	}
	return reading{now: now, region: region(a.Agent)}
}

// region is the country of the agent's primary language: the one that its tag names,
// or where most speak it.
func region(a callwright.Agent) string {
	tag, err := language.Parse(a.PrimaryLanguage)
	if err != nil {
		return "US"
	}
	if r, _ := tag.Region(); r.IsCountry() {
		return r.String()
	}
	base, _ := tag.Base() // es-419 names no country
	if r, confidence := language.Make(base.String()).Region(); confidence != language.No && r.IsCountry() {
		return r.String()
	}
	return "US"
}

// read brings a value to the parameter's semantic format, also within lists and
// objects, or says at which path it cannot.
func (as reading) read(p property, v any, path ...string) (any, []Problem) {
	switch v := v.(type) {
	case string:
		out, err := as.word(p, v)
		if err != nil {
			return v, []Problem{{Name: schema.Join(path...), Message: err.Error(), Plain: true}}
		}
		return out, nil
	case []any:
		if p.Items == nil {
			return v, nil
		}
		of := *p.Items
		of.name, of.AllowedFrom = p.name, cmp.Or(of.AllowedFrom, p.AllowedFrom)
		var problems []Problem
		for i, item := range v {
			read, wrong := as.read(of, item, append(path[:len(path):len(path)], strconv.Itoa(i))...)
			v[i], problems = read, append(problems, wrong...)
		}
		return v, problems
	case map[string]any:
		var problems []Problem
		for _, name := range slices.Sorted(maps.Keys(v)) {
			read, wrong := as.read(p.Properties[name], v[name], append(path[:len(path):len(path)], name)...)
			v[name], problems = read, append(problems, wrong...)
		}
		return v, problems
	}
	return v, nil
}

// word reads one text. One that must be an earlier answer's stays as that answer had
// it, and one of a list of values as the list has it. What no number can be made of is left for the schema to refuse.
func (as reading) word(p property, v string) (any, error) {
	if p.AllowedFrom != "" || slices.Contains(p.Enum, any(v)) {
		return v, nil
	}
	c := spoken.Context{Now: as.now, Region: as.region, Past: p.named("birth", "birthday", "born", "dob", "issued", "purchase", "purchased", "bought", "incident")}
	if !p.numeric() {
		return spoken.Read(p.Format, v, c)
	}
	n, err := spoken.Number(p.Format, p.unit(), v, c)
	switch {
	case err == nil:
		return json.Number(n), nil
	case p.Format == "money" || p.Format == "duration":
		return v, err
	}
	return v, nil
}

// numeric reports a parameter that takes a number and no text.
func (p property) numeric() bool { return (p.is("number") || p.is("integer")) && !p.is("string") }

// unit is what a number counts, by the parameter's name: timeout_seconds, price_cents.
func (p property) unit() string {
	units := []string{"milliseconds", "seconds", "minutes", "hours", "days", "weeks", "months", "years"}
	if p.Format == "money" {
		units = []string{"cents"}
	}
	for _, u := range units {
		if p.named(u) {
			return u
		}
	}
	if p.Format == "duration" && p.named("ms") {
		return "milliseconds"
	}
	return ""
}

// named reports whether one of the words is in what people call the parameter.
func (p property) named(ws ...string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(words(p.name)+" "+p.Title)), func(w string) bool { return slices.Contains(ws, w) })
}

// Kind returns the format of a parameter, or its type when it has none.
func (s *Skill) Kind(name string) string {
	p := s.properties[name]
	if kind, ok := p.Type.(string); ok && p.Format == "" {
		return kind
	}
	return p.Format
}

// Said returns an argument as it is read back to the caller: a day, a time or a
// telephone number as people say it.
func (s *Skill) Said(name, value string) string {
	p := s.properties[name]
	if p.Format == "" && p.Items != nil {
		p = *p.Items
	}
	return spoken.Say(p.Format, value, s.region)
}
