package callwright

import (
	"errors"
	"fmt"
)

// A Code names what went wrong. Codes are part of the API: they are only ever
// added, and each has a page under /errors/<code>.
type Code string

// The codes. Front doors map them to HTTP statuses, the engine to what an agent
// may say; nothing else switches on them.
const (
	CodeValidation      Code = "validation_error"
	CodeMalformedBody   Code = "malformed_body"
	CodeBodyTooLarge    Code = "body_too_large"
	CodeRequestTimeout  Code = "request_timeout"
	CodeUnauthenticated Code = "unauthenticated"
	CodeMissingScope    Code = "missing_scope"
	CodeNotEnabled      Code = "capability_not_enabled"
	CodeDashboardOnly   Code = "dashboard_only"
	CodeOrigin          Code = "origin_not_allowed"
	CodeTestKey         Code = "test_key"
	CodeNotFound        Code = "not_found"
	CodeMethod          Code = "method_not_allowed"
	CodeDuplicateName   Code = "duplicate_name"
	CodeStaleVersion    Code = "stale_version"
	CodeNotPublished    Code = "no_published_version"
	CodeEnded           Code = "conversation_ended"
	CodeInactive        Code = "agent_inactive"
	CodeKeyEnded        Code = "key_ended"
	CodeNotPublishable  Code = "not_publishable"
	CodeInProgress      Code = "idempotency_in_progress"
	CodeKeyReused       Code = "idempotency_key_reused"
	CodeNotUnknown      Code = "outcome_known"
	CodeSignature       Code = "bad_signature"
	CodeRateLimited     Code = "rate_limited"
	CodeUnavailable     Code = "unavailable"
	CodeInternal        Code = "internal"

	// What can go wrong with a system that a skill calls.
	CodeTimeout        Code = "timeout"                 // no complete answer in time
	CodeRefused        Code = "destination_refused"     // the outbound guard does not allow the address
	CodeUnreachable    Code = "destination_unreachable" // DNS, connect or TLS failed; nothing was sent
	CodeConnection     Code = "connection_lost"         // broke after the request may have been sent
	CodeRemoteStatus   Code = "remote_status"           // answered with a failure status
	CodeRedirect       Code = "redirect_refused"        // answered with a redirect
	CodeBadResponse    Code = "bad_response"            // answered with something unreadable
	CodeTooLarge       Code = "response_too_large"      // answered with more than the limit
	CodeSecretMissing  Code = "secret_unavailable"      // a named secret is missing or bound to another host
	CodeModel          Code = "model_failed"            // the language model gave no usable answer
	CodeBudget         Code = "budget_reached"          // the organization may use no more of providers' models today
	CodeOutcomeUnknown Code = "outcome_unknown"         // a run whose end was never recorded
	CodeOptedOut       Code = "sms_opted_out"           // the number wants no text messages
	CodeTextLimit      Code = "sms_limit_reached"       // the number has had as many text messages as it may
)

// An Error is a failure with a code and a sentence that is safe to show. Err is
// for the log and never leaves the process.
type Error struct {
	Code    Code
	Message string
	Fields  []FieldError
	Current any // with a conflict: what is there now, for the client to start over from
	Err     error
}

// A FieldError says what is wrong with one member of a body. Field is a path
// like "executionConfig.url" or "roster[2].phone"; Message names the fix and
// never repeats the rejected value, which may be a secret.
type FieldError struct {
	Field   string `json:"field" doc:"Path of the member, for example executionConfig.url"`
	Message string `json:"message" doc:"What is wrong and how to put it right"`
}

// Error returns code, message and cause, for logs.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	for _, f := range e.Fields {
		s += "; " + f.Field + " " + f.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error. A %w in the format becomes the cause as with
// fmt.Errorf, but keep causes out of messages: use Wrap instead.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error with a safe message and a cause for the log.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// Invalid makes a validation Error from field errors.
func Invalid(fields ...FieldError) *Error {
	return &Error{Code: CodeValidation, Message: "The request is not valid.", Fields: fields}
}

// CodeOf returns the code of err, CodeInternal for foreign errors and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
