package sim

import (
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
