package docs

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// bound names the constants behind a number in a table; their product is the number.
type bound struct {
	constants []string // "<folder>.<name>"
	unit      int64
}

// bounds are the rows of the operators' table of limits.
var bounds = map[string]bound{
	"payload of a call":                         {[]string{"rpc.maxPayload"}, 1024},
	"users an invite can name":                  {[]string{"party/invite.maxTargets"}, 1},
	"named users that count as one invite more": {[]string{"party.namedPerInvite"}, 1},
	"uses that a call may ask for":              {[]string{"party/invite.maxUses"}, 1},
	"launch data":                               {[]string{"party/invite.maxLaunch"}, 1},
	"invites of one member to one party":        {[]string{"party/invite.maxPerMember"}, 1},
	"invites of a party that are listed":        {[]string{"party/invite.page", "party/invite.maxPages"}, 1},
	"rows of a list of invites, a page of parties, or a message -1 or -6": {[]string{"party.maxRows"}, 1024},
	"players on their way to one party":                                   {[]string{"party/status.maxIncoming"}, 1},
	"attributes of one bag":                                               {[]string{"party/attributes.maxKeys"}, 1},
	"an attribute's value":                                                {[]string{"party/attributes.maxValue"}, 1024},
	"attributes of a party, in all":                                       {[]string{"party/attributes.maxTotal"}, 1024},
	"kicks remembered per party":                                          {[]string{"party/reserve.MaxKicks"}, 1},
	"parties remembered per socket":                                       {[]string{"party/roster.maxPartiesPerSession"}, 1},
	"players, or addresses, one rate limit remembers":                     {[]string{"party.maxLimitKeys"}, 1},
}

func TestOperators_limits(t *testing.T) { checkBounds(t, "docs/operators.md", "## Limits", bounds) }

// rulesBounds are the rows of the table of a rules file's bounds.
var rulesBounds = map[string]bound{
	"size of the file":                         {[]string{"party/rules.maxFileBytes"}, 1024},
	"values in it, after aliases are followed": {[]string{"party/rules.maxNodes"}, 1},
	"depth":                                      {[]string{"party/rules.maxDepth"}, 1},
	"parts of one condition":                     {[]string{"party/rules.maxExprNodes"}, 1},
	"steps of one condition, before it runs":     {[]string{"party/rules.maxSteps"}, 1},
	"steps of all conditions for one action":     {[]string{"party/rules.maxActionSum"}, 1},
	"elements of lists that one condition makes": {[]string{"party/rules.maxElements"}, 1},
	"characters of a regular expression":         {[]string{"party/rules.maxRegexp"}, 1},
	"members, and groups, a condition sees":      {[]string{"party/rules.maxMembers"}, 1},
	"entries of metadata, labels and vars":       {[]string{"party/rules.maxDynamic"}, 1},
}

func TestSecurity_rulesBounds(t *testing.T) {
	checkBounds(t, "docs/security.md", "### Bounds of a rules file", rulesBounds)
}

// checkBounds compares a table with the constants in the code.
func checkBounds(t *testing.T, doc, heading string, bounds map[string]bound) {
	t.Helper()
	numbers := intConstants(t)
	rows := rowsOf(t, doc, heading)
	for _, row := range rows {
		b, ok := bounds[row[0]]
		if !ok {
			t.Errorf("the test knows nothing of %q; it knows %q", row[0], slices.Sorted(maps.Keys(bounds)))
			continue
		}
		want := int64(1)
		for _, name := range b.constants {
			if numbers[name] == 0 {
				t.Errorf("%q: there is no constant %s", row[0], name)
			}
			want *= numbers[name]
		}
		shown, err := strconv.ParseInt(strings.ReplaceAll(regexp.MustCompile(`^[\d,]*\d`).FindString(row[1]), ",", ""), 10, 64)
		if err != nil || shown*b.unit != want {
			t.Errorf("%q is shown as %q; the code says %d", row[0], row[1], want)
		}
	}
	if len(rows) != len(bounds) {
		t.Errorf("%d bounds are shown; the test knows %d", len(rows), len(bounds))
	}
}

// intConstants returns the whole-number constants in the code, by "<folder>.<name>".
func intConstants(t *testing.T) map[string]int64 {
	t.Helper()
	numbers := map[string]int64{}
	err := goFiles(func(path string, file *ast.File) {
		dir, err := filepath.Rel(Root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				v := initializer(spec, i)
				if v == nil {
					continue
				}
				if tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(v)); err == nil && tv.Value != nil && tv.Value.Kind() == constant.Int {
					numbers[filepath.ToSlash(dir)+"."+name.Name], _ = constant.Int64Val(tv.Value)
				}
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}
