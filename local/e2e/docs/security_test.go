package docs

import (
	"slices"
	"strings"
	"testing"

	"partyline/local/e2e/access"
	"partyline/local/reference"
)

// The table of who may call what equals the matrix in local/e2e/access, which that package's tests check.
func TestSecurity_matrix(t *testing.T) {
	rows := rowsOf(t, "docs/security.md", "## Who may call what")
	for i, want := range access.Matrix {
		if i >= len(rows) {
			t.Fatalf("%d rows are shown; the matrix has %d", len(rows), len(access.Matrix))
		}
		cells := append([]string{"`" + want.ID + "`", want.With}, want.Cells[:]...)
		if !slices.Equal(rows[i], cells) {
			t.Errorf("the table says\n\t| %s |\nthe matrix\n\t| %s |", strings.Join(rows[i], " | "), strings.Join(cells, " | "))
		}
	}
	if len(rows) > len(access.Matrix) {
		t.Errorf("%d rows are shown; the matrix has %d", len(rows), len(access.Matrix))
	}
}

// The table of limits has every rate of the rules file with its default. It leaves out the rates
// that pace the server's own work.
func TestSecurity_limits(t *testing.T) {
	keys, err := reference.Keys()
	if err != nil {
		t.Fatal(err)
	}
	defaults, missing := map[string]string{}, map[string]bool{}
	for _, key := range keys {
		defaults[key.Path] = key.Default
		if strings.HasPrefix(key.Path, "limits.") || strings.HasPrefix(key.Path, "parties.requests.") {
			missing[key.Path] = true
		}
	}
	for _, row := range rowsOf(t, "docs/security.md", "### Limits of the rules file") {
		key, shown := codeWords(row[0])[0], codeWords(row[1])
		value, exists := defaults[key]
		if !exists || len(shown) != 1 || shown[0] != value {
			t.Errorf("%s is shown with %s; its default is %q", key, row[1], value)
		}
		delete(missing, key)
	}
	for key := range missing {
		t.Errorf("%s is not in the table", key)
	}
}
