package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
	"github.com/skip2/go-qrcode"

	"partyline/local/demo"
	"partyline/local/engine"
	"partyline/local/fleet"
	"partyline/local/hostproc"
	"partyline/local/playground"
	"partyline/module/wiring"
)

const runUsage = `usage: partyline run [flags]

Starts the module on the embedded engine: no Docker, no database. Stock Nakama
clients connect to it as to a real server; nothing survives its end.

flags:
`

// runCommand serves until a signal arrives. A failure to start is exitProblem, not exitUsage.
func runCommand(t *terminal, args []string) int {
	stdout, stderr := t.out, t.err
	flags := t.flagSet("run", runUsage)
	addr := flags.String("addr", "127.0.0.1:7350", "host:port to listen on")
	lan := flags.Bool("lan", false, "let phones and other machines of this network in: listen on all addresses, show the one that they reach")
	config := flags.String("config", "local/nakama.yml", "server configuration, the same file a real server takes")
	runtimePath := flags.String("runtime-path", ".", "directory the rules file's path is relative to")
	plugin := flags.String("plugin", "", "built plugin to run, in the program pluginhost beside it, instead of the module in this program")
	players := flags.Bool("players", true, "seed a live party of demo players and print an invite to it")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 {
		return t.fail(fmt.Errorf("run takes flags alone, not %q; --help lists them", flags.Arg(0)))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, runOptions{*addr, *lan, *config, *runtimePath, *plugin, *players}, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "partyline:", err)
		return exitProblem
	}
	return exitOK
}

type runOptions struct {
	addr                string
	lan                 bool // let other machines of this network in
	config, runtimePath string
	plugin              string // "" for the module in this program
	players             bool
}

// start starts a server and returns the address it listens on.
func start(ctx context.Context, o runOptions, opts engine.Options, stderr io.Writer) (addr string, stop func(), err error) {
	if o.plugin != "" {
		p, err := hostproc.Start(ctx, hostproc.Options{
			Plugin: o.plugin, Config: o.config, Env: opts.Env, Addr: opts.Addr, RuntimePath: o.runtimePath, Log: stderr,
		})
		if err != nil {
			return "", nil, err
		}
		return p.Addr(), p.Stop, nil
	}
	server, err := engine.Start(ctx, opts)
	if err != nil {
		return "", nil, err
	}
	return server.Addr(), server.Close, nil
}

func serve(ctx context.Context, o runOptions, stdout, stderr io.Writer) error {
	opts, ignored, err := engine.LoadConfig(o.config)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: run this in a checkout of Partyline, or name a server's configuration with --config", err)
	}
	if err != nil {
		return err
	}
	at, err := parseAddress(o.addr, o.lan, ownAddress)
	if err != nil {
		return err
	}
	opts.Addr, opts.RuntimePath = at.listen, o.runtimePath
	file := opts.Env[wiring.EnvRules]
	if file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(o.runtimePath, file)
		}
		here, err := rulesFor(file, "http://"+at.public)
		if err != nil {
			return fmt.Errorf("read the rules file: %w", err)
		}
		if here != file {
			if opts.Env[wiring.EnvRules], err = filepath.Abs(here); err != nil {
				return fmt.Errorf("find the copy of the rules file: %w", err)
			}
			go copyOnChange(ctx, file, here, "http://"+at.public)
		}
	}
	shownHost, _, err := net.SplitHostPort(at.public)
	if err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	opts.Init = wiring.Register
	if opts.Pages, err = demo.Handler(demo.Options{ServerKey: opts.ServerKey, GameHost: shownHost}); err != nil {
		return err
	}
	opts.Pages.Handle("GET /playground/", http.StripPrefix("/playground", playground.Handler(playground.DefaultDir)))
	if o.plugin == "" {
		opts.Env[wiring.EnvPlay] = "http://" + at.public + "/playground/"
	}
	opts.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var servers *fleet.Manager
	opts.Fleets = func(addr string) (managers map[string]runtime.FleetManager, err error) {
		servers, err = localFleet(addr, shownHost, opts.HTTPKey)
		return map[string]runtime.FleetManager{"": servers}, err
	}
	defer func() {
		if servers != nil { // nil with a plugin's host
			servers.Close()
		}
	}()
	addr, stop, err := start(ctx, o, opts, stderr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "listen" {
			return fmt.Errorf("cannot listen on %s: choose another address with --addr, or stop what has this one (%w)", o.addr, err)
		}
		return err
	}
	defer stop()
	url := "http://" + at.public
	fmt.Fprintf(stdout, "\n  Partyline on the embedded engine\n\n  demo client   %s/\n", url)
	if playground.Built(playground.DefaultDir) == nil {
		fmt.Fprintf(stdout, "  playground    %s/playground/\n", url)
	}
	if len(ignored) > 0 {
		fmt.Fprintf(stdout, "  ignored       %s   keys of %s for a real server only\n", strings.Join(ignored, ", "), o.config)
	}
	if o.players {
		seedCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		cast, err := seed(seedCtx, addr, url)
		if err != nil {
			return fmt.Errorf("seeding the demo players: %w", err)
		}
		defer cast.leave()
		go func() {
			if err := cast.playScene(ctx); err != nil {
				opts.Logger.Warn("the demo players stand still", "error", err)
			}
		}()
		fmt.Fprintf(stdout, "  invite link   %s\n                to %s's party of %d, there for you to join\n", cast.inviteURL, cast.names[0], len(cast.names))
		if o.lan {
			code, err := qrcode.New(cast.inviteURL, qrcode.Low)
			if err != nil {
				return fmt.Errorf("draw the link's QR code: %w", err)
			}
			fmt.Fprintf(stdout, "\n%s\n", code.ToSmallString(false))
		}
	}
	fmt.Fprintf(stdout, "  client API    %s   server key %q, http key %q\n", at.public, opts.ServerKey, opts.HTTPKey)
	if servers != nil {
		fmt.Fprint(stdout, "  game servers  a process for each match of a queue with `match: fleet`\n")
	}
	if key := opts.Env[wiring.EnvConsole]; key != "" {
		fmt.Fprintf(stdout, "  console page  %s/party/console   any user, password %q\n", url, key)
	}
	if file != "" {
		fmt.Fprintf(stdout, "  rules file    %s   edit it while this runs\n", file)
	}
	fmt.Fprint(stdout, "\n  Press Ctrl-C to stop.\n")
	<-ctx.Done()
	fmt.Fprintln(stdout, "\n  Stopping.")
	return nil
}
