// Package caught turns panics into errors, where otherwise a panic would end the host's process.
package caught

import (
	"fmt"
	"runtime/debug"
)

// Recover turns a panic of the calling function into its error, with the failed step and the stack. Call it with defer;
// err points to the function's error result.
func Recover(err *error, step string) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("%s: panic: %v\n%s", step, value, debug.Stack())
	}
}
