package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"partyline/local"
	"partyline/local/advice"
	"partyline/local/reference"
	"partyline/party/rules"
	"partyline/rpc/landing"
)

var rulesCommands = []command{
	{name: "check", help: "FILE: list everything wrong with a rules file", run: rulesCheck},
	{name: "explain", help: "FILE --action join [--facts facts.json]: say which rule decides, and why", run: rulesExplain},
	{name: "test", help: "FILE [CASES]: run the cases beside a rules file, and list the rules that none decides", run: rulesTest},
	{name: "diff", help: "OLD NEW [CASES]: say in words what a file changes, and for which cases", run: rulesDiff},
	{name: "replay", help: "RECORD FILE [--all]: say what a file would have answered to recorded decisions", run: rulesReplay},
	{name: "schema", help: "print the JSON Schema, for completion in editors", run: rulesSchema},
	{name: "init", help: "[DIR]: print a commented sample to start from, or write it and its schema there", run: rulesInit},
}

func rulesSchema(t *terminal, args []string) int {
	if len(args) > 0 {
		return t.misuse("partyline rules schema > rules.schema.json")
	}
	schema, err := reference.JSONSchema()
	if err != nil {
		return t.fail(err)
	}
	t.out.Write(schema)
	return exitOK
}

func rulesInit(t *terminal, args []string) int {
	if len(args) == 0 {
		t.out.Write(local.SampleRules)
		return exitOK
	}
	if len(args) > 1 || strings.HasPrefix(args[0], "-") {
		return t.misuse("partyline rules init [DIR]")
	}
	schema, err := reference.JSONSchema()
	if err != nil {
		return t.fail(err)
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{{"rules.yml", local.SampleRules}, {"rules.schema.json", schema}} {
		path := filepath.Join(args[0], file.name)
		if err := createFile(path, file.content); err != nil {
			return t.fail(err)
		}
		fmt.Fprintln(t.out, "wrote", path)
	}
	return exitOK
}

// createFile writes a new file. An existing file is an error.
func createFile(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func rulesCheck(t *terminal, args []string) int {
	if len(args) != 1 || strings.HasPrefix(args[0], "--") {
		return t.misuse("partyline rules check FILE")
	}
	set, code := t.load(args[0])
	if code != exitOK {
		return code
	}
	warnings := slices.Concat(advice.Warnings(set), landing.CheckFont(set, filepath.Dir(args[0])))
	t.printProblems(warnings)
	c := set.Config()
	fmt.Fprintf(t.out, "%s: %s: %s, %s, %s", args[0], t.paint(green, "ok"),
		count(len(c.Rules), "rule"), count(len(c.Queues), "queue"), count(len(c.Status.Stages), "stage"))
	if len(warnings) > 0 {
		fmt.Fprintf(t.out, ", %s", warnings.Count())
	}
	fmt.Fprintln(t.out)
	return exitOK
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func rulesExplain(t *terminal, args []string) int {
	const how = "partyline rules explain FILE --action create|join|... [--facts facts.json]"
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	action := flags.String("action", "", "what the player does")
	factsFile := flags.String("facts", "", "what is known, - for standard input")
	var files []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if !errors.Is(err, flag.ErrHelp) {
				fmt.Fprintln(t.err, err)
			}
			return t.misuse(how)
		}
		if args = flags.Args(); len(args) > 0 {
			files, args = append(files, args[0]), args[1:]
		}
	}
	if len(files) != 1 {
		return t.misuse(how)
	}
	facts := rules.Facts{}
	if *factsFile != "" {
		data, code := t.read(*factsFile)
		if code != exitOK {
			return code
		}
		var err error
		if facts, err = rules.LoadFacts(data, *factsFile); err != nil {
			return t.refused(err, "the facts cannot be used")
		}
	}
	if *action != "" {
		facts.Action = rules.Action(*action)
	}
	if !slices.Contains(rules.Actions(), facts.Action) {
		fmt.Fprintf(t.err, "unknown action %q; allowed: %v\n", facts.Action, rules.Actions())
		return t.misuse(how)
	}
	if facts.Now.IsZero() {
		facts.Now = time.Now()
	}
	set, code := t.load(files[0])
	if code != exitOK {
		return code
	}
	t.explain(set, facts)
	return exitOK
}

// load reads a rules file and prints its problems.
func (t *terminal) load(path string) (*rules.Set, int) {
	data, code := t.read(path)
	if code != exitOK {
		return nil, code
	}
	set, err := advice.Load(data, path)
	if err != nil {
		effect := "a server would keep the rules it has"
		if _, broken := rules.Load(data, path); broken == nil {
			effect = "a server would use the file all the same"
		}
		return nil, t.refused(err, effect)
	}
	return set, exitOK
}

// maxRead is above the size limit of each kind of file, so that the loaders can refuse longer files.
const maxRead = 1 << 20

func (t *terminal) read(path string) ([]byte, int) {
	in := t.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, t.fail(err)
		}
		defer file.Close()
		in = file
	} else if t.drained {
		return nil, t.fail(errors.New("standard input can stand for one file only"))
	} else {
		t.drained = true
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRead))
	if err != nil {
		return nil, t.fail(err)
	}
	return data, exitOK
}

// refused prints the problems of a file that cannot be used.
func (t *terminal) refused(err error, consequence string) int {
	var ps rules.Problems
	if !errors.As(err, &ps) {
		return t.fail(err)
	}
	t.printProblems(ps)
	fmt.Fprintf(t.out, "%s; %s\n", t.paint(red, ps.Count()), consequence)
	return exitProblem
}

func (t *terminal) fail(err error) int {
	fmt.Fprintf(t.err, "partyline: %v\n", err)
	return exitUsage
}

func (t *terminal) misuse(how string) int {
	fmt.Fprintf(t.err, "usage: %s\n", how)
	return exitUsage
}

// printProblems prints each problem with its line and a caret, separated by blank lines.
func (t *terminal) printProblems(ps rules.Problems) {
	for _, p := range ps {
		colour := red
		if p.Severity == rules.Warning {
			colour = yellow
		}
		where, what, _ := strings.Cut(p.String(), ": ")
		fmt.Fprintf(t.out, "%s: %s\n", t.paint(bold, where), t.paint(colour, what))
		if line, caret, ok := strings.Cut(p.Excerpt, "\n"); ok {
			fmt.Fprintf(t.out, "%s\n%s\n", line, t.paint(colour, caret))
		}
		fmt.Fprintln(t.out)
	}
}
