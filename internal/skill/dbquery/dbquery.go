// Package dbquery is the skill type db_query: it runs one SQL statement, written by
// the operator, on a database that the organization has a connection for.
//
// What was collected becomes bind variables and never text. It makes one attempt per
// call; where credentials are and how databases are reached is for whoever implements
// Databases, what SQL is for sqldb. app registers its Kind.
package dbquery

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"callwright"
	"callwright/internal/skill"
	"callwright/internal/sqldb"
)

// Config is the settings of the type.
type Config struct {
	Connection  string `json:"connection" jsonschema:"Name of the connection, made with POST /connections"`
	SQLTemplate string `json:"sql_template" jsonschema:"One SQL statement. {name} becomes a bind variable, so it takes no quotes: a parameter, {vars.name} for what an earlier skill remembered, {idempotency_key} for the key of the run. A parameter that was not given is NULL. Example: SELECT status FROM orders WHERE id = {order_id}"`
	TimeoutMs   *int   `json:"timeout_ms,omitempty" jsonschema:"Milliseconds for everything from connecting to the last row, 100 to 60000; 8000 when absent"`
}

// Databases runs statements on the connections of an organization. Its errors are
// *callwright.Error; sent tells whether a write that failed may have happened.
type Databases interface {
	Query(ctx context.Context, org callwright.OrgID, connection string, q sqldb.Query) (rows sqldb.Rows, sent bool, err error)
}

const (
	doc            = "Looks something up, or changes it, in a SQL database."
	defaultTimeout = 8000
	keyName        = "idempotency_key"
)

// Kind returns the skill type.
func Kind(databases Databases) skill.Kind {
	return skill.Define(callwright.DBQuery, doc, func(c Config) (skill.Executor, error) { return open(c, databases) })
}

type executor struct {
	connection string
	statement  *sqldb.Statement
	timeout    time.Duration
	databases  Databases
}

var (
	_ skill.Executor  = (*executor)(nil)
	_ skill.Templater = (*executor)(nil)
	_ skill.Destined  = (*executor)(nil)
	_ skill.Timed     = (*executor)(nil)
	_ skill.Connected = (*executor)(nil)
)

func open(c Config, databases Databases) (skill.Executor, error) {
	e := &executor{connection: c.Connection, databases: databases, timeout: defaultTimeout * time.Millisecond}
	var problems []callwright.FieldError
	bad := func(field, message string) {
		problems = append(problems, callwright.FieldError{Field: field, Message: message})
	}
	if c.Connection == "" {
		bad("connection", "is required: the name of a connection, made with POST /connections")
	}
	var err error
	if e.statement, err = sqldb.ParseStatement(c.SQLTemplate); err != nil {
		bad("sql_template", err.Error())
	}
	if c.TimeoutMs != nil {
		if *c.TimeoutMs < 100 || *c.TimeoutMs > 60_000 {
			bad("timeout_ms", "must be 100 to 60000 milliseconds")
		}
		e.timeout = time.Duration(*c.TimeoutMs) * time.Millisecond
	}
	if len(problems) > 0 {
		return nil, callwright.Invalid(problems...)
	}
	return e, nil
}

// TemplateRefs returns the {name}s of the statement that are for the skill to fill.
func (e *executor) TemplateRefs() []skill.TemplateRef {
	var refs []skill.TemplateRef
	for _, name := range e.statement.Names() {
		if name != keyName {
			refs = append(refs, skill.TemplateRef{Setting: "sql_template", Name: name})
		}
	}
	return refs
}

// Destination names the connection.
func (e *executor) Destination() string { return "the database connection " + e.connection }

// Timeout returns the limit for everything.
func (e *executor) Timeout() time.Duration { return e.timeout }

// Connection returns the name of the connection.
func (e *executor) Connection() string { return e.connection }

// Execute runs the statement and returns its rows.
func (e *executor) Execute(ctx context.Context, call skill.Call) (skill.Result, error) {
	values := map[string]any{}
	for _, name := range e.statement.Names() {
		values[name] = call.Values()[name]
	}
	if _, used := values[keyName]; used {
		values[keyName] = call.IdempotencyKey
	}
	request, err := e.describe(values, call.Write)
	if err != nil {
		return skill.Result{}, callwright.Wrap(callwright.CodeInternal, err, "The statement cannot be described.")
	}
	result := skill.Result{Request: request}
	if call.DryRun {
		return result, nil
	}
	rows, sent, err := e.databases.Query(ctx, call.Org, e.connection, sqldb.Query{Statement: e.statement, Values: values, Write: call.Write, Timeout: e.timeout})
	if err != nil {
		result.Sent, result.Status = sent, sqldb.Status(err)
		return result, err
	}
	result.Sent = true
	if result.Data, err = json.Marshal(rows); err != nil {
		return result, callwright.Wrap(callwright.CodeBadResponse, err, "The database answered with something unreadable.")
	}
	return result, nil
}

// describe says what runs: the statement, and what is bound beside it.
func (e *executor) describe(values map[string]any, write bool) (json.RawMessage, error) {
	text, names := e.statement.For(callwright.PostgresConnection)
	bound := make([]any, len(names))
	for i, name := range names {
		bound[i] = values[name]
	}
	access := "read only"
	if write {
		access = "read write"
	}
	raw, err := json.Marshal(struct {
		Connection string `json:"connection"`
		Access     string `json:"access"`
		SQL        string `json:"sql"`
		Bound      []any  `json:"bound"` // $1, $2 …
	}{e.connection, access, text, bound})
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	return raw, nil
}
