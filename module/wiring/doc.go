// Package wiring puts the module together: environment, rules file, kernel, tables,
// registration, background work, and the end of it all. It is the only place that knows
// every package, and the only one the plugin's entry and the embedded engine call.
//
// The stages are fixed: [New] reads the configuration and constructs, starting nothing;
// [Module.Register] checks all tables and hands them to the host; [Module.Start] begins
// background work; [Module.Stop] ends it, and is safe after any of them. [Register] is
// the four in one, as the host calls it.
package wiring
