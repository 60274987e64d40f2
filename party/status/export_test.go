package status

// Boards counts the parties this process keeps anything of: each with a timer, none without.
func (s *Service) Boards() int { return len(s.boards.Keys()) }

// RoundTrip encodes what decode made of a text and decodes that.
func RoundTrip(text string) (first, second any, ok bool) {
	e, ok := decode(text)
	if !ok {
		return nil, nil, false
	}
	again, ok := decode(e.encode())
	return e, again, ok
}
