package main

import (
	"fmt"

	"partyline/internal/build"
)

// versionCommand prints which build this is.
func versionCommand(t *terminal, args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(t.err, "usage: partyline version")
		return exitUsage
	}
	fmt.Fprintln(t.out, "partyline", build.Current())
	return exitOK
}
