package status

// Boards counts the parties with a pending timer.
func (s *Service) Boards() int { return s.alarms.Len() }

// Kept counts the parties that this process remembers.
func (s *Service) Kept() int { return len(s.boards.Keys()) }

// RoundTrip decodes a text, encodes the result, and decodes it again.
func RoundTrip(text string) (first, second any, ok bool) {
	e, ok := decode(text)
	if !ok {
		return nil, nil, false
	}
	again, ok := decode(e.encode())
	return e, again, ok
}
