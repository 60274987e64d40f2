// Package fault makes the embedded engine fail on purpose. Tests use it to see what a module does when its server
// fails.
//
// A [Layer] stands between a module and the server. It wraps every call of the module and every function that the
// module has registered. A test arms [Fault] values in the layer. Each Fault selects calls and says what happens to
// them: a call fails before or after it has an effect, waits, or panics; a socket closes or the clock jumps during
// the call. [Layer.Cut] simulates that the process is killed: from then on no call of the module reaches the server.
// A [Clock] jumps forward or back when a test says so.
//
//	layer := &fault.Layer{}
//	server, err := engine.Start(ctx, engine.Options{Init: layer.Init(wiring.Register)})
//	...
//	lost := layer.Arm(fault.Fault{Name: "StorageWrite", Times: 1, After: fault.Lose(errTimeout)})
//
// To simulate a restart on the same data: Cut, Close, and a new engine with Options.Data.
//
// The layer knows the runtime's interfaces only; it imports no part of the module. Everything is safe for concurrent
// use.
package fault
