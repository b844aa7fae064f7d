package media

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

// cleanName returns what may be shown of a file name that somebody else chose:
// the base name, in one line, in the order it is written in. It may be empty.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(visible, name))
	if name == "." || name == ".." {
		return ""
	}
	return shorten(name)
}

// visible drops what ends a line or a header, and what makes "gpj.exe" read as
// "exe.jpg". Joiners stay: names in many scripts, and emoji, need them.
func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' {
		return -1
	}
	return r
}

// shorten cuts a name to the longest that is allowed and keeps its extension,
// by which a phone knows what to open it with.
func shorten(name string) string {
	over := utf8.RuneCountInString(name) - wa.MaxFilenameLength
	if over <= 0 {
		return name
	}
	ext := path.Ext(name)
	stem := []rune(strings.TrimSuffix(name, ext))
	if len(stem) <= over {
		return string([]rune(name)[:wa.MaxFilenameLength])
	}
	return string(stem[:len(stem)-over]) + ext
}
