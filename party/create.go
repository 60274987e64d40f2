package party

import "partyline/party/rules"

// CreateParams is what a client asks of a new party.
type CreateParams struct {
	MaxSize int // 0 = whatever is usual
	Open    bool
	Label   string
}

// Shape makes of create params what the rules file allows. It refuses with InvalidRequest a size
// outside its bounds, where the rules do not clamp.
//
// A size is never 0 afterwards: with none the stock server makes a party nobody can
// enter, whose first ticket stops presence events for the whole node.
func (w CreateParams) Shape(p rules.Parties) (CreateParams, error) {
	if w.MaxSize == 0 {
		w.MaxSize = p.MaxSize.Default
	}
	allowed := min(max(w.MaxSize, p.MaxSize.Min), p.MaxSize.Max)
	if allowed != w.MaxSize && p.MaxSize.Outside != rules.OutsideClamp {
		return w, Refuse(InvalidRequest, "max_size: %d is not allowed here; from %d to %d.", w.MaxSize, p.MaxSize.Min, p.MaxSize.Max)
	}
	w.MaxSize = allowed
	w.Open = Openness(p, w.Open)
	return w, nil
}

// Openness is whether a party is open whose leader asks for it or not. Where the rules
// leave no choice it overrides and does not refuse, because a client that says nothing
// asks for closed, and an update always says something.
func Openness(p rules.Parties, asked bool) bool {
	if p.Open == rules.OpenAny {
		return asked
	}
	return p.Open == rules.OpenOnly
}
