package partytest

import "partyline/party"

// Pieces returns rows in the smallest pieces in which they can be sent, in order.
func Pieces[R party.Rows](rows R) []R {
	if a, b, many := rows.Halves(); many {
		return append(Pieces(a.(R)), Pieces(b.(R))...)
	}
	return []R{rows}
}
