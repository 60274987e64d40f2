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
func (w CreateParams) Shape(p rules.Parties) (CreateParams, error) {
	shaped, fits := p.Shape(rules.ActionCreate, rules.RequestFacts{Wish: &rules.Wish{MaxSize: w.MaxSize, Open: w.Open}})
	if !fits {
		return w, Refuse(InvalidRequest, "max_size: %d is not allowed here; from %d to %d.", w.MaxSize, p.MaxSize.Min, p.MaxSize.Max)
	}
	w.MaxSize, w.Open = shaped.MaxSize, shaped.Open
	return w, nil
}
