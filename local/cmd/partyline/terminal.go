package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
)

// terminal is where a command reads and writes. Colours are for people: they are
// only used where out is a terminal and NO_COLOR is not set (see no-color.org).
type terminal struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	colour bool

	drained bool // in has been read to its end
}

// checkedWriter keeps the first error, which commands do not look at line by line.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.err = cmp.Or(w.err, err)
	return n, err
}

func newTerminal(in io.Reader, out, err *os.File) *terminal {
	return &terminal{in: in, out: out, err: err, colour: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// flagSet is the flags of a command, whose --help is the usage and what each of them means.
func (t *terminal) flagSet(name, usage string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(t.err)
	flags.Usage = func() {
		fmt.Fprint(t.err, usage)
		flags.PrintDefaults()
	}
	return flags
}

// Escape sequences of the colours in use.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

// paint is s in a colour, or s as it is.
func (t *terminal) paint(colour, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
