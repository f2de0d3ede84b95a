package email

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/wneessen/go-mail"

	"callwright"
)

// A Server is the mail server through which everything goes.
type Server struct {
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	host     string
	port     int
	implicit bool // TLS from the first byte (smtps)
	starts   bool // TLS must be started (STARTTLS)
	user     string
	password string
	from     *netmail.Address
	tls      *tls.Config
}

// ParseServer reads the address of a mail server and that of the sender.
//
// smtp://user:password@host:587 starts TLS and fails where it cannot; smtps:// speaks it
// from the first byte, on 465 when no port is given; smtp+plain:// is not encrypted and
// carries no password: for a relay on the same machine. dial opens connections. Its
// errors complete "--smtp-url …" and never repeat the address.
func ParseServer(address, from string, dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, errors.New("must be like smtp://user:password@mail.example.com:587")
	}
	s := &Server{dial: dial, host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.starts, s.port = true, 587
	case "smtps":
		s.implicit, s.port = true, 465
	case "smtp+plain":
		s.port = 25
		if s.password != "" {
			return nil, errors.New("must not have a password without TLS: use smtp:// or smtps://")
		}
	default:
		return nil, errors.New("must begin with smtp://, smtps:// or smtp+plain://")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, errors.New("has no usable port")
		}
		s.port = int(n)
	}
	if s.from, err = netmail.ParseAddress(from); err != nil {
		return nil, errors.New("needs --smtp-from, the address that messages come from, such as no-reply@example.com")
	}
	s.tls = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	return s, nil
}

// Port reports whether mail servers listen on a port.
func Port(port uint16) bool { return port == 25 || port == 465 || port == 587 || port == 2525 }

// An unsure error is one after which nobody can tell whether the message was taken.
type unsure struct{ err error }

func (e *unsure) Error() string { return e.err.Error() }
func (e *unsure) Unwrap() error { return e.err }

// send hands a message over.
func (s *Server) send(ctx context.Context, m message) error {
	out, err := s.compose(m)
	if err != nil {
		return err
	}
	line := &line{server: s}
	defer line.close() // also where the library gives up without closing
	stop := context.AfterFunc(ctx, line.close)
	defer stop()
	options := []mail.Option{mail.WithPort(s.port), mail.WithTimeout(timeout), mail.WithTLSConfig(s.tls), mail.WithDialContextFunc(line.connect), mail.WithoutNoop(), mail.WithHELO(helo(s.from))}
	switch {
	case s.implicit:
		options = append(options, mail.WithSSL())
	case s.starts:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.password != "" {
		how := mail.SMTPAuthAutoDiscover
		if s.implicit {
			how = mail.SMTPAuthPlainNoEnc // of the library's own: it does not see that the line is encrypted
		}
		options = append(options, mail.WithSMTPAuth(how), mail.WithUsername(s.user), mail.WithPassword(s.password))
	}
	c, err := mail.NewClient(s.host, options...)
	if err != nil {
		return fmt.Errorf("prepare mail client: %w", err)
	}
	session, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := c.SendWithSMTPClient(session, out); err != nil {
		// Once the last dot is out, only a refusal in words says that nothing happened.
		if e, ok := errors.AsType[*mail.SendError](err); ok && e.Reason == mail.ErrSMTPDataClose && e.ErrorCode() == 0 {
			return &unsure{err}
		}
		return err
	}
	_ = c.CloseWithSMTPClient(session) // says goodbye; what was sent is sent
	return nil
}

// A line is the connection of one attempt.
type line struct {
	server *Server
	mu     sync.Mutex
	conn   net.Conn
}

func (l *line) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.server.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	return conn, ctx.Err()
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close() // closed twice when all went well
	}
}

// connect dials, and speaks TLS from the first byte where that is wanted: the library
// leaves that to whoever brings a dialer.
func (s *Server) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.dial(ctx, network, address)
	if err != nil || !s.implicit {
		return conn, err
	}
	secured := tls.Client(conn, s.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// helo is the name by which the server introduces itself.
func helo(from *netmail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return domain
}

func (s *Server) compose(m message) (*mail.Msg, error) {
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	name := m.FromName
	if name == "" {
		name = s.from.Name
	}
	err := errors.Join(out.FromFormat(name, s.from.Address), out.To(m.To...))
	if m.ReplyTo != "" {
		err = errors.Join(err, out.ReplyTo(m.ReplyTo))
	}
	if err != nil {
		return nil, callwright.Wrap(callwright.CodeValidation, err, "An address of the message is not valid.")
	}
	out.Subject(m.Subject)
	out.SetDate()
	// The same for every attempt, so that a receiver can tell a message that comes twice.
	sum := sha256.Sum256([]byte(m.id))
	out.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@" + helo(s.from))
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	out.SetBodyString(mail.TypeTextPlain, m.Text)
	out.AddAlternativeString(mail.TypeTextHTML, m.html)
	return out, nil
}

// A failed attempt.
type failed struct {
	err    error
	status int  // of SMTP
	later  bool // nothing happened, and another attempt may succeed
}

// failure says what a failed attempt means.
func failure(ctx context.Context, err error) failed {
	if e, ok := errors.AsType[*callwright.Error](err); ok {
		// The guard does not change its mind in an hour; a name or a route may.
		return failed{err: e, later: e.Code == callwright.CodeUnreachable || e.Code == callwright.CodeTimeout}
	}
	if errors.As(err, new(*unsure)) {
		return failed{err: callwright.Wrap(callwright.CodeConnection, err, "The connection to the mail server broke after the message was handed over; whether it took it is not known.")}
	}
	if code, text := reply(err); code != 0 {
		f := failed{status: code, later: code < 500}
		f.err = callwright.Wrap(callwright.CodeRemoteStatus, err, "The mail server refused the message: %s", text)
		return f
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "x509:"), strings.Contains(text, "tls:"), strings.Contains(text, "STARTTLS"):
		return failed{err: callwright.Wrap(callwright.CodeUnreachable, err, "The mail server did not offer TLS that this server trusts, so nothing was sent."), later: true}
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), timedOut(err):
		return failed{err: callwright.Wrap(callwright.CodeTimeout, err, "The mail server did not take the message in time."), later: true}
	case strings.Contains(text, "auth"):
		return failed{err: callwright.Wrap(callwright.CodeRemoteStatus, err, "The mail server offers no way to sign in that this server knows, or refused it.")}
	}
	return failed{err: callwright.Wrap(callwright.CodeUnreachable, err, "The connection to the mail server broke before the message was handed over."), later: true}
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// reply finds the answer of the server in an error: its code and its text, as one
// line of bounded length.
func reply(err error) (int, string) {
	for _, part := range flatten(err) {
		text := part.Error()
		if len(text) > 3 && (text[0] == '4' || text[0] == '5') && (text[3] == ' ' || text[3] == '-') {
			if code, err := strconv.Atoi(text[:3]); err == nil {
				return code, said(text)
			}
		}
	}
	if e, ok := errors.AsType[*mail.SendError](err); ok && e.ErrorCode() != 0 {
		text := e.Error() // "sending SMTP RCPT TO command: 550 \"5.1.1 …\", affected recipient(s): …"
		if i := strings.Index(text, strconv.Itoa(e.ErrorCode())); i >= 0 {
			text = text[i:]
		}
		return e.ErrorCode(), said(text)
	}
	return 0, ""
}

// said is a reply of the server as one line, without what the library says around it.
func said(text string) string {
	code, rest, _ := strings.Cut(text, " ")
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		if rest, err = strconv.Unquote(quoted); err != nil {
			rest = ""
		}
	} else {
		rest, _, _ = strings.Cut(rest, ", affected")
	}
	line, _ := oneLine(code + " " + rest)
	return line
}

// flatten lists an error and everything that it wraps.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	out := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		out = append(out, flatten(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			out = append(out, flatten(part)...)
		}
	}
	return out
}

// Trust verifies the server's certificate by these authorities instead of the
// system's.
func (s *Server) Trust(roots *x509.CertPool) { s.tls.RootCAs = roots }
