package sqldb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"callwright"
)

// tlsConfig is how a database's identity is checked.
func tlsConfig(db Database) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: db.Host}
	if db.CA != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(db.CA)) {
			return nil, callwright.Errorf(callwright.CodeValidation, "caPem holds no certificate.")
		}
	}
	switch db.SSLMode {
	case callwright.SSLRequire:
		c.InsecureSkipVerify = true // encrypted, to whoever answers: the operator's choice
	case callwright.SSLVerifyCA:
		roots := c.RootCAs
		c.InsecureSkipVerify = true // the name; the rest is checked here
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, roots) }
	}
	return c, nil
}

// verifyChain checks a certificate against the authorities, for any name.
func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("tls: the server sent no certificate")
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(options)
	return err
}

// ValidCA reports whether a text holds certificates as PEM.
func ValidCA(text string) bool { return x509.NewCertPool().AppendCertsFromPEM([]byte(text)) }
