package outbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"sync"

	"github.com/waypost/waypost/internal/wa"
)

// Wire remembers which attempts may have put a byte on the wire. The store
// knows that an attempt was begun; between that and the first byte lie the
// dialling and the handshake, and a process that is killed there has sent
// nothing. Without Wire the next start could not tell it from one that has, and
// the message would stay uncertain for ever, because no status of it will come.
//
// A mark is written into a file before the first byte and is not flushed: what
// a process has written outlives it, however it ends, but not the machine. So
// the file names the boot of the machine under which it was written, and under
// another one nothing it says is believed: everything that was begun is then
// uncertain.
//
// The file has one slot for each send that may be under way, so that it never
// grows and no mark can meet a full disk.
type Wire struct {
	mu   sync.Mutex
	file *os.File
	boot string
	free []int
	// last is what the process before has left: nil if it is not to be
	// believed.
	last map[mark]bool
}

// mark is one attempt.
type mark struct {
	id      wa.MessageID
	attempt int
}

const (
	wireMagic  = "waypost wire 1 "
	wireHeader = 128
	// A slot is the id, the attempt and their checksum; the checksum of an empty
	// one does not fit.
	slotID   = 36
	slotSize = slotID + 4 + 4
)

// OpenWire opens or makes the file and reads what the last process left. Boot
// names the boot of the machine; "" is one that cannot be told from another.
func OpenWire(path, boot string, slots int) (*Wire, error) {
	old, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("open wire file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("open wire file: %w", err)
	}
	w := &Wire{file: f, boot: boot, last: readWire(old, boot)}
	for slot := range slots {
		w.free = append(w.free, slot)
	}
	return w, nil
}

// maxWire is more than any number of slots needs.
const maxWire = 64 << 20

// readSmall returns what is in the file; nothing if it is not there. What is no
// plain file, or too large to be one of ours, is refused: it could be read for
// ever.
func readSmall(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxWire {
		return nil, fmt.Errorf("%s is not a file that this program wrote: remove it, and what was being sent becomes uncertain", path)
	}
	return os.ReadFile(path) //nolint:gosec // the operator names the directory
}

// readWire returns the marks in a file, or nil if they are not to be believed.
func readWire(data []byte, boot string) map[mark]bool {
	if boot == "" || len(data) < wireHeader || !bytes.Equal(data[:wireHeader], header(boot)) {
		return nil
	}
	marks := map[mark]bool{}
	for slots := data[wireHeader:]; len(slots) >= slotSize; slots = slots[slotSize:] {
		if m, ok := decodeSlot(slots[:slotSize]); ok {
			marks[m] = true
		}
	}
	return marks
}

func header(boot string) []byte {
	h := make([]byte, wireHeader)
	copy(h, wireMagic+boot)
	return h
}

// Left reports whether the last process may have put a byte of this attempt on
// the wire. A nil Wire knows nothing.
func (w *Wire) Left(id wa.MessageID, attempt int) bool {
	return w == nil || w.last == nil || w.last[mark{id, attempt}]
}

// Reset forgets what the last process left and begins anew. It must come after
// the last question and before the first mark.
func (w *Wire) Reset() error {
	if w == nil {
		return nil
	}
	w.last = nil
	slots := make([]byte, len(w.free)*slotSize)
	// The header goes last: a half-written file is not believed.
	err := errors.Join(w.file.Truncate(0), w.write(slots, wireHeader), w.write(header(w.boot), 0))
	if err != nil {
		return fmt.Errorf("reset wire file: %w", err)
	}
	return nil
}

func (w *Wire) write(data []byte, at int64) error {
	_, err := w.file.WriteAt(data, at)
	return err
}

// Mark notes that the first byte of an attempt is about to go out. It returns
// the function that takes the mark back, to be called once the outcome is
// settled and not before. If it cannot be noted, the file is made such that
// nobody believes it.
func (w *Wire) Mark(id wa.MessageID, attempt int) (settled func()) {
	if w == nil {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.free) == 0 {
		w.distrust()
		return func() {}
	}
	slot := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	if w.write(encodeSlot(mark{id, attempt}), wireHeader+int64(slot)*slotSize) != nil {
		w.distrust()
	}
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.free = append(w.free, slot) // what stands there speaks of a settled attempt
	})
}

// distrust spoils the header. If even that fails, there is no disk to start
// from.
func (w *Wire) distrust() { _ = w.write(make([]byte, wireHeader), 0) }

// departure is the mark of one attempt.
type departure struct {
	wire   *Wire
	once   sync.Once
	unmark func()
}

// mark may be called more than once: net/http tries another connection if the
// first turns out to be closed.
func (d *departure) mark(m wa.Message) {
	d.once.Do(func() { d.unmark = d.wire.Mark(m.ID, m.Attempt) })
}

// settled takes the mark back, if there is one.
func (d *departure) settled() {
	d.once.Do(func() {}) // nothing leaves any more
	if d.unmark != nil {
		d.unmark()
	}
}

// Close closes the file.
func (w *Wire) Close() error { return w.file.Close() }

func encodeSlot(m mark) []byte {
	b := make([]byte, slotID, slotSize)
	copy(b, m.id)                                           // ids are UUIDs, which are as long as the slot
	b = binary.BigEndian.AppendUint32(b, uint32(m.attempt)) //nolint:gosec // attempts are few
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func decodeSlot(b []byte) (mark, bool) {
	body, sum := b[:slotSize-4], binary.BigEndian.Uint32(b[slotSize-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return mark{}, false
	}
	return mark{wa.MessageID(body[:slotID]), int(binary.BigEndian.Uint32(body[slotID:]))}, true
}
