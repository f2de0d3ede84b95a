package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"callwright"
)

// A Row is the columns of a row, in the order of the statement.
type Row []Column

// A Column is a named value: nil, bool, string, json.Number or json.RawMessage.
type Column struct {
	Name  string
	Value any
}

// MarshalJSON writes an object with the columns in their order. Of two columns with
// one name, the first counts.
func (r Row) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	seen := map[string]bool{}
	for _, c := range r {
		if seen[c.Name] {
			continue
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(c.Value)
		if err != nil {
			return nil, err
		}
		if len(seen) > 0 {
			out.WriteByte(',')
		}
		seen[c.Name] = true
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	return fmt.Appendf(nil, "{%s}", out.Bytes()), nil
}

// A collector takes rows up to the caps.
type collector struct {
	rows Rows
	size int
}

// more reports whether another row is wanted: the one beyond the cap too, to know
// that there is one.
func (c *collector) more() bool { return !c.rows.Truncated }

func (c *collector) add(row Row) {
	raw, err := json.Marshal(row)
	if err != nil { // a JSON column that is none
		raw = nil
		for i := range row {
			if text, ok := row[i].Value.(json.RawMessage); ok {
				row[i].Value = string(text)
			}
		}
	}
	c.size += len(raw)
	if len(c.rows.Rows) == MaxRows || c.size > MaxBytes {
		c.rows.Truncated = true
		return
	}
	c.rows.Rows = append(c.rows.Rows, row)
}

func (c *collector) end() Rows {
	if c.rows.Rows == nil {
		c.rows.Rows = []Row{}
	}
	c.rows.Count = len(c.rows.Rows)
	return c.rows
}

// once runs a statement in a transaction of database/sql, on a connection that is made
// ready for it. The values that come back are read with their columns' types.
func once(ctx context.Context, conn *sql.Conn, kind callwright.ConnectionKind, write bool, q Query, read func(kind string, v any) any) (Rows, error) {
	text, names := q.Statement.For(kind)
	args := make([]any, len(names))
	for i, name := range names {
		var err error
		if args[i], err = bindNumber(q.Values[name]); err != nil {
			return Rows{}, err
		}
	}
	// SQLite's driver has no read-only transactions; its session is one.
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: !write && kind == callwright.MySQLConnection})
	if err != nil {
		return Rows{}, err
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	out, err := within(ctx, tx, write && !q.Statement.answers(), text, args, read)
	if err != nil {
		return Rows{}, err
	}
	if err := tx.Commit(); err != nil {
		return Rows{}, &commitError{err}
	}
	return out, nil
}

// within runs a statement; mute is one that answers without rows.
func within(ctx context.Context, tx *sql.Tx, mute bool, text string, args []any, read func(kind string, v any) any) (Rows, error) {
	if mute {
		res, err := tx.ExecContext(ctx, text, args...)
		if err != nil {
			return Rows{}, err
		}
		n, err := res.RowsAffected()
		return Rows{Affected: n, none: true}, err
	}
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return Rows{}, err
	}
	return scan(rows, read)
}

// scan reads rows of database/sql, each value through read with its column's type.
func scan(rows *sql.Rows, read func(kind string, v any) any) (Rows, error) {
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return Rows{}, err
	}
	values := make([]any, len(types))
	into := make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	var c collector
	for c.more() && rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return Rows{}, err
		}
		row := make(Row, len(types))
		for i, t := range types {
			row[i] = Column{t.Name(), read(t.DatabaseTypeName(), values[i])}
		}
		c.add(row)
	}
	return c.end(), rows.Err()
}

// plainValue is a value of a driver as JSON has it.
func plainValue(v any) any {
	switch v := v.(type) {
	case int64:
		return json.Number(fmt.Sprint(v))
	case uint64:
		return json.Number(fmt.Sprint(v))
	case float32:
		return plainValue(float64(v))
	case float64:
		if raw, err := json.Marshal(v); err == nil {
			return json.Number(raw)
		}
		return fmt.Sprint(v) // NaN, Infinity
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []byte:
		return strings.ToValidUTF8(string(v), "�")
	}
	return v
}

// bindText is a value as the text that PostgreSQL reads whatever type it expects.
func bindText(v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}

// bindNumber is a value with the type that it has: MySQL and SQLite compare by it.
func bindNumber(v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case bool:
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		if f, err := v.Float64(); err == nil && len(v) <= 15 && !math.IsInf(f, 0) {
			return f, nil
		}
		return v.String(), nil // more digits than a float keeps
	}
	raw, err := json.Marshal(v)
	return string(raw), err
}
