package main

import (
	"fmt"
	"slices"
	"strings"

	"partyline/docs/api"
)

// generated lists the files by the arguments that select them.
var generated = []struct{ words, file, help string }{
	{"schema", "partyline.schema.json", "JSON Schema of every call, message and notification"},
	{"schema openapi", "openapi.json", "the calls as HTTP requests, in OpenAPI 3.1"},
	{"client ts", "partyline.ts", "typed client over nakama-js"},
	{"client csharp", "Partyline.cs", "typed client over the SDK for .NET and Unity"},
	{"client gdscript", "partyline.gd", "typed client over the SDK for Godot 4"},
}

// apiCommand prints a description of the API for clients' tools. The files are those of docs/api.
func apiCommand(t *terminal, args []string) int {
	for _, g := range generated {
		if !slices.Equal(args, strings.Fields(g.words)) {
			continue
		}
		text, err := api.Files.ReadFile(g.file)
		if err == nil {
			_, err = t.out.Write(text)
		}
		if err != nil {
			fmt.Fprintf(t.err, "partyline api: %v\n", err)
			return exitUsage
		}
		return exitOK
	}
	fmt.Fprintf(t.err, "usage: partyline api WHAT\n\n")
	for _, g := range generated {
		fmt.Fprintf(t.err, "  %-15s %s\n", g.words, g.help)
	}
	return exitUsage
}
