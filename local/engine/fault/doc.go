// Package fault breaks the embedded engine on purpose, for tests of what a module does
// when its server fails it.
//
// A [Layer] stands between a module and the server: around every call the module makes
// and around every function it has registered. A test arms [Fault] values there, each
// naming the calls it strikes and what happens to them: a call fails before it has done
// anything, or after; it waits; it panics; a socket is cut or the clock jumps while it is
// under way. [Layer.Cut] is the process being killed: from then on nothing the module does
// reaches the server. A [Clock] is a time that jumps when told to, in either direction.
//
//	layer := &fault.Layer{}
//	server, err := engine.Start(ctx, engine.Options{Init: layer.Init(wiring.Register)})
//	...
//	lost := layer.Arm(fault.Fault{Name: "StorageWrite", Times: 1, After: fault.Lose(errTimeout)})
//
// A restart on the same data is Cut, Close, and a new engine with Options.Data.
//
// The layer knows the runtime's interfaces only; it imports no part of the module.
// Everything is safe for concurrent use.
package fault
