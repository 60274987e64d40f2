// Command line runs a command with the Go command set up for a line of Nakama, or for the exact
// server program in a file: with its toolchain, its versions of modules, and the stubs for its
// API.
//
//	line [-nakama VERSION | -server FILE] COMMAND [ARGUMENT...]
//	line [-nakama VERSION | -server FILE] -plugin FILE [-package PACKAGE]  # build the plugin, or another
//	line [-nakama VERSION | -server FILE] -host FILE    # build the plugin host
//	line -list    # the versions, oldest first
//	line -stamp   # the linker's flags that tell a program which build it is
//	line -default # the newest line that runs on a real server
//
// With -arch arm64 it builds for that machine; on another machine this needs a C cross compiler.
// Run it in the root of the repository.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"

	"partyline/local/doctor"
	"partyline/local/lines"
)

// options holds the values of the flags.
type options struct {
	nakama, server string
	plugin, pkg    string
	host           string
	arch           string
	command        []string
}

func main() {
	var a options
	flag.StringVar(&a.nakama, "nakama", "", "version of the server; the default is the newest that runs on a real server")
	flag.StringVar(&a.server, "server", "", "program of the server to build for, instead of a version")
	flag.StringVar(&a.plugin, "plugin", "", "file to build the plugin into")
	flag.StringVar(&a.pkg, "package", "./module", "package to build the plugin from")
	flag.StringVar(&a.host, "host", "", "file to build the plugin host into")
	flag.StringVar(&a.arch, "arch", "", "machine to build for; the default is the server's, or else this one")
	stamp := flag.Bool("stamp", false, "print the linker's flags that tell a program which build it is")
	list := flag.Bool("list", false, "print the versions, oldest first")
	standard := flag.Bool("default", false, "print the default version")
	flag.Parse()
	a.command = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch {
	case *list:
		for _, l := range lines.All() {
			fmt.Println(l.Nakama)
		}
	case *stamp:
		fmt.Println(lines.Stamp(lines.Commit(ctx, "."), ""))
	case *standard:
		fmt.Println(lines.Default().Nakama)
	default:
		code, err := run(ctx, a)
		if err != nil {
			fmt.Fprintln(os.Stderr, "line:", err)
		}
		os.Exit(code)
	}
}

// run returns the exit code: the command's own, or 2 if the command could not be started.
func run(ctx context.Context, a options) (code int, err error) {
	root, err := os.Getwd()
	if err != nil {
		return 2, err
	}
	b, err := build(ctx, root, a.nakama, a.server)
	if err != nil {
		return 2, err
	}
	commands := [][]string{}
	if a.plugin != "" {
		commands = append(commands, b.Plugin(a.pkg, lines.Commit(ctx, root), a.plugin))
	}
	if a.host != "" {
		commands = append(commands, b.PluginHost(a.host))
	}
	if len(a.command) > 0 {
		commands = append(commands, a.command)
	}
	if len(commands) == 0 {
		return 2, errors.New("say what to run: -plugin FILE, -host FILE or a command")
	}
	env, err := lines.Prepare(ctx, root, b)
	if err != nil {
		return 2, err
	}
	if arch := cmp.Or(a.arch, b.Arch, runtime.GOARCH); arch != runtime.GOARCH {
		cross, err := lines.Cross(arch)
		if err != nil {
			return 2, err
		}
		env = append(env, cross...)
	}
	for _, command := range commands {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		err = cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), nil // the command printed why
		}
		if err != nil {
			return 2, err
		}
	}
	return 0, nil
}

// build returns how to build for the requested line or server.
func build(ctx context.Context, root, nakama, server string) (lines.Build, error) {
	linked, err := lines.Linked(ctx, root)
	if err != nil {
		return lines.Build{}, err
	}
	modules := slices.Collect(maps.Keys(linked))
	switch {
	case server != "" && nakama != "":
		return lines.Build{}, errors.New("a server is named by its version (NAKAMA=) or by its program (SERVER=), not by both")
	case server != "":
		program, err := doctor.Read(server)
		if err != nil {
			return lines.Build{}, fmt.Errorf("reading the server's program: %w", err)
		}
		return lines.BuildForServer(program.Info, modules)
	case nakama != "":
		l, err := lines.Find(nakama)
		if err != nil {
			return lines.Build{}, err
		}
		return lines.BuildFor(l, modules)
	default:
		return lines.BuildFor(lines.Default(), modules)
	}
}
