// Package caught turns panics into errors, where nothing else would recover and a panic would end
// the host's process.
package caught

import (
	"fmt"
	"runtime/debug"
)

// As is deferred by a function whose error err is. It makes that error of a panic which goes
// through the function, with the step that failed and the stack.
func As(err *error, step string) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("%s: panic: %v\n%s", step, value, debug.Stack())
	}
}
