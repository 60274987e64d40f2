package match

import (
	"fmt"
	"runtime/debug"
)

// safeCall runs code of the module. It returns a panic as an error with the stack.
func safeCall(what string, code func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s panicked: %v\n%s", what, r, debug.Stack())
		}
	}()
	return code()
}
