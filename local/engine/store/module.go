package store

// Module is the store's part of runtime.NakamaModule: the methods have exactly the
// interface's signatures, checks and error texts. Embed it in the engine's module.
type Module struct{ *Store }

// Module returns the store's part of runtime.NakamaModule.
func (s *Store) Module() Module { return Module{s} }
