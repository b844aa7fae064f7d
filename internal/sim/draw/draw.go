// Package draw makes chance that can be repeated.
//
// It owns the way from a seed and a stable key (whose message, to whom, the how manyth) to a value. It never keeps a stream whose
// order would depend on who asks first: the same key gives the same value, whatever else was drawn before. It stands below package
// sim, and nothing drawn here is secret.
package draw

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"strconv"
	"time"
)

// Key is a seed with whatever was mixed into it. It is a value: mixing makes another one.
type Key uint64

// New makes a key of a seed.
func New(seed uint64) Key { return Key(scramble(seed)) }

// Text mixes text in.
func (k Key) Text(text string) Key {
	h := uint64(k) ^ uint64(len(text))*0x9e3779b97f4a7c15
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 0x100000001b3 // FNV-1a
	}
	return Key(scramble(h))
}

// Int mixes a number in.
func (k Key) Int(n int) Key {
	return Key(scramble(uint64(k) ^ bits.RotateLeft64(uint64(n)+0x9e3779b97f4a7c15, 23))) //nolint:gosec // any bits will do
}

// Uint64 is the value of the key.
func (k Key) Uint64() uint64 { return scramble(uint64(k) + 0x9e3779b97f4a7c15) }

// Float is the value of the key in [0, 1).
func (k Key) Float() float64 { return float64(k.Uint64()>>11) / (1 << 53) }

// Below is the value of the key in [0, n); n must be positive.
func (k Key) Below(n int) int {
	high, _ := bits.Mul64(k.Uint64(), uint64(n)) //nolint:gosec // n is positive
	return int(high)                             //nolint:gosec // it is below n
}

// Between is the value of the key from least to most.
func (k Key) Between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(k.Below(int(most-least)+1))
}

// Hex is the value of the key as 32 hexadecimal digits.
func (k Key) Hex() string { return hex.EncodeToString(k.Bytes()) }

// Bytes is the value of the key as 16 bytes.
func (k Key) Bytes() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), k.Uint64())
	return binary.BigEndian.AppendUint64(b, k.Int(1).Uint64())
}

// Digits is the value of the key as 16 digits, the first of which is not 0.
func (k Key) Digits() string { return strconv.Itoa(1e15 + k.Below(9e15)) }

// scramble lets every bit of the input change half of the bits of the output: the finalizer of splitmix64.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
