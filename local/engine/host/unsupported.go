package host

import "fmt"

//go:generate go run ./gen

// unsupported is the answer to a call that the embedded engine does not offer. It
// names the call, so that a module's author sees at once what to take to a real
// server instead.
func unsupported(name string) error {
	return fmt.Errorf("not supported by the embedded engine: %s", name)
}
