package httpwebhook

import (
	"bytes"
	"encoding/json"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/strictjson"
)

// minScrub is the length from which a secret is looked for in answers. Shorter
// ones would hit innocent text.
const minScrub = 8

// answer turns a response into the result's data.
func (r *run) answer(res *outbound.Response) (json.RawMessage, error) {
	if err := outbound.CheckStatus(r.request.URL, res); err != nil {
		return nil, err
	}
	host := r.url.Host()
	data, err := parse(res.Header.Get("Content-Type"), res.Body, host)
	if err != nil || !r.leaks(string(data)) {
		return data, err
	}
	// The other side sent our own credentials back (an echo, a debug page). The
	// model and the transcript must not see them.
	data = json.RawMessage(r.scrub(string(data)))
	if strictjson.Check(data) != nil {
		return nil, callwright.Errorf(callwright.CodeBadResponse, "%s repeated a secret in its answer.", host)
	}
	return data, nil
}

// failureStatus is the status of an answer that is no success, 0 for one that is.
func failureStatus(res *outbound.Response) int {
	if res.Status < 400 {
		return 0
	}
	return res.Status
}

// retryAfter reads Retry-After (RFC 9110) in seconds; a date asks for more patience
// than a call has.
func retryAfter(res *outbound.Response) time.Duration {
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// parse reads the body of a success.
func parse(contentType string, body []byte, host string) (json.RawMessage, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 {
		return json.RawMessage(`{"ok":true}`), nil
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	mediaType = strings.TrimSpace(mediaType)
	declared := mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
	if declared || trimmed[0] == '{' || trimmed[0] == '[' {
		problem := strictjson.Check(trimmed)
		if problem == nil {
			var compact bytes.Buffer
			if err := json.Compact(&compact, trimmed); err == nil {
				return compact.Bytes(), nil
			}
		}
		// Plain text may well start with a bracket ("[INFO] done"), but what
		// starts with a brace was meant to be an object.
		if declared || trimmed[0] == '{' || !plainText(mediaType) {
			return nil, callwright.Wrap(callwright.CodeBadResponse, problem, "%s answered with JSON that is not valid (strict JSON in UTF-8 is needed: no repeated members, no NaN, no comments).", host)
		}
	}
	return text(mediaType, trimmed, host)
}

func plainText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") && mediaType != "text/html"
}

// text reads a body that is no JSON.
func text(mediaType string, body []byte, host string) (json.RawMessage, error) {
	if mediaType == "text/html" || mediaType == "application/xhtml+xml" || looksHTML(body) {
		return nil, callwright.Errorf(callwright.CodeBadResponse, "%s answered with a web page, not with JSON: is the URL that of an API?", host)
	}
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return nil, callwright.Errorf(callwright.CodeBadResponse, "%s answered with something that is neither JSON nor text in UTF-8.", host)
	}
	return marshal(map[string]string{"text": string(body)})
}

func looksHTML(body []byte) bool {
	head := strings.ToLower(string(body[:min(len(body), 64)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// forms returns the ways in which a secret may stand in text that came back.
func forms(s string) []string {
	quoted, _ := marshal(s)
	escaped, _ := json.Marshal(s)
	return []string{s, strings.Trim(string(quoted), `"`), strings.Trim(string(escaped), `"`)}
}

// leaks reports whether text holds a secret of this run.
func (r *run) leaks(text string) bool { return r.scrub(text) != text }

// scrub masks the secrets of this run in text.
func (r *run) scrub(text string) string {
	for _, s := range r.secrets {
		if len(s) < minScrub {
			continue
		}
		for _, form := range forms(s) {
			text = strings.ReplaceAll(text, form, mask)
		}
	}
	return text
}
