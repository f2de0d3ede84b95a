package pgtest

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Guarded is a database as a program of somebody else reaches it: with a password,
// over TLS.
type Guarded struct {
	Host           string
	Port           uint16
	Database, User string
	Password       string
	CA             string // PEM of the authority; the certificate is for Host
	Address        string // of the database for its superuser, without either
}

// NewGuarded makes a database and runs setup in it, as the role that owns it.
func NewGuarded(t testing.TB, setup string) Guarded {
	t.Helper()
	c, name := database(t, "off")
	g := Guarded{Host: "127.0.0.1", Database: name, User: "owner_" + name, Password: "pg-canary-7261", Address: c.address("postgres", name)}
	port, err := strconv.ParseUint(c.port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	g.Port = uint16(port)
	ca, err := os.ReadFile(filepath.Join(c.dir, "data", "server.crt"))
	if err != nil {
		t.Fatal(err)
	}
	g.CA = string(ca)
	if err := c.exec(t.Context(), fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE guarded", g.User, g.Password)); err != nil {
		t.Fatal(err)
	}
	if err := c.exec(t.Context(), fmt.Sprintf("ALTER DATABASE %s OWNER TO %s", name, g.User)); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), g.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "SET ROLE "+g.User+";"+setup); err != nil {
		t.Fatalf("set the database up: %v", err)
	}
	return g
}

// Certificate writes a certificate for 127.0.0.1 and its key to a folder, as
// server.crt and server.key, and returns the certificate as PEM.
func Certificate(dir string) (string, error) {
	s := httptest.NewTLSServer(nil) // the only thing wanted of it is its certificate
	defer s.Close()
	cert := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return "", err
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(filepath.Join(dir, "server.crt"), public, 0o600); err != nil {
		return "", err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	return string(public), os.WriteFile(filepath.Join(dir, "server.key"), private, 0o600)
}
