// Package api holds the descriptions of Partyline's API for clients, and the typed clients:
// files made from the module's Go types by `make api`, and never edited.
package api

import "embed"

// Files is the generated files: partyline.schema.json, openapi.json, partyline.ts, Partyline.cs
// and partyline.gd.
//
//go:generate go run -C ../.. ./local/cmd/api docs/api
//go:embed *.json *.ts *.cs *.gd
var Files embed.FS
