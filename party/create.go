package party

import "partyline/party/rules"

// CreateParams is a client's request for a new party.
type CreateParams struct {
	MaxSize int // 0 = the default
	Open    bool
	Label   string
}

// Shape changes the parameters as the rules require, or refuses a size that they do not clamp.
func (w CreateParams) Shape(p rules.Parties) (CreateParams, error) {
	shaped, fits := p.ResolveRequest(rules.ActionCreate, rules.RequestFacts{Wish: &rules.PartyRequest{MaxSize: w.MaxSize, Open: w.Open}})
	if !fits {
		return w, Refuse(InvalidRequest, "max_size: %d is not allowed here; from %d to %d.", w.MaxSize, p.MaxSize.Min, p.MaxSize.Max)
	}
	w.MaxSize, w.Open = shaped.MaxSize, shaped.Open
	return w, nil
}
