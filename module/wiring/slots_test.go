package wiring_test

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/module/wiring"
)

// takenWhen reads the third column of the operators' table: it reports whether these rules take the slot.
func takenWhen(t *testing.T, column, text string) bool {
	t.Helper()
	switch {
	case strings.HasPrefix(column, "always"):
		return true
	case column == "with `queues`":
		return text == withQueues
	case column == "with `queues` or `matchmaking.create_match`":
		return text != withoutQueues
	case column == "without `queues` and `matchmaking.create_match`":
		return text == withoutQueues
	}
	t.Fatalf("the table says %q; the test knows no such case", column)
	return false
}

// The operators' table of the slots that the module takes matches what the module registers.
func TestSlots_AreTheDocuments(t *testing.T) {
	document, err := os.ReadFile("../../docs/operators.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(document), "### Beside modules of your own\n")
	section, _, _ = strings.Cut(section, "\n### ")
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, text := range []string{withoutQueues, withMatches, withQueues} {
		documented, taken := map[string]bool{}, map[string]bool{}
		for row := range strings.Lines(section) {
			cells := strings.Split(row, " | ")
			if len(cells) != 4 || strings.HasPrefix(row, "| stage ") || !takenWhen(t, cells[2], text) {
				continue
			}
			for _, name := range quoted.FindAllStringSubmatch(cells[1], -1) {
				documented[strings.TrimPrefix(cells[0], "| ")+" "+name[1]] = true
			}
		}
		m, err := wiring.New(context.Background(), wiring.Options{
			Nakama: &nakama{path: writeRules(t, text)}, Logger: &logBook{}, Env: map[string]string{"PARTY_RULES": "rules.yml"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range m.Describe() {
			switch words := strings.Fields(line); words[0] {
			case "hook":
				taken[words[1]+" "+words[2]] = true
			case "matchmaker":
				taken[line] = true
			}
		}
		m.Stop(context.Background())
		if !maps.Equal(documented, taken) {
			t.Errorf("with %q the table has\n%q\nand taken are\n%q", text, slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(taken)))
		}
	}
}
