package status

// Boards counts the parties in which time changes something.
func (s *Service) Boards() int { return s.alarms.Len() }

// Kept counts the parties of which this process remembers anything.
func (s *Service) Kept() int { return len(s.boards.Keys()) }

// RoundTrip encodes what decode made of a text and decodes that.
func RoundTrip(text string) (first, second any, ok bool) {
	e, ok := decode(text)
	if !ok {
		return nil, nil, false
	}
	again, ok := decode(e.encode())
	return e, again, ok
}
