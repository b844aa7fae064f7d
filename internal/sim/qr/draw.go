package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// A deep link always fits the third version of the symbol at the lowest error correction, so no other is drawn here.
// ISO/IEC 18004, version 3-L: 29 modules, 55 codewords of data and 15 of error correction in one block.
const (
	side       = 29
	dataWords  = 55
	checkWords = 15
	mostBytes  = 53
	alignment  = 22 // center of the one alignment pattern
	// formatBits are level L with mask 0, protected and masked as the standard says.
	formatBits = 0b111011111000100
	quiet      = 4 // modules of white around
	scale      = 8 // pixels of a module
)

// matrix is a symbol: which modules are dark, and which belong to the patterns that are not data.
type matrix struct {
	dark, fixed [side][side]bool // by row and column
}

// draw3L makes the symbol of a text of at most 53 bytes.
func draw3L(text string) (*matrix, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%d bytes do not fit, at most %d", len(text), mostBytes)
	}
	m := &matrix{}
	m.drawPatterns()
	m.drawFormat()
	words := dataOf(text)
	m.drawWords(append(words, checkOf(words, checkWords)...))
	return m, nil
}

// dataOf packs a text in byte mode: four bits of mode, eight of length, the bytes, a terminator and padding.
func dataOf(text string) []byte {
	words := make([]byte, 0, dataWords)
	words = append(words, 0x40|byte(len(text)>>4)) //nolint:gosec // at most 53
	carry := byte(len(text)) << 4                  //nolint:gosec // at most 53
	for i := range len(text) {
		words = append(words, carry|text[i]>>4)
		carry = text[i] << 4
	}
	words = append(words, carry)
	for pad := byte(0xec); len(words) < dataWords; pad ^= 0xec ^ 0x11 {
		words = append(words, pad)
	}
	return words
}

// checkOf is the remainder of the data by the generator polynomial of degree n (Reed-Solomon over GF(256)).
func checkOf(words []byte, n int) []byte {
	generator := []byte{1}
	root := byte(1)
	for range n {
		next := make([]byte, len(generator)+1)
		for i, factor := range generator {
			next[i] ^= factor
			next[i+1] ^= times(factor, root)
		}
		generator, root = next, times(root, 2)
	}
	rest := make([]byte, n)
	for _, word := range words {
		factor := word ^ rest[0]
		rest = append(rest[1:], 0)
		for i := range rest {
			rest[i] ^= times(generator[i+1], factor)
		}
	}
	return rest
}

// times multiplies in GF(256) with the polynomial of the standard.
func times(a, b byte) byte {
	product := 0
	for i := 7; i >= 0; i-- {
		product = product<<1 ^ (product>>7)*0x11d
		product ^= int(b>>i&1) * int(a)
	}
	return byte(product)
}

func (m *matrix) set(row, column int, dark bool) {
	m.dark[row][column], m.fixed[row][column] = dark, true
}

// drawPatterns draws what every symbol of this version has.
func (m *matrix) drawPatterns() {
	for i := range side {
		m.set(6, i, i%2 == 0) // timing
		m.set(i, 6, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {3, side - 4}, {side - 4, 3}} {
		for dr := -4; dr <= 4; dr++ {
			for dc := -4; dc <= 4; dc++ {
				row, column := corner[0]+dr, corner[1]+dc
				if row >= 0 && row < side && column >= 0 && column < side {
					ring := max(abs(dr), abs(dc))
					m.set(row, column, ring != 2 && ring != 4)
				}
			}
		}
	}
	for dr := -2; dr <= 2; dr++ {
		for dc := -2; dc <= 2; dc++ {
			m.set(alignment+dr, alignment+dc, max(abs(dr), abs(dc)) != 1)
		}
	}
}

// drawFormat writes the format twice, and the one module that is always dark.
func (m *matrix) drawFormat() {
	for i := range 15 {
		dark := formatBits>>i&1 == 1
		switch { // around the upper left corner
		case i < 6:
			m.set(i, 8, dark)
		case i < 8:
			m.set(i+1, 8, dark)
		case i == 8:
			m.set(8, 7, dark)
		default:
			m.set(8, 14-i, dark)
		}
		if i < 8 { // along the other two
			m.set(8, side-1-i, dark)
		} else {
			m.set(side-15+i, 8, dark)
		}
	}
	m.set(side-8, 8, true)
}

// drawWords fills in the data from the lower right, two columns at a time, up and down by turns, under mask 0.
func (m *matrix) drawWords(words []byte) {
	bit := 0
	for right := side - 1; right > 0; right -= 2 {
		if right == 6 {
			right-- // the column of the timing pattern
		}
		for step := range side {
			row := step
			if (right+1)&2 == 0 {
				row = side - 1 - step
			}
			for column := right; column > right-2; column-- {
				if m.fixed[row][column] {
					continue
				}
				dark := bit < len(words)*8 && words[bit/8]>>(7-bit%8)&1 == 1
				m.dark[row][column] = dark != ((row+column)%2 == 0)
				bit++
			}
		}
	}
}

func abs(n int) int { return max(n, -n) }

// svg draws the symbol as a vector picture.
func (m *matrix) svg() []byte {
	var b bytes.Buffer
	whole := side + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, whole, whole)
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, whole, whole)
	for row := range side {
		for column := range side {
			if m.dark[row][column] {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", column+quiet, row+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes()
}

// png draws the symbol as a picture of pixels.
func (m *matrix) png() ([]byte, error) {
	const whole = (side + 2*quiet) * scale
	picture := image.NewPaletted(image.Rect(0, 0, whole, whole), color.Palette{color.White, color.Black})
	for y := range whole {
		for x := range whole {
			row, column := y/scale-quiet, x/scale-quiet
			if row >= 0 && row < side && column >= 0 && column < side && m.dark[row][column] {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return b.Bytes(), nil
}
