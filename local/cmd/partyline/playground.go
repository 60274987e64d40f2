package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"partyline/local/playground"
)

// playgroundCommand serves the page for trying rules until a signal arrives.
func playgroundCommand(t *terminal, args []string) int {
	flags := t.flagSet("playground", "usage: partyline playground [--addr host:port] [--dir folder]\n")
	addr := flags.String("addr", "127.0.0.1:7360", "host:port to listen on")
	dir := flags.String("dir", playground.DefaultDir, "folder that make playground has built")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 {
		flags.Usage()
		return exitUsage
	}
	if err := playground.Built(*dir); err != nil {
		return t.fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return t.fail(err)
	}
	server := &http.Server{Handler: playground.Handler(*dir), ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Fprintf(t.out, "\n  playground    http://%s/\n\n  Press Ctrl-C to stop.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return t.fail(err)
	}
	return exitOK
}
