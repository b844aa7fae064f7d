package media

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// The error of a shared call may be kept as the reason why a message failed: it
// once held what was panicked with, and the whole stack.
func TestAPanicOfASharedCallKeepsWhatItSaidToItself(t *testing.T) {
	var g flights[string, int]
	_, err := g.do(t.Context(), "key", func(context.Context) (int, error) { panic("15550100001") })
	if err == nil || err.Error() != "shared call: panic: string" {
		t.Errorf("got error %v", err)
	}
	// Whoever logs it may still say where it was.
	if p, ok := errors.AsType[*wa.Panic](err); !ok || !strings.Contains(p.Stack, "wait_test.go") {
		t.Errorf("%T leads to no stack", err)
	}
}
