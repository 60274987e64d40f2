// Package docs runs the examples in the documentation: a checker claims every fenced block of
// README.md and docs/*.md. A block without a checker is a failure.
//
//   - JavaScript of a document with a story (stories/*.story.mjs) is executed with the stock SDK,
//     block by block, in the order and with the assertions of the story. In other documents
//     its calls and names are checked as described next.
//   - C# and GDScript are not compiled or run, because that needs engines that this repository
//     does not need otherwise. The tests check that every call of the module exists and accepts
//     the payload in the block; they make the call themselves. They also check that every member
//     name is a public name of the SDK (testdata/names, read from the SDKs' sources), of the
//     language, or of the document itself. They do not check types, argument order and syntax.
//   - JSON with a label ("json party_invite_create") has exactly the keys and types of a real
//     answer. JSON without a label has only keys of the module or of Nakama's realtime API.
//   - YAML is a valid rules file, or server settings that the server has. Shell lines name make
//     targets, flags, commands and files that exist. Output ("text output") is what the command
//     line before it really prints. Log lines have the words of messages in the code.
//   - Go compiles.
//
// The tests compare the tables of reasons, metrics, collections and streams with the code, and
// check that relative links lead somewhere. Only tests import this package.
package docs
