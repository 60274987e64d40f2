// Command release describes the programs and plugins in a folder: release FOLDER. It writes
// their bills of materials and checksums there. make release calls it.
package main

import (
	"fmt"
	"os"

	"partyline/internal/build"
	"partyline/local/release"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: release FOLDER")
		os.Exit(2)
	}
	if err := release.Describe(os.Args[1], build.Version); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}
