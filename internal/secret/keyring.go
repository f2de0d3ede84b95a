package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// maxKeyset bounds the master key file; a keyset of dozens of rotated keys is a
// few KiB.
const maxKeyset = 1 << 20

// A Keyring seals and opens secrets under a master keyset. It may be used
// concurrently.
//
// The keyset may hold several keys: the primary one seals, all of them open, so
// a key is rotated by adding a new primary and leaving the old ones in place.
type Keyring struct{ primitive tink.AEAD }

// NewKeyring reads a master key file, as GenerateKeyset made it.
func NewKeyring(r io.Reader) (*Keyring, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxKeyset+1))
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if len(raw) > maxKeyset {
		return nil, errors.New("read master key: the file is too long to be a keyset")
	}
	// The library's parse errors may quote the file: keep them out.
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, errors.New("read master key: the file is not a Tink JSON keyset")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("read master key: the keyset has no usable AEAD key")
	}
	return &Keyring{primitive}, nil
}

// GenerateKeyset makes the bytes of a new master key file: a Tink JSON keyset in
// clear with one AES-256-GCM key. Whoever has it can open every secret, so the
// caller writes it readable by the server alone.
func GenerateKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("generate master key: %w", err)
	}
	var buf bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buf)); err != nil {
		return nil, fmt.Errorf("generate master key: %w", err)
	}
	buf.WriteByte('\n')
	return buf.Bytes(), nil
}

// Seal encrypts plain for the place named by associated ("org id/secret id").
// Sealing the same text twice gives different bytes.
func (k *Keyring) Seal(plain []byte, associated string) ([]byte, error) {
	if associated == "" {
		// Without it, a sealed secret could be moved to another tenant's row.
		return nil, errors.New("seal secret: associated data is required")
	}
	sealed, err := k.primitive.Encrypt(plain, []byte(associated))
	if err != nil {
		return nil, fmt.Errorf("seal secret: %w", err)
	}
	return sealed, nil
}

// Open returns what Seal encrypted. It fails when the bytes were changed, were
// sealed for another place, or under a key that the keyring does not have.
func (k *Keyring) Open(sealed []byte, associated string) ([]byte, error) {
	plain, err := k.primitive.Decrypt(sealed, []byte(associated))
	if err != nil {
		return nil, fmt.Errorf("open secret: %w", err)
	}
	return plain, nil
}
