package control

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/secret"
	"callwright/internal/sqldb"
	"callwright/internal/store"
)

// A ConnectionTest is what came of trying a connection.
type ConnectionTest struct {
	OK     bool                         `json:"ok" doc:"Whether every step succeeded"`
	Checks []callwright.ConnectionCheck `json:"checks" doc:"In order, up to the first that failed"`
}

// CreateConnection stores how a database is reached. Its password is sealed.
func (s *Service) CreateConnection(ctx context.Context, actor callwright.Actor, spec callwright.ConnectionSpec, problems []callwright.FieldError) (callwright.Connection, error) {
	if err := fail(append(problems, checkConnectionSpec(&spec, false)...)); err != nil {
		return callwright.Connection{}, err
	}
	now := s.Now()
	c := store.ConnectionRecord{Connection: callwright.Connection{ID: callwright.NewID[callwright.ConnectionID](now), OrganizationID: actor.Org, CreatedAt: callwright.At(now), UpdatedAt: callwright.At(now)}}
	if err := s.write(&c, spec); err != nil {
		return callwright.Connection{}, err
	}
	change := store.Change{Action: "connection.create", Resource: string(c.ID), After: &c.Connection}
	return c.Connection, s.Store.As(actor, now, change).CreateConnection(ctx, c)
}

// write brings a record to what a spec says. A password that is absent stays.
func (s *Service) write(c *store.ConnectionRecord, spec callwright.ConnectionSpec) error {
	c.Name, c.Kind, c.Host, c.Port, c.Database, c.User, c.SSLMode, c.CA = spec.Name, spec.Kind, spec.Host, spec.Port, spec.Database, spec.User, spec.SSLMode, spec.CA
	if spec.Password == "" {
		return nil
	}
	sealed, err := s.Keyring.Seal([]byte(spec.Password), string(c.OrganizationID)+"/"+string(c.ID))
	if err != nil {
		return fmt.Errorf("seal password: %w", err)
	}
	c.Sealed, c.HasPassword = base64.StdEncoding.EncodeToString(sealed), true
	return nil
}

// Connection returns a connection of the organization.
func (s *Service) Connection(ctx context.Context, actor callwright.Actor, id callwright.ConnectionID) (callwright.Connection, error) {
	c, err := s.Store.Connection(ctx, actor.Org, id)
	return c.Connection, err
}

// ListConnections returns a page of the organization's connections, newest first.
func (s *Service) ListConnections(ctx context.Context, actor callwright.Actor, p callwright.Page) ([]callwright.Connection, callwright.Pagination, error) {
	return s.Store.ListConnections(ctx, actor.Org, p)
}

// PatchConnection changes members of a connection. A stored password stays with the
// place it was given for: whoever changes that must know it.
func (s *Service) PatchConnection(ctx context.Context, actor callwright.Actor, id callwright.ConnectionID, patch []byte, problems []callwright.FieldError) (callwright.Connection, error) {
	var before, after callwright.Connection
	change := store.Change{Action: "connection.update", Resource: string(id), Before: &before, After: &after}
	return s.Store.As(actor, s.Now(), change).UpdateConnection(ctx, actor.Org, id, func(c *store.ConnectionRecord) error {
		before = c.Connection
		spec, err := merge(specOf(before), patch)
		if err != nil {
			return err
		}
		problems := append(problems, checkConnectionSpec(&spec, c.HasPassword)...)
		if spec.Kind != before.Kind {
			problems = append(problems, at("kind", "cannot change: make another connection")...)
		}
		if c.HasPassword && spec.Password == "" && elsewhere(before, spec) {
			problems = append(problems, at("password", "is required again: the stored one is for the host, port, user and certificates that it was given with")...)
		}
		if err := fail(problems); err != nil {
			return err
		}
		if err := s.write(c, spec); err != nil {
			return err
		}
		c.UpdatedAt = max(s.now(), c.UpdatedAt+1)
		after = c.Connection
		return nil
	})
}

// elsewhere reports whether a password would go to another place, or with less care.
func elsewhere(c callwright.Connection, spec callwright.ConnectionSpec) bool {
	return spec.Host != c.Host || spec.Port != c.Port || spec.User != c.User || spec.SSLMode != c.SSLMode || spec.CA != c.CA
}

func specOf(c callwright.Connection) callwright.ConnectionSpec {
	return callwright.ConnectionSpec{Name: c.Name, Kind: c.Kind, Host: c.Host, Port: c.Port, Database: c.Database, User: c.User, SSLMode: c.SSLMode, CA: c.CA}
}

// DeleteConnection removes a connection. Skills that name it fail from now on.
func (s *Service) DeleteConnection(ctx context.Context, actor callwright.Actor, id callwright.ConnectionID) error {
	var before callwright.Connection
	change := store.Change{Action: "connection.delete", Resource: string(id), Before: &before}
	err := s.Store.As(actor, s.Now(), change).DeleteConnection(ctx, actor.Org, id, func(c callwright.Connection) { before = c })
	if err == nil {
		s.SQL.Forget(string(id))
	}
	return err
}

// TestConnection tries a connection, step by step. What fails is in the answer.
func (s *Service) TestConnection(ctx context.Context, actor callwright.Actor, id callwright.ConnectionID) (ConnectionTest, error) {
	c, err := s.Store.Connection(ctx, actor.Org, id)
	if err != nil {
		return ConnectionTest{}, err
	}
	db, err := s.database(c)
	if err != nil {
		return ConnectionTest{}, err
	}
	return s.try(ctx, db), nil
}

// TryConnection tries a connection that is not stored, and stores nothing.
func (s *Service) TryConnection(ctx context.Context, actor callwright.Actor, spec callwright.ConnectionSpec, problems []callwright.FieldError) (ConnectionTest, error) {
	if err := fail(append(problems, checkConnectionSpec(&spec, false)...)); err != nil {
		return ConnectionTest{}, err
	}
	c := store.ConnectionRecord{Connection: callwright.Connection{OrganizationID: actor.Org}}
	password := spec.Password
	spec.Password = ""
	if err := s.write(&c, spec); err != nil {
		return ConnectionTest{}, err
	}
	db, err := s.database(c)
	db.Password = secret.New(password)
	if err != nil {
		return ConnectionTest{}, err
	}
	return s.try(ctx, db), nil
}

func (s *Service) try(ctx context.Context, db sqldb.Database) ConnectionTest {
	t := ConnectionTest{OK: true, Checks: s.SQL.Check(ctx, db)}
	for _, c := range t.Checks {
		t.OK = t.OK && c.OK
	}
	return t
}

// Query runs a statement on a connection of the organization. It is for executors.
func (s *Service) Query(ctx context.Context, org callwright.OrgID, connection string, q sqldb.Query) (sqldb.Rows, bool, error) {
	c, err := s.Store.ConnectionByName(ctx, org, connection)
	if callwright.CodeOf(err) == callwright.CodeNotFound {
		return sqldb.Rows{}, false, noConnection(connection)
	}
	if err != nil {
		return sqldb.Rows{}, false, err
	}
	db, err := s.database(c)
	if err != nil {
		return sqldb.Rows{}, false, err
	}
	return s.SQL.Query(ctx, db, q)
}

func noConnection(name string) error {
	return callwright.Errorf(callwright.CodeSecretMissing, "There is no connection named %s: make it with POST /connections.", name)
}

// database opens the password of a connection.
func (s *Service) database(c store.ConnectionRecord) (sqldb.Database, error) {
	db := sqldb.Database{ID: string(c.ID), Version: int64(c.UpdatedAt), Kind: c.Kind, Host: c.Host, Name: c.Database, User: c.User, SSLMode: c.SSLMode, CA: c.CA, Org: c.OrganizationID}
	if c.Kind == callwright.SQLiteConnection {
		return db, nil
	}
	port, err := strconv.ParseUint(c.Port, 10, 16)
	if err != nil {
		return db, fmt.Errorf("port of connection %s: %w", c.ID, err)
	}
	db.Port = uint16(port)
	if c.Sealed == "" {
		return db, nil
	}
	raw, err := base64.StdEncoding.DecodeString(c.Sealed)
	if err == nil {
		raw, err = s.Keyring.Open(raw, string(c.OrganizationID)+"/"+string(c.ID))
	}
	if err != nil {
		return db, callwright.Wrap(callwright.CodeSecretMissing, err, "The password of the connection %s cannot be opened with this server's master key.", c.Name)
	}
	db.Password = secret.New(string(raw))
	return db, nil
}

// checkConnection refuses a skill's connection that does not exist.
func (s *Service) checkConnection(ctx context.Context, actor callwright.Actor, name string) []callwright.FieldError {
	if _, err := s.Store.ConnectionByName(ctx, actor.Org, name); callwright.CodeOf(err) == callwright.CodeNotFound {
		return at("executionConfig.connection", "names no connection: make it with POST /connections, or correct the name")
	}
	return nil
}

// checkConnectionSpec reports everything wrong with a spec, and fills in defaults.
// stored tells that there is a password already.
func checkConnectionSpec(spec *callwright.ConnectionSpec, stored bool) []callwright.FieldError {
	var p []callwright.FieldError
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`).MatchString(spec.Name) {
		p = append(p, at("name", "must be 1 to 64 letters, digits, - and _, beginning with a letter or digit")...)
	}
	switch spec.Kind {
	case callwright.SQLiteConnection:
		return append(p, checkFile(spec)...)
	case callwright.PostgresConnection, callwright.MySQLConnection:
	default:
		return append(p, at("kind", "must be one of postgres, mysql, sqlite")...)
	}
	if spec.Port == "" {
		spec.Port = map[callwright.ConnectionKind]string{callwright.PostgresConnection: "5432", callwright.MySQLConnection: "3306"}[spec.Kind]
	}
	if n, err := strconv.ParseUint(spec.Port, 10, 16); err != nil || n == 0 {
		p = append(p, at("port", "must be a port number, 1 to 65535")...)
	}
	if spec.Host == "" || len(spec.Host) > 253 || strings.ContainsAny(spec.Host, "/@?#% \t\r\n\x00,") {
		p = append(p, at("host", "is required: a host name or address such as db.example.com, without scheme, port or path")...)
	}
	p = append(p, text("database", spec.Database, 1, 64)...)
	p = append(p, text("user", spec.User, 1, 128)...)
	if len(spec.Password) > maxSecretBytes || strings.ContainsRune(spec.Password, 0) {
		p = append(p, at("password", "must be at most 16,384 bytes, without U+0000")...)
	}
	if spec.Password == "" && !stored {
		p = append(p, at("password", "is required")...)
	}
	if spec.SSLMode == "" {
		spec.SSLMode = callwright.SSLVerifyFull
	}
	if spec.SSLMode != callwright.SSLRequire && spec.SSLMode != callwright.SSLVerifyCA && spec.SSLMode != callwright.SSLVerifyFull {
		p = append(p, at("sslmode", "must be one of require, verify-ca, verify-full: an unencrypted connection is not made")...)
	}
	if spec.CA != "" && !sqldb.ValidCA(spec.CA) || len(spec.CA) > 64<<10 {
		p = append(p, at("caPem", "must hold certificates as PEM, at most 64 KiB")...)
	}
	return p
}

// checkFile checks the spec of a SQLite database.
func checkFile(spec *callwright.ConnectionSpec) []callwright.FieldError {
	var p []callwright.FieldError
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`).MatchString(spec.Database) {
		p = append(p, at("database", "must be the name of a file in the organization's folder: letters, digits, dots, - and _")...)
	}
	for field, v := range map[string]string{"host": spec.Host, "port": spec.Port, "user": spec.User, "password": spec.Password, "sslmode": string(spec.SSLMode), "caPem": spec.CA} {
		if v != "" {
			p = append(p, at(field, "is not for sqlite: leave it out")...)
		}
	}
	return p
}
