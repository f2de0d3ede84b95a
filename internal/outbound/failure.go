package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"callwright"
)

// safeHostPort bounds what an error repeats of a destination.
func safeHostPort(address string) string {
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, address)
	if len(clean) > 270 {
		clean = clean[:270] + "…"
	}
	return clean
}

// ended reports whether ctx is over. A socket deadline taken from a context can
// fire a moment before the context's own timer, so a deadline that is a
// millisecond away counts.
func ended(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < time.Millisecond
}

// causeOf returns why ctx is over, or err in the moment described at ended.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return errors.Join(context.DeadlineExceeded, err)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return errors.Join(ctx.Err(), cause)
	}
	return ctx.Err()
}

// unreachable is the sentence for a connection that was never made.
func unreachable(where string, err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		host, _, _ := net.SplitHostPort(where)
		if dns.IsNotFound {
			return fmt.Sprintf("The host name %s does not exist.", host)
		}
		return fmt.Sprintf("The host name %s could not be looked up.", host)
	}
	if _, ok := errors.AsType[*handshakeError](err); ok {
		return where + " " + handshakeProblem(err)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return where + " refused the connection: nothing listens there."
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "There is no route to " + where + "."
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return fmt.Sprintf("%s did not accept a connection within %v.", where, connectTimeout)
	}
	return "No connection to " + where + " could be made."
}

// handshakeProblem says what is wrong with the TLS of a server.
func handshakeProblem(err error) string {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "has a TLS certificate that is expired or not yet valid."
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "has a TLS certificate for another name."
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "has a TLS certificate from an unknown authority, or a self-signed one."
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "has a TLS certificate that is not valid."
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "does not speak TLS: perhaps it is http, not https."
	}
	return "did not complete a TLS handshake (1.2 or newer is needed)."
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// isNetwork reports whether err is about the connection, not about what came
// over it.
func isNetwork(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// fail turns the failure of a request into an error with a code.
func (x *exchange) fail(ctx context.Context, err error) error {
	p := x.progress()
	if ended(ctx) {
		verb := "took too long"
		if errors.Is(ctx.Err(), context.Canceled) {
			verb = "was given up"
		}
		what := "Connecting to " + x.where
		switch {
		case p.firstByte:
			what = "Reading the answer of " + x.where
		case p.sent:
			what = "Waiting for an answer of " + x.where
		}
		return callwright.Wrap(callwright.CodeTimeout, causeOf(ctx, err), "%s %s.", what, verb)
	}
	if known, ok := errors.AsType[*callwright.Error](err); ok {
		return known
	}
	switch {
	case !p.sent:
		return callwright.Wrap(callwright.CodeUnreachable, err, "The connection to %s broke before anything was sent.", x.where)
	case p.firstByte && !isNetwork(err):
		return callwright.Wrap(callwright.CodeBadResponse, err, "%s answered with something that is not HTTP, or with too many headers.", x.where)
	}
	return callwright.Wrap(callwright.CodeConnection, err, "The connection to %s broke before its answer was complete. It may have acted on the request.", x.where)
}
