package rules

// SizeRefused is the answer where no rule is asked because the file refuses the size.
const SizeRefused = "refused for max_size"

// Shape makes of the wish in what is asked for with the action what the file allows. It is
// false where the file refuses a new party's size.
//
// A size is never 0 afterwards: with none the stock server makes a party nobody can
// enter, whose first ticket stops presence events for the whole node.
func (p Parties) Shape(a Action, r RequestFacts) (RequestFacts, bool) {
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

// Openness is whether a party is open whose leader asks for it or not. Where the rules
// leave no choice it overrides and does not refuse, because a client that says nothing
// asks for closed, and an update always says something.
func (p Parties) Openness(asked bool) bool {
	if p.Open == OpenAny {
		return asked
	}
	return p.Open == OpenOnly
}
