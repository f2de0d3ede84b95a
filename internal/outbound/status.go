package outbound

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"callwright"
)

// A StatusError is the cause of a CodeRemoteStatus error: what a retry policy
// needs to know.
type StatusError struct {
	Status     int
	RetryAfter time.Duration // 0 when the answer named none
}

// Error returns the status.
func (e *StatusError) Error() string { return "status " + strconv.Itoa(e.Status) }

// CheckStatus returns nil for a 2xx answer and otherwise an error of
// CodeRemoteStatus that wraps a *StatusError. The message holds the status in
// the server's place, never the text that came with it.
func CheckStatus(rawURL string, res *Response) error {
	if res.Status >= 200 && res.Status <= 299 {
		return nil
	}
	where := "The other side"
	if u, err := parseURL(rawURL); err == nil {
		where = hostPort(u)
	}
	text := strings.TrimSpace(fmt.Sprintf("%d %s", res.Status, http.StatusText(res.Status)))
	return callwright.Wrap(callwright.CodeRemoteStatus, &StatusError{res.Status, retryAfter(res.Header)}, "%s answered %s.", where, text)
}

// retryAfter reads the header's form in seconds, and its date.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 24); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
