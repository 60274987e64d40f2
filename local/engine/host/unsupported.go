package host

import "fmt"

//go:generate go run ./gen

// unsupported returns the error of a call that the embedded engine does not support. The error names the call, so
// that a module's author knows what to test on a real server.
func unsupported(name string) error {
	return fmt.Errorf("not supported by the embedded engine: %s", name)
}
