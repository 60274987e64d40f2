package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
)

// terminal is where a command reads and writes. It uses colours only if out is a terminal and
// NO_COLOR is not set (see no-color.org).
type terminal struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	colour bool

	drained bool // in was read to its end
}

// checkedWriter keeps the first write error, because commands do not check each line.
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

// flagSet returns a command's flags. --help prints the usage and the meaning of each flag.
func (t *terminal) flagSet(name, usage string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(t.err)
	flags.Usage = func() {
		fmt.Fprint(t.err, usage)
		flags.PrintDefaults()
	}
	return flags
}

// Escape codes of the colours and styles.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
	bold   = "1"
)

// paint returns s in a colour, or s unchanged if colours are off.
func (t *terminal) paint(colour, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
