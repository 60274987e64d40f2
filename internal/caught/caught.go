// Package caught turns panics into errors, where otherwise a panic would end the host's process.
package caught

import (
	"fmt"
	"runtime/debug"
)

// Recover turns a panic of the calling function into its error *err, with the step and the stack. Use it with defer.
func Recover(err *error, step string) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("%s: panic: %v\n%s", step, value, debug.Stack())
	}
}
