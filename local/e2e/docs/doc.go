// Package docs runs what the documentation shows: every fenced block of README.md and docs/*.md
// is claimed by a checker, and a block that nobody claims is a failure.
//
//   - JavaScript of a document with a story (stories/*.story.mjs) is executed with the stock SDK,
//     block by block, in the order and with the assertions of the story. In other documents
//     its calls and names are checked as below.
//   - C# and GDScript are not compiled or run: that takes engines this repository does not
//     need otherwise. Checked are: that every call of the module exists and accepts the
//     payload written there (the test makes the call itself), and that every member name
//     is one of the SDK's public names (testdata/names, read off the SDKs' sources), of the
//     language, or of the document's own. Types, argument order and syntax are not checked.
//   - JSON with a label ("json party_invite_create") has the very keys and types of a real
//     answer; without one, only keys of the module or of Nakama's realtime API.
//   - YAML is a rules file that loads or server settings that the server has; shell lines
//     name make targets, flags, commands and files that exist; output ("text output") is
//     what the command line before it really prints; log lines have words of the code.
//   - Go compiles.
//
// The tables of reasons, metrics, collections and streams are compared with the code, and
// relative links must lead somewhere. Only tests import this package.
package docs
