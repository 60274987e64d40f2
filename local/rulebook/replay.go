package rulebook

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"partyline/party/rules"
)

const (
	maxRecordLine = 16 << 20 // rules with all defaults can be long
	maxProblems   = 20
)

// Replayed is the result of a replay.
type Replayed struct {
	Decisions      int
	Same           int
	Unknown        int               // decisions with an unknown answer
	UnknownReasons map[string]int    // how often, by reason
	Changed        map[[2]string]int // how often, by "action: recorded answer" and new answer
	Skipped        int               // lines that could not be used
	Problems       []string          // messages about the first of these
}

// Replay returns what set would have answered to each decision of a recording. An answer is exact or unknown.
// It is unknown if a rule names a fact that the server did not read then, or compares a user's name or ID: the
// recording has only pseudonyms of these. It is still known if the rules in force then had the same condition,
// with the same skill and request. Replay writes one outcome per line to out, which may be nil. The error is
// only about reading or writing.
func Replay(ctx context.Context, set *rules.Set, record io.Reader, name string, out io.Writer) (Replayed, error) {
	r := Replayed{UnknownReasons: map[string]int{}, Changed: map[[2]string]int{}}
	replay := &replay{ctx: ctx, nextRules: splitRules(set), nextParties: set.Config().Parties}
	lines := bufio.NewScanner(record)
	lines.Buffer(nil, maxRecordLine)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		recorded, replayed, reason, err := replay.replayLine(text)
		switch {
		case err != nil:
			if r.Skipped++; len(r.Problems) < maxProblems {
				r.Problems = append(r.Problems, fmt.Sprintf("%s:%d: left out: %v", name, n, err))
			}
			continue
		case recorded == "":
			continue
		}
		r.Decisions++
		action, answer, _ := strings.Cut(recorded, ": ")
		switch {
		case reason != "":
			r.Unknown++
			r.UnknownReasons[reason]++
			replayed = "unknown: " + reason
		case replayed == answer:
			r.Same++
		default:
			r.Changed[[2]string{recorded, replayed}]++
		}
		if out != nil {
			if _, err := fmt.Fprintf(out, "%d %s: %s\n", n, action, replayed); err != nil {
				return r, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return r, fmt.Errorf("%s: a line is longer than %d bytes, or cannot be read: %w", name, maxRecordLine, err)
	}
	return r, nil
}

type replay struct {
	ctx       context.Context
	nextRules []singleRule // the rules of the file to try
	oldRules  []singleRule // the rules that decided the next lines

	nextParties, oldParties rules.Parties // of the file to try, and of the file in force then
}

// singleRule is one rule with a Set of its own, so that it can be asked alone.
type singleRule struct {
	rule          rules.Rule
	set           *rules.Set
	comparesNames bool                   // compares names or IDs with anything other than each other or ""
	skills        map[string]rules.Skill // by queue; party.skill is computed with them
}

func splitRules(set *rules.Set) []singleRule {
	c := set.Config()
	skills := map[string]rules.Skill{}
	for name, q := range c.Queues {
		if q.Skill != nil {
			skills[name] = *q.Skill
		}
	}
	out := make([]singleRule, 0, len(c.Rules))
	for i, r := range c.Rules {
		out = append(out, singleRule{rule: r, set: set.Alone(i), comparesNames: comparesNames(r.Deny + r.Allow), skills: skills})
	}
	return out
}

func (a singleRule) asks(f rules.Facts) bool {
	return a.set.Asks(f.Action, f.Invited)
}

// sameAs reports whether both rules give the same answer for the same facts of the action.
func (a singleRule) sameAs(b singleRule, action rules.Action) bool {
	return a.rule.Deny+a.rule.Allow == b.rule.Deny+b.rule.Allow && (!a.set.Uses(action, "party.skill") || reflect.DeepEqual(a.skills, b.skills))
}

// gatheredFacts are the facts that a server gathers for an action if any of its rules names them. The readFacts are
// read only when a rule that names them is asked.
var gatheredFacts = []string{"party.members", "party.members.attributes", "party.attributes", "party.on_the_way", "party.state"}

var readFacts = []string{
	"user.display_name", "user.metadata", "user.account_age", "user.groups", "party.skill", "party.members.metadata", "party.members.account_age",
	"relation.friend_of_leader", "relation.friend_of_any", "relation.same_group", "relation.blocked",
}

// replayLine replays one line. recorded is "action: answer". It is empty if the line only has the rules.
func (p *replay) replayLine(text []byte) (recorded, replayed, reason string, err error) {
	var line struct {
		Format int             `json:"partyline_record"`
		Rules  json.RawMessage `json:"rules"`
		Facts  *rules.Facts    `json:"facts"`
		Answer string          `json:"answer"`
		Unread bool            `json:"unread"`
	}
	err = json.Unmarshal(text, &line)
	if err != nil || line.Rules != nil { // the rules before did not decide the next lines
		p.oldRules, p.oldParties = nil, rules.Parties{}
	}
	if err != nil {
		return "", "", "", fmt.Errorf("it is not a line of a recording: %.80v", err)
	}
	switch {
	case line.Rules != nil && line.Format != 1:
		return "", "", "", fmt.Errorf("it has format %d, this program reads 1", line.Format)
	case line.Rules != nil:
		set, err := rules.LoadRecorded(line.Rules, "the recorded rules")
		if err != nil {
			return "", "", "", fmt.Errorf("the recorded rules cannot be used: %.200v", err)
		}
		p.oldRules, p.oldParties = splitRules(set), set.Config().Parties
		return "", "", "", nil
	case line.Facts == nil || !slices.Contains(rules.Actions(), line.Facts.Action) || line.Answer == "":
		return "", "", "", fmt.Errorf("it has no facts, no action or no answer")
	}
	f := *line.Facts
	f.Party.Skill = rules.SkillFacts{} // party.skill is computed again, with the skill of the file to try
	recorded = string(f.Action) + ": " + line.Answer
	askedThen, decided := p.askedRules(f, line.Answer)
	request := f.Request
	needsWish := f.Action == rules.ActionCreate && p.nextParties.MaxSize != p.oldParties.MaxSize ||
		(f.Action == rules.ActionCreate || f.Action == rules.ActionUpdate) && p.nextParties.Open != p.oldParties.Open
	if needsWish && request.Wish == nil {
		return recorded, "", "the size and openness asked for were not recorded", nil
	}
	shaped, fits := p.nextParties.ResolveRequest(f.Action, request)
	if !fits {
		return recorded, rules.SizeRefused, "", nil
	}
	f.Request = shaped
	reshaped := shaped.MaxSize != request.MaxSize || shaped.Open != request.Open
	for _, a := range p.nextRules {
		if !a.asks(f) {
			continue
		}
		at := slices.IndexFunc(askedThen, func(t singleRule) bool { return !reshaped && t.sameAs(a, f.Action) })
		reason := p.missingFact(a, f, askedThen, decided, line.Unread)
		switch {
		case reason == "":
			d, err := a.set.Try(p.ctx, f, nil)
			if d.Rule != "" {
				return recorded, d.Outcome(err), "", nil
			}
		case at < 0:
			return recorded, "", reason, nil
		case at == len(askedThen)-1 && decided: // its condition held or failed then, so it does now
			d := rules.Decision{Rule: a.rule.ID, Allowed: a.rule.Allow != ""}
			if strings.HasPrefix(line.Answer, "broken ") {
				return recorded, "broken " + a.rule.ID, "", nil
			}
			return recorded, d.Outcome(nil), "", nil
		}
	}
	return recorded, "allowed", "", nil
}

// askedRules returns the rules that were asked then. If decided is true, the last of them decided.
func (p *replay) askedRules(f rules.Facts, answer string) (list []singleRule, decided bool) {
	_, by, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(answer, "allowed by"), "denied by"), " ")
	for _, a := range p.oldRules {
		if a.asks(f) {
			list = append(list, a)
			if a.rule.ID == by {
				return list, true
			}
		}
	}
	return list, false
}

// missingFact returns why the rule cannot be asked about the facts, or "" if it can.
func (p *replay) missingFact(a singleRule, f rules.Facts, askedThen []singleRule, decided, unread bool) string {
	if a.comparesNames {
		return "names and IDs are pseudonyms"
	}
	about := func(t singleRule) bool { return t.asks(f) }
	for _, fact := range gatheredFacts {
		uses := func(t singleRule) bool { return t.set.Uses(f.Action, fact) }
		if uses(a) && f.Party.ID != "" && !slices.ContainsFunc(p.oldRules, func(t singleRule) bool { return about(t) && uses(t) }) {
			return fact + " was not recorded"
		}
	}
	known := askedThen
	if unread && decided {
		known = askedThen[:len(askedThen)-1]
	}
	for _, fact := range readFacts {
		uses := func(t singleRule) bool { return t.set.Uses(f.Action, fact) }
		if uses(a) && !slices.ContainsFunc(known, uses) {
			return fact + " was not read"
		}
	}
	return ""
}

// pseudonymFacts are the facts that a recording replaces by pseudonyms.
var pseudonymFacts = []string{"user.id", "user.username", "user.display_name", "party.id", "party.leader_id", "request.target_id"}

// comparesNames reports whether a condition uses a name or an ID in any way except to compare it with another
// one or with "". Equal names have equal pseudonyms, and nothing else about them is known.
func comparesNames(condition string) bool {
	tree, err := parser.Parse(condition)
	if err != nil {
		return true
	}
	named, fine := &nameCounter{}, &nameCounter{}
	ast.Walk(&tree.Node, named)
	ast.Walk(&tree.Node, visitor(func(n ast.Node) {
		b, ok := n.(*ast.BinaryNode)
		if !ok || b.Operator != "==" && b.Operator != "!=" {
			return
		}
		left, right := isName(b.Left), isName(b.Right)
		switch {
		case left && right:
			fine.n += 2
		case left && isEmptyText(b.Right) || right && isEmptyText(b.Left):
			fine.n++
		}
	}))
	return named.n != fine.n
}

type visitor func(ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }

type nameCounter struct{ n int }

func (c *nameCounter) Visit(n *ast.Node) {
	if isName(*n) {
		c.n++
	}
}

func isEmptyText(n ast.Node) bool {
	s, ok := n.(*ast.StringNode)
	return ok && s.Value == ""
}

// isName reports whether n is a fact that a recording replaces by a pseudonym. It may be of the player, the
// party or a member.
func isName(n ast.Node) bool {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return false
	}
	field, ok := m.Property.(*ast.StringNode)
	if !ok {
		return false
	}
	group, _ := m.Node.(*ast.IdentifierNode) // not compared by its text, which differs with ?.
	return field.Value == "user_id" || field.Value == "username" || group != nil && slices.Contains(pseudonymFacts, group.Value+"."+field.Value)
}
