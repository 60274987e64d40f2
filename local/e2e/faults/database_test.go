package faults_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// statements is a database whose queries return nothing. It counts the queries; see [counted].
type statements struct{ count func() }

func (s statements) open() *sql.DB { return sql.OpenDB(s) }

func (s statements) Connect(context.Context) (driver.Conn, error) { return connection{s}, nil }
func (s statements) Driver() driver.Driver                        { return nil }

type connection struct{ statements }

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (connection) Close() error                        { return nil }

func (c connection) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	c.count()
	return nothing{}, nil
}

type nothing struct{}

func (nothing) Columns() []string         { return []string{"source_id", "destination_id"} }
func (nothing) Next([]driver.Value) error { return io.EOF }
func (nothing) Close() error              { return nil }
