//go:build js && wasm

// Command wasm is the program behind the playground page: the checker, the explainer, the diff and
// the simulator of rules files, in the browser. Calls take and return text; none uses the network.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"partyline/local/advice"
	"partyline/local/evening"
	"partyline/local/reference"
	"partyline/local/rulebook"
	"partyline/party/rules"
)

func main() {
	js.Global().Set("partyline", map[string]any{
		"check":   call(func(a []string) any { _, out := load(a[0]); return out }),
		"explain": call(func(a []string) any { return explain(a[0], a[1]) }),
		"test":    call(func(a []string) any { return test(a[0], a[1]) }),
		"diff":    call(func(a []string) any { return diff(a[0], a[1]) }),
		"sim":     call(func(a []string) any { return sim(a[0], a[1]) }),
		"words":   call(func([]string) any { return words() }),
	})
	js.Global().Get("dispatchEvent").Call("call", js.Global(), js.Global().Get("Event").New("partyline-ready"))
	select {}
}

// call makes a JavaScript function that takes texts and always answers in JSON, even after a panic.
func call(answer func(args []string) any) js.Func {
	return js.FuncOf(func(_ js.Value, values []js.Value) (out any) {
		defer func() {
			if p := recover(); p != nil {
				out = `{"failed": true}`
			}
		}()
		args := make([]string, 2)
		for i := range min(len(values), len(args)) {
			args[i] = values[i].String()
		}
		text, err := json.Marshal(answer(args))
		if err != nil {
			panic(err)
		}
		return string(text)
	})
}

type problem struct {
	Line    int    `json:"line"`
	Col     int    `json:"col"`
	Path    string `json:"path"`
	What    string `json:"what"`
	Allowed string `json:"allowed"`
	Warning bool   `json:"warning"`
}

type checked struct {
	Problems []problem `json:"problems"`
	Loads    bool      `json:"loads"`
	Taken    bool      `json:"taken"` // a server would use the file, whatever the check says
	Rules    int       `json:"rules"`
	Queues   int       `json:"queues"`
}

func problems(err error) []problem {
	var ps rules.Problems
	if !errors.As(err, &ps) {
		return []problem{{What: err.Error()}}
	}
	out := make([]problem, len(ps))
	for i, p := range ps {
		out[i] = problem{p.Line, p.Col, p.Path, p.What, p.Allowed, p.Severity == rules.Warning}
	}
	return out
}

func load(text string) (*rules.Set, checked) {
	set, err := advice.Load([]byte(text), "rules.yml")
	if err != nil {
		_, broken := rules.Load([]byte(text), "rules.yml")
		return nil, checked{Problems: problems(err), Taken: broken == nil}
	}
	c := set.Config()
	return set, checked{Problems: problems(advice.Warnings(set)), Loads: true, Taken: true, Rules: len(c.Rules), Queues: len(c.Queues)}
}

type explained struct {
	Problems []problem         `json:"problems"` // of the facts
	Gate     string            `json:"gate"`     // refusal by a check besides the rules
	Behind   bool              `json:"behind"`   // the check runs after the rules, else before
	Answer   string            `json:"answer"`   // as cases write it
	Message  string            `json:"message"`  // for the player
	Error    string            `json:"error"`
	Rules    []rules.RuleTrace `json:"rules"`
}

func explain(text, facts string) any {
	set, out := load(text)
	if set == nil {
		return out
	}
	f, err := rules.LoadFacts([]byte(facts), "facts")
	if err != nil {
		return explained{Problems: problems(err)}
	}
	if f.Now.IsZero() {
		f.Now = time.Now()
	}
	e := rulebook.Explain(context.Background(), set, f)
	answer := explained{Behind: e.GatesAfterRules, Answer: e.Decision.Outcome(e.Err), Message: e.Decision.Message, Rules: e.Rules}
	if e.Err != nil {
		answer.Error = e.Err.Error()
	}
	if g := e.Refusal(); g != nil {
		answer.Gate = fmt.Sprintf("%s (%s)", g.Reason, g.Text)
	}
	return answer
}

func test(text, cases string) any {
	set, out := load(text)
	if set == nil {
		return out
	}
	list, err := rulebook.LoadCases([]byte(cases), "rules.cases")
	if err != nil {
		return map[string]any{"problems": problems(err)}
	}
	type result struct {
		Line            int
		Text, Want, Got string
	}
	results, undecided := rulebook.RunCases(context.Background(), set, list)
	shown := make([]result, len(results))
	for i, r := range results {
		shown[i] = result{r.Line, r.Text, r.Want, r.Got}
	}
	return map[string]any{"results": shown, "undecided": undecided}
}

func diff(old, next string) any {
	was, bad := load(old)
	if was == nil {
		return bad
	}
	is, bad := load(next)
	if is == nil {
		return bad
	}
	return map[string]any{"changes": append([]string{}, rules.Diff(was, is)...)} // [] and not null if nothing changed
}

// sim simulates an evening in a queue; it returns a picture or an error.
func sim(text, settings string) any {
	set, out := load(text)
	if set == nil {
		return out
	}
	given := struct {
		Queue string
		evening.Settings
	}{Settings: evening.DefaultSettings()}
	if err := json.Unmarshal([]byte(settings), &given); err != nil {
		return map[string]any{"error": err.Error()}
	}
	played, err := evening.Play(set, "the file", given.Queue, given.Settings)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"picture": played.Picture()}
}

// words returns the words that the editor completes.
func words() any {
	type word struct {
		Name string `json:"name"`
		Doc  string `json:"doc"`
	}
	keys, err := reference.Keys()
	if err != nil {
		panic(err)
	}
	facts, err := reference.Facts()
	if err != nil {
		panic(err)
	}
	out := map[string][]word{}
	for _, k := range keys {
		out["keys"] = append(out["keys"], word{k.Path, k.Doc})
	}
	for _, f := range facts {
		out["facts"] = append(out["facts"], word{f.Path, f.Doc})
	}
	for _, f := range reference.Functions {
		out["functions"] = append(out["functions"], word{f.Usage, f.Doc})
	}
	return out
}
