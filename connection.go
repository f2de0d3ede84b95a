package callwright

// A ConnectionID is the id of a connection.
type ConnectionID string

// Prefix returns the prefix that the ids carry, with the underscore.
func (ConnectionID) Prefix() string { return "con_" }

// A ConnectionKind is a kind of database.
type ConnectionKind string

// The kinds of databases.
const (
	PostgresConnection ConnectionKind = "postgres"
	MySQLConnection    ConnectionKind = "mysql" // MariaDB too
	SQLiteConnection   ConnectionKind = "sqlite"
)

// An SSLMode is how far the identity of a database is checked. There is none
// without encryption.
type SSLMode string

// The modes.
const (
	SSLRequire    SSLMode = "require"     // encrypted, to whoever answers
	SSLVerifyCA   SSLMode = "verify-ca"   // certificate from a known authority
	SSLVerifyFull SSLMode = "verify-full" // and for the host
)

// ConnectionSpec is what an operator writes of a connection. Host, port, user,
// password and the SSL members are for postgres and mysql.
type ConnectionSpec struct {
	Name     string         `json:"name" doc:"1 to 64 letters, digits, - and _: skills name it in executionConfig.connection" example:"orders"`
	Kind     ConnectionKind `json:"kind" enum:"postgres,mysql,sqlite" doc:"mysql: MySQL and MariaDB. sqlite: a file in the organization's folder on the server" example:"postgres"`
	Host     string         `json:"host" required:"false" doc:"A public host name or address, or one that the operator of the server allows (--outbound-allow)" example:"db.example.com"`
	Port     string         `json:"port" required:"false" doc:"5432 or 3306 when absent" example:"5432"`
	Database string         `json:"database" doc:"Name of the database; for sqlite the name of its file" example:"shop"`
	User     string         `json:"user" required:"false" doc:"A role with no more rights than the skills need" example:"callwright_ro"`
	Password string         `json:"password" required:"false" writeOnly:"true" doc:"Goes in and never comes out" example:"correct horse battery staple"`
	SSLMode  SSLMode        `json:"sslmode" required:"false" enum:"require,verify-ca,verify-full" doc:"verify-full when absent. An unencrypted connection is not made"`
	CA       string         `json:"caPem" required:"false" doc:"Certificates of the authorities to trust, as PEM; the system's when absent"`
}

// A Connection is a database that skills may use.
type Connection struct {
	ID             ConnectionID   `json:"id" example:"con_06o8h2q1ntk1v8a3c2m1g5r7e0"`
	OrganizationID OrgID          `json:"organizationId"`
	Name           string         `json:"name"`
	Kind           ConnectionKind `json:"kind"`
	Host           string         `json:"host,omitempty"`
	Port           string         `json:"port,omitempty"`
	Database       string         `json:"database"`
	User           string         `json:"user,omitempty"`
	HasPassword    bool           `json:"hasPassword" doc:"Whether a password is stored"`
	SSLMode        SSLMode        `json:"sslmode,omitempty"`
	CA             string         `json:"caPem,omitempty"`
	CreatedAt      Time           `json:"createdAt"`
	UpdatedAt      Time           `json:"updatedAt"`
}

// A ConnectionCheck is one step of the test of a connection.
type ConnectionCheck struct {
	Name   string  `json:"name" enum:"reachable,authenticated,schema,read,read_only,latency"`
	OK     bool    `json:"ok"`
	Detail string  `json:"detail" doc:"What was seen, or what to do about it"`
	TookMs float64 `json:"tookMs"`
}
