package rules

// SizeRefused is the answer if the file refuses the size, so that no rule is asked.
const SizeRefused = "refused for max_size"

// ResolveRequest sets the size and openness of r to what the file allows for the wish. It returns false if the file
// refuses the size of a new party.
//
// Afterwards the size is never 0. With size 0 the stock server creates a party that nobody can enter, and its
// first ticket stops presence events for the whole node.
func (p Parties) ResolveRequest(a Action, r RequestFacts) (RequestFacts, bool) {
	if r.Wish == nil {
		return r, true
	}
	r.Open = p.Openness(r.Wish.Open)
	if a != ActionCreate {
		return r, true
	}
	r.MaxSize = r.Wish.MaxSize
	if r.MaxSize == 0 {
		r.MaxSize = p.MaxSize.Default
	}
	allowed := min(max(r.MaxSize, p.MaxSize.Min), p.MaxSize.Max)
	fits := allowed == r.MaxSize || p.MaxSize.Outside == OutsideClamp
	r.MaxSize = allowed
	return r, fits
}

// Openness returns whether a party is open if its leader asks for asked. If the rules leave no choice, it
// overrides the leader and does not refuse. A client that says nothing asks for closed, and an update always
// says something.
func (p Parties) Openness(asked bool) bool {
	if p.Open == OpenAny {
		return asked
	}
	return p.Open == OpenOnly
}
