package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"partyline/party/rules"
)

// KeysMarkdown returns the table of all keys for docs/designers.md, with one section per group
// of the file.
func KeysMarkdown() (string, error) {
	keys, err := Keys()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	group := ""
	for _, k := range keys {
		top, _, _ := strings.Cut(strings.NewReplacer("[]", "", ".<name>", "").Replace(k.Path), ".")
		if top != group {
			group = top
			fmt.Fprintf(&b, "\n**%s**\n\n| key | meaning | default | allowed |\n|---|---|---|---|\n", group)
		}
		allowed := k.Allowed
		if allowed == "" || k.Kind == "duration" || k.Kind == "list" {
			allowed = strings.Trim(k.Kind+": "+allowed, ": ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Path, escapeCell(k.Doc), quoteCode(k.Default), escapeCell(allowed))
	}
	return b.String(), nil
}

// FactsMarkdown returns the table of facts and functions for docs/designers.md.
func FactsMarkdown() (string, error) {
	facts, err := Facts()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("\n| fact | meaning | kind |\n|---|---|---|\n")
	for _, f := range facts {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, escapeCell(f.Doc), f.Kind)
	}
	b.WriteString("\n| function | meaning |\n|---|---|\n")
	for _, f := range Functions {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Usage, escapeCell(f.Doc))
	}
	fmt.Fprintf(&b, "| `%s` | As in the [expression language](https://expr-lang.org/docs/language-definition). |\n", strings.Join(rules.Builtins(), "`, `"))
	return b.String(), nil
}

// TextsMarkdown returns the table of the landing page's texts for docs/designers.md.
func TextsMarkdown() (string, error) {
	texts := rules.PageTexts()
	var b strings.Builder
	b.WriteString("\n| key | text |\n|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", key, escapeCell(texts[key]))
	}
	return b.String(), nil
}

func escapeCell(s string) string { return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s) }

func quoteCode(s string) string {
	if s == "" || s == `""` || s == "[]" || s == "{}" {
		return "-"
	}
	return "`" + s + "`"
}
