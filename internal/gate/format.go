package gate

import (
	"time"

	"callwright"
)

// A reading is what spoken values are relative to.
type reading struct {
	now    time.Time // in the agent's time zone
	region string    // of telephone numbers, for example US
}

// reading returns what the agent's callers mean by "tomorrow" and by a number without
// a country.
func (a *Agent) reading(now time.Time) reading {
	if zone, err := time.LoadLocation(a.Agent.BusinessHours.Timezone); err == nil {
		now = now.In(zone)
	}
	return reading{now: now, region: region(a.Agent)}
}

// region is the country of the agent's primary language tag; US when it has none.
func region(a callwright.Agent) string {
	if n := len(a.PrimaryLanguage); n >= 5 && a.PrimaryLanguage[n-3] == '-' {
		return a.PrimaryLanguage[n-2:]
	}
	return "US"
}

// read brings a value to the parameter's semantic format, or says why it cannot.
func (as reading) read(p property, v any) (any, error) {
	return v, nil
}
