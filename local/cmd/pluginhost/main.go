// Command pluginhost opens a built plugin with plugin.Open, as the server does. It calls the
// plugin's InitModule and serves stock clients from the embedded engine.
//
// It links no package of the module, so everything the module does comes from the plugin's file.
// A plugin that opens here is a valid file and works. This says nothing about the module versions
// of a real server: for those, use `partyline doctor`.
//
// Build the plugin and the host alike: the same Go, the same versions of modules, -trimpath for
// both, cgo, no race detector. A plugin cannot be closed or opened twice, so one process runs one
// engine.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"plugin"
	"strings"
	"syscall"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/demo"
	"partyline/local/engine"
	"partyline/local/engine/host"
)

func main() {
	flags := flag.NewFlagSet("pluginhost", flag.ContinueOnError)
	file := flags.String("plugin", "", "the plugin's file")
	config := flags.String("config", "", "server configuration, the same file a real server takes")
	addr := flags.String("addr", "", "host:port to listen on; the default is a free port of 127.0.0.1")
	runtimePath := flags.String("runtime-path", ".", "directory the rules file's path is relative to")
	interval := flags.Duration("matchmaker-interval", 0, "time between two passes of the matchmaker; overrides the configuration")
	env := map[string]string{}
	flags.Func("env", "NAME=VALUE of the runtime environment; may be repeated, overrides the configuration", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want NAME=VALUE")
		}
		env[name] = value
		return nil
	})
	if err := flags.Parse(os.Args[1:]); err != nil || *file == "" {
		fmt.Fprintln(os.Stderr, "pluginhost: --plugin FILE is needed")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var options engine.Options
	var err error
	if *config != "" {
		options, _, err = engine.LoadConfig(*config)
	}
	if err == nil {
		options.Addr, options.RuntimePath = *addr, *runtimePath
		if *interval > 0 {
			options.MatchmakerInterval = *interval
		}
		if options.Env == nil {
			options.Env = map[string]string{}
		}
		for name, value := range env {
			options.Env[name] = value
		}
		err = serve(ctx, *file, options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pluginhost:", err)
		os.Exit(1)
	}
}

// serve runs until ctx ends or standard input ends. Standard input ends when the process that
// started this one is gone. The only output is one line with the address it listens on.
func serve(ctx context.Context, file string, options engine.Options) error {
	var err error
	if options.Init, err = open(file); err != nil {
		return err
	}
	if options.Pages, err = demo.Handler(demo.Options{ServerKey: options.ServerKey}); err != nil {
		return err
	}
	options.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := engine.Start(ctx, options)
	if err != nil {
		return err
	}
	defer server.Close()
	fmt.Println(server.Addr())
	ctx, orphaned := context.WithCancel(ctx)
	defer orphaned()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // returns at the end of the input, with or without an error
		orphaned()
	}()
	<-ctx.Done()
	return nil
}

// open finds the plugin's entry point, as the server does.
func open(file string) (host.InitModule, error) {
	p, err := plugin.Open(file)
	if err != nil {
		return nil, fmt.Errorf("opening the plugin: %w", err)
	}
	symbol, err := p.Lookup("InitModule")
	if err != nil {
		return nil, fmt.Errorf("opening the plugin: %w", err)
	}
	entry, ok := symbol.(func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, runtime.Initializer) error)
	if !ok {
		return nil, fmt.Errorf("opening the plugin: %s has an InitModule of another type: %T", file, symbol)
	}
	return entry, nil
}
