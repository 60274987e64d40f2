package faults_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// countingDB is a database whose queries return nothing. It counts the queries; see [callCounter].
type countingDB struct{ count func() }

func (s countingDB) open() *sql.DB { return sql.OpenDB(s) }

func (s countingDB) Connect(context.Context) (driver.Conn, error) { return connection{s}, nil }
func (s countingDB) Driver() driver.Driver                        { return nil }

type connection struct{ countingDB }

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (connection) Close() error                        { return nil }

func (c connection) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	c.count()
	return noRows{}, nil
}

type noRows struct{}

func (noRows) Columns() []string         { return []string{"source_id", "destination_id"} }
func (noRows) Next([]driver.Value) error { return io.EOF }
func (noRows) Close() error              { return nil }
