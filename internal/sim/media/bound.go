package media

import (
	"context"
	"fmt"
	"io"
)

// Bound reads from a reader until ctx ends.
func Bound(ctx context.Context, from io.Reader) io.Reader { return contextReader{ctx, from} }

// contextReader ends with its context.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("read medium: %w", err)
	}
	return r.from.Read(p)
}
