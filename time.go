package callwright

import (
	"fmt"
	"time"
)

// Time is an instant in milliseconds since the Unix epoch, the precision that
// the API and the database keep. It is written as RFC 3339 in UTC with exactly
// three fraction digits; zero is written as null.
type Time int64

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// At cuts t to milliseconds.
func At(t time.Time) Time { return Time(t.UnixMilli()) }

// Time returns the instant in UTC.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// String returns the RFC 3339 form.
func (t Time) String() string { return t.Time().Format(timeLayout) }

// MarshalJSON writes the RFC 3339 form.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON reads any RFC 3339 time, or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = 0
		return nil
	}
	v, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	if err != nil {
		return fmt.Errorf("must be an RFC 3339 time such as 2026-11-02T09:30:00Z: %w", err)
	}
	*t = At(v)
	return nil
}
