package sim

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"time"
)

// random is the one source of ids and delays, so that a seed repeats a run. It is not safe for concurrent use.
type random struct {
	*rand.Rand
	made uint32
}

func newRandom(seed uint64) *random {
	return &random{Rand: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // a seed must repeat a run; nothing here is secret
}

// wamid makes a message id of Meta's look: base64 text that holds the user's number, of no fixed length. Clients must treat it
// as opaque. A counter inside makes it unique.
func (r *random) wamid(user string) string {
	r.made++
	b := append([]byte{0x1c, 0x18, 0x0b}, user...)
	b = append(b, 0x15, 0x02, 0x00, 0x11, 0x18, 0x14)
	b = binary.BigEndian.AppendUint64(b, r.Uint64())
	b = binary.BigEndian.AppendUint32(b, r.made)
	return "wamid." + base64.StdEncoding.EncodeToString(b)
}

// digits makes a number of sixteen digits, as media ids are.
func (r *random) digits() string {
	return strconv.FormatInt(1e15+r.Int64N(9e15), 10)
}

// hex makes 32 hexadecimal digits.
func (r *random) hex() string {
	b := binary.BigEndian.AppendUint64(nil, r.Uint64())
	return hex.EncodeToString(binary.BigEndian.AppendUint64(b, r.Uint64()))
}

func (r *random) between(span Range) time.Duration {
	return span.Min + time.Duration(r.Int64N(int64(span.Max-span.Min)+1))
}
