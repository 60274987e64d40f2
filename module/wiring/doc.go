// Package wiring puts the module together: environment, rules file, kernel, tables,
// registration, background work, and the end of it all.
//
// [New] reads the configuration and constructs, starting nothing; [Module.Register] hands
// all tables to the host; [Module.Start] begins background work; [Module.Stop] ends it, and is
// safe after any of them. [Register] is the four in one, as the host calls it.
package wiring
