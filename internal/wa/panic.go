package wa

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// PanicText is what may be told of a recovered panic: the runtime's own words,
// or else only the type. What was panicked with may hold what belongs to a
// customer.
func PanicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", p)
}

// Panic is a recovered panic as an error.
type Panic struct {
	what string
	// Stack is where it happened. It is for an attribute of a log line and not
	// part of the text, which may go to a customer.
	Stack string
}

// Recovered makes an error of what recover returned. It must be called while
// the deferred function runs: afterwards the stack is gone.
func Recovered(p any) *Panic { return &Panic{what: PanicText(p), Stack: string(debug.Stack())} }

// Error implements the error interface.
func (p *Panic) Error() string { return "panic: " + p.what }
