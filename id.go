package callwright

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// Typed ids: a prefix and the lower-case base32 of a UUIDv7 (RFC 9562), so ids
// of one kind sort by the time they were made.
type (
	OrgID          string
	KeyID          string
	AgentID        string
	VersionID      string
	SkillID        string
	ConversationID string
	MessageID      string
	EventID        string
	RunID          string
	SecretID       string
	RequestID      string
)

// Prefix returns the prefix that ids of the type carry, with the underscore.
func (OrgID) Prefix() string          { return "org_" }
func (KeyID) Prefix() string          { return "key_" }
func (AgentID) Prefix() string        { return "agt_" }
func (VersionID) Prefix() string      { return "ver_" }
func (SkillID) Prefix() string        { return "skl_" }
func (ConversationID) Prefix() string { return "cnv_" }
func (MessageID) Prefix() string      { return "msg_" }
func (EventID) Prefix() string        { return "evt_" }
func (RunID) Prefix() string          { return "run_" }
func (SecretID) Prefix() string       { return "sec_" }
func (RequestID) Prefix() string      { return "req_" }

// The extended-hex alphabet keeps the order of the bytes.
var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewID makes an id of any of the types above for the instant now.
func NewID[T interface {
	~string
	Prefix() string
}](now time.Time) T {
	var u [16]byte
	rand.Read(u[8:]) // never fails (crypto/rand since Go 1.24)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(u[:6], ms[2:])
	// The 12 bits after the version are the fraction of the millisecond (RFC 9562
	// section 6.2, method 3), so that ids sort within it too.
	binary.BigEndian.PutUint16(u[6:], uint16(now.Nanosecond()%1e6*4096/1e6)|0x7000)
	u[8] = u[8]&0x3f | 0x80 // RFC 9562 variant
	var zero T
	return T(zero.Prefix() + idEncoding.EncodeToString(u[:]))
}
