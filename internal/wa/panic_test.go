package wa

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

type secretive struct{ number string }

func TestAPanicTellsOnlyTheRuntimesWords(t *testing.T) {
	var empty []string
	for _, c := range []struct {
		name, want string
		panics     func()
	}{
		{"text", "string", func() { panic("15550100001") }},
		{"error", "*fmt.wrapError", func() { panic(fmt.Errorf("to 15550100001: %w", errors.ErrUnsupported)) }},
		{"value", "wa.secretive", func() { panic(secretive{"15550100001"}) }},
		{"runtime", "runtime error: index out of range [1] with length 0", func() { _ = empty[len(empty)+1] }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got *Panic
			func() {
				defer func() { got = Recovered(recover()) }()
				c.panics()
			}()
			if err := fmt.Errorf("upload: %w", got); err.Error() != "upload: panic: "+c.want {
				t.Errorf("got %q, want %q", err, c.want)
			}
			if !strings.Contains(got.Stack, "TestAPanicTellsOnlyTheRuntimesWords") {
				t.Errorf("the stack does not lead here: %s", got.Stack)
			}
		})
	}
}
