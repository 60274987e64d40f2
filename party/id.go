package party

import (
	"strings"

	"github.com/google/uuid"
)

// maxNodeName is the longest accepted node name; Nakama's own names are far shorter.
const maxNodeName = 128

// ID names a native party by its UUID and the node that owns it, written "<uuid>.<node>".
type ID struct {
	UUID uuid.UUID
	Node string
}

// ParseID reads a party ID in its canonical form: a lower-case UUID, a dot, and a node name of letters, digits, '.',
// '-' and '_'. It refuses anything else with PartyNotFound, as an unknown ID.
func ParseID(s string) (ID, error) {
	head, node, _ := strings.Cut(s, ".")
	u, err := uuid.Parse(head)
	if err != nil || u == uuid.Nil || u.String() != head || !IsNode(node) {
		return ID{}, Refuse(PartyNotFound, "This party does not exist.")
	}
	return ID{UUID: u, Node: node}, nil
}

// IsNode reports whether a node may have this name: [ParseID] and searches for matches need these characters.
func IsNode(name string) bool {
	return name != "" && len(name) <= maxNodeName && !strings.ContainsFunc(name, func(r rune) bool { return !nodeRune(r) })
}

// Canonical turns an ID that the host accepts into the form that [ParseID] reads. The host accepts a UUID in capitals,
// without dashes, in braces or as a URN. Any other text is returned unchanged.
func Canonical(s string) string {
	head, node, ok := strings.Cut(s, ".")
	if !ok {
		return s
	}
	digits := strings.TrimPrefix(strings.ToLower(head), "urn:uuid:")
	digits = strings.TrimSuffix(strings.TrimPrefix(digits, "{"), "}")
	digits = strings.ReplaceAll(digits, "-", "")
	u, err := uuid.Parse(digits)
	if err != nil || len(digits) != 32 {
		return s
	}
	return u.String() + "." + node
}

func nodeRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
}

// String returns the form that Nakama uses everywhere: "<uuid>.<node>".
func (id ID) String() string { return id.UUID.String() + "." + id.Node }

// IsZero reports whether the ID is empty.
func (id ID) IsZero() bool { return id == ID{} }
