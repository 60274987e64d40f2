// Command api writes the descriptions of the module's API and the typed clients into a folder.
// It writes the tables of the API into the page of the contract, contract.md beside that folder:
//
//	go run ./local/cmd/api docs/api
//
// Run it in the root of the repository; `make api` does.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"partyline/local/api"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: api FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	found, err := api.Read(".")
	if err != nil {
		return err
	}
	for name, text := range found.Files() {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	contract := filepath.Join(filepath.Dir(folder), "contract.md")
	page, err := os.ReadFile(contract)
	if err != nil {
		return err
	}
	text, err := found.Contract(string(page))
	if err != nil {
		return err
	}
	return os.WriteFile(contract, []byte(text), 0o644)
}
