// Command partyline is the command line for designers, developers and operators. It runs the
// module on the embedded engine, checks, explains and describes rules files, and compares a plugin
// with a server.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Exit codes of every command.
const (
	exitOK      = 0
	exitProblem = 1 // the command ran, and its answer is no
	exitUsage   = 2 // the command could not run: wrong usage, or a file that cannot be read
)

// command is one subcommand.
type command struct {
	name, help string
	run        func(t *terminal, args []string) int
	sub        []command // in place of run
}

// commands lists all subcommands in the order of the help. Each is in a file of its own name.
var commands = []command{
	{name: "run", help: "start the module on the embedded engine", run: runCommand},
	{name: "rules", help: "check, explain and describe rules files", sub: rulesCommands},
	{name: "playground", help: "serve the page to write and try rules on", run: playgroundCommand},
	{name: "sim", help: "play a queue of a rules file with simulated players", run: simCommand},
	{name: "api", help: "print the API as a schema or a typed client", run: apiCommand},
	{name: "doctor", help: "say whether a server opens a plugin", run: doctorCommand},
	{name: "gameserver", help: "the sample game server, as run starts it for a match", run: gameserverCommand},
	{name: "version", help: "say which build this is", run: versionCommand},
}

func main() {
	os.Exit(run(newTerminal(os.Stdin, os.Stdout, os.Stderr), os.Args[1:]))
}

func run(t *terminal, args []string) int {
	out := &checkedWriter{Writer: t.out}
	t.out = out
	code := dispatch(t, "partyline", commands, args)
	if out.err != nil && code != exitUsage { // else the error was printed already
		return t.fail(out.err)
	}
	return code
}

// dispatch runs the subcommand that args begin with.
func dispatch(t *terminal, prefix string, table []command, args []string) int {
	if len(args) == 0 {
		usage(t.err, prefix, table)
		return exitUsage
	}
	for _, c := range table {
		if c.name != args[0] {
			continue
		}
		if c.sub != nil {
			return dispatch(t, prefix+" "+c.name, c.sub, args[1:])
		}
		if slices.ContainsFunc(args[1:], asksHelp) { // print the usage as after wrong usage, but to standard output
			asked := *t
			asked.err = t.out
			c.run(&asked, []string{"--help"})
			return exitOK
		}
		return c.run(t, args[1:])
	}
	if args[0] == "help" || asksHelp(args[0]) {
		usage(t.out, prefix, table)
		return exitOK
	}
	fmt.Fprintf(t.err, "%s: unknown command %q\n\n", prefix, args[0])
	usage(t.err, prefix, table)
	return exitUsage
}

func asksHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

func usage(w io.Writer, prefix string, table []command) {
	fmt.Fprintf(w, "usage: %s COMMAND\n\n", prefix)
	for _, c := range table {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.help)
	}
	fmt.Fprintf(w, "\n%s COMMAND --help has the flags of one.\n", prefix)
}
