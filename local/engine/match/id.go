package match

import (
	"strings"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
)

// parseID splits a match ID. An authoritative match has the ID <uuid>.<node>. A relayed match has nothing after the
// dot.
func parseID(text string) (id uuid.UUID, node string, ok bool) {
	first, node, ok := strings.Cut(text, ".")
	if !ok {
		return uuid.Nil, "", false
	}
	if len(first) == 38 && (first[0] != '{' || first[37] != '}') {
		return uuid.Nil, "", false // uuid.Parse accepts any two characters in place of the braces
	}
	id, err := uuid.Parse(first)
	return id, node, err == nil
}

func relayedStream(id uuid.UUID) presence.Stream {
	return presence.Stream{Mode: presence.ModeMatchRelayed, Subject: id}
}

func authoritativeStream(id uuid.UUID, node string) presence.Stream {
	return presence.Stream{Mode: presence.ModeMatchAuthoritative, Subject: id, Label: node}
}

// streamOf returns the stream of the players of a match.
func streamOf(id uuid.UUID, node string) presence.Stream {
	if node == "" {
		return relayedStream(id)
	}
	return authoritativeStream(id, node)
}
