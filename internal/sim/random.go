package sim

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

// random is a stream of ids that decide nothing: traces and challenges. What has to repeat whoever asks first comes from package
// draw. It is not safe for concurrent use.
type random struct {
	*rand.Rand
}

func newRandom(seed uint64) *random {
	return &random{Rand: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // a seed must repeat a run; nothing here is secret
}

// wamid makes a message id of Meta's look: base64 text that holds the user's number, of no fixed length. Clients must treat it
// as opaque.
func wamid(user string, key draw.Key) string {
	b := append(make([]byte, 0, 48), 0x1c, 0x18, 0x0b)
	b = append(b, user...)
	b = append(b, 0x15, 0x02, 0x00, 0x11, 0x18, 0x14)
	b = append(b, key.Text("wamid").Bytes()[:12]...)
	return "wamid." + base64.StdEncoding.EncodeToString(b)
}

// draw takes a delay from the range.
func (r Range) draw(key draw.Key) time.Duration { return key.Between(r.Min, r.Max) }

// digits makes a number of sixteen digits, as media ids are.
func (r *random) digits() string {
	return strconv.FormatInt(1e15+r.Int64N(9e15), 10)
}

// hex makes 32 hexadecimal digits.
func (r *random) hex() string {
	b := binary.BigEndian.AppendUint64(nil, r.Uint64())
	return hex.EncodeToString(binary.BigEndian.AppendUint64(b, r.Uint64()))
}
