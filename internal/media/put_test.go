package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// generated is a file that is never in memory: a beginning, then zeros.
type generated struct {
	start []byte
	size  int64
	read  int64
	watch func()
}

func (g *generated) Read(p []byte) (int, error) {
	if g.read >= g.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), g.size-g.read)]
	clear(p)
	if g.read < int64(len(g.start)) {
		copy(p, g.start[g.read:])
	}
	g.read += int64(len(p))
	if g.watch != nil {
		g.watch()
	}
	return len(p), nil
}

func TestPutHoldsEachKindToItsLimit(t *testing.T) {
	tests := []struct {
		name  string
		start []byte
		limit int64
	}{
		{"image", pngHeader(8, 8), 5 << 20},
		{"sticker", webpOf(0, 0), 100 << 10},
		{"animated sticker", webpOf(2, 0), 500 << 10},
		{"audio", oggOf("OpusHead"), 16 << 20},
		{"video", ftyp("isom"), 16 << 20},
		{"document", aPDF, 100 << 20},
	}
	f := newFixture(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := f.Put(t.Context(), f.account, "", "", &generated{start: tt.start, size: tt.limit})
			check(t, err)
			if m.Size != tt.limit {
				t.Errorf("got %d bytes, want %d", m.Size, tt.limit)
			}
			check(t, f.Delete(t.Context(), f.account, m.ID))

			endless := &generated{start: tt.start, size: 1 << 40}
			_, err = f.Put(t.Context(), f.account, "", "", endless)
			p := wantProblem(t, err, wa.CodeTooLarge, wa.RuleTooLong)
			if int64(p.Limit) != tt.limit || p.Found != p.Limit+1 {
				t.Errorf("got limit %d and found %d, want %d and one more", p.Limit, p.Found, tt.limit)
			}
			if endless.read != tt.limit+1 {
				t.Errorf("%d bytes were read, want one more than %d", endless.read, tt.limit)
			}
			f.wantNothingStored()
		})
	}
}

func TestPutOf100MBKeepsMemoryFlat(t *testing.T) {
	f := newFixture(t)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var reads int
	var most uint64
	file := &generated{start: aPDF, size: 100 << 20, watch: func() {
		if reads++; reads%200 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}}
	m, err := f.Put(t.Context(), f.account, "big.pdf", "", file)
	check(t, err)
	if grown := int64(most) - int64(before.HeapAlloc); reads < 200 || grown > 8<<20 {
		t.Errorf("the heap grew by %d MB over %d reads, want at most 8", grown>>20, reads)
	}
	if m.Size != 100<<20 {
		t.Errorf("got %d bytes", m.Size)
	}
}

// cut is a client that goes away in the middle.
type cut struct{ rest []byte }

func (c *cut) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func TestPutOfACutFileLeavesNothing(t *testing.T) {
	f := newFixture(t)
	for name, data := range map[string][]byte{
		"nothing":            nil,
		"in the first bytes": aPDF,
		"behind them":        append(bytes.Clone(aPDF), make([]byte, 3*sniffLength)...),
		"in the header":      jpegHeader(t, 800, 600)[:100_000],
		"behind the header":  append(pngOf(t), make([]byte, 2*sniffLength)...),
		"far behind them":    append(bytes.Clone(aPDF), make([]byte, 1<<20)...),
	} {
		_, err := f.Put(t.Context(), f.account, "", "", &cut{data})
		if !errors.Is(err, io.ErrUnexpectedEOF) || wa.CodeOf(err) != wa.CodeInternal {
			t.Errorf("%s: got %v, want the reader's error", name, err)
		}
	}
	f.wantNothingStored()
}

func TestPutEndsWithItsContext(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	file := &generated{start: aPDF, size: 100 << 20}
	file.watch = func() {
		if file.read > 1<<20 {
			cancel()
		}
	}
	if _, err := f.Put(ctx, f.account, "", "", file); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	f.wantNothingStored()
}

func TestPutWithoutARowLeavesNoBytes(t *testing.T) {
	f := newFixture(t)
	kept := f.put("kept.pdf", aPDF)
	f.o.Store = noRows{f.o.Store}
	for _, data := range [][]byte{aPDF, append(bytes.Clone(aPDF), "%%EOF"...)} {
		if _, err := f.Put(t.Context(), f.account, "", "", bytes.NewReader(data)); !errors.Is(err, errNoRow) {
			t.Errorf("got %v, want the store's error", err)
		}
	}
	if n := len(f.files()); n != 1 {
		t.Errorf("got %d files, want the one that was kept", n)
	}
	if _, _, err := f.read(kept.ID); err != nil {
		t.Errorf("the media that shares the bytes: %v", err)
	}
}

func TestPutOnAFullDiskIsUnavailable(t *testing.T) {
	f := newFixture(t)
	f.dir.flush = func(*os.File) error { return errNoSpace }
	_, err := f.Put(t.Context(), f.account, "", "", bytes.NewReader(aPDF))
	if wa.CodeOf(err) != wa.CodeUnavailable || !errors.Is(err, errNoSpace) {
		t.Errorf("got %v, want unavailable", err)
	}
	f.wantNothingStored()
}
