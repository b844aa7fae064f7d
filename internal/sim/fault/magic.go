package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Magic recipients look like phone numbers of eleven digits: 1555, and seven digits that say what to do. The seven digits are an
// error code; or 5,000,000 more than one, when the send is to be accepted and to fail later; or 90000 and a number of the list
// below. Phones of one's own are best made of 1555010, which is none of them.
const (
	magicPrefix  = "1555"
	magicDigits  = 7
	magicLater   = 5_000_000
	magicNetwork = 9_000_000
	lastLater    = 1_000_000 // codes from here on have no room for the other way
)

// trick is a magic recipient that is not about an error code.
type trick struct {
	number int
	does   string
	rule   Rule
}

func tricks() []trick {
	first := []int{1, 2, 3}
	return []trick{
		{1, "the connection is closed, and nothing is accepted", Rule{Do: Refuse}},
		{2, "accepted; the answer does not come, and after a minute the connection is closed", Rule{Do: Hang}},
		{3, "accepted; the connection is reset", Rule{Do: Reset}},
		{4, "accepted; a proxy answers 502", Rule{Do: Gateway}},
		{5, "accepted; the answer stops in the middle", Rule{Do: Cut}},
		{6, "accepted; the answer drips for 5 s", Rule{Do: Drip}},
		{7, "accepted; the answer comes after 5 s", Rule{Do: Slow}},
		{8, "HTTP 429 with 130429 to the first three sends", Rule{Do: Error, Code: 130429, HTTP: 429, Nth: first}},
		{9, "131000 to the first three sends", Rule{Do: Error, Code: 131000, Nth: first}},
		{10, "the template is paused, and the send refused with 132015", Rule{Do: Pause}},
		{11, "its callbacks are lost", Rule{Do: Lose}},
		{12, "its callbacks come 5 s late", Rule{Do: Delay}},
		{13, "its callbacks come twice", Rule{Do: Double}},
		{14, "of each two callbacks the second comes first", Rule{Do: Reorder}},
		{15, "its first status comes before the answer to the send", Rule{Do: Early}},
		{16, "its callbacks come in batches", Rule{Do: Batch}},
		{17, "its callbacks are badly signed at first", Rule{Do: Forge}},
		{18, "with each of its callbacks comes one about somebody else's number", Rule{Do: Foreign}},
	}
}

// Recipient returns the phone number to which a send gets this error at once, and the one to which it fails with it later; the
// latter is empty for codes that are never told later.
func Recipient(code int) (now, later string) {
	now = fmt.Sprintf("%s%0*d", magicPrefix, magicDigits, code)
	if code < lastLater {
		later = fmt.Sprintf("%s%0*d", magicPrefix, magicDigits, magicLater+code)
	}
	return now, later
}

func (t trick) recipient() string {
	return fmt.Sprintf("%s%0*d", magicPrefix, magicDigits, magicNetwork+t.number)
}

// book has the magic in a form in which it is found at once.
type book struct {
	codes  map[int]Code
	tricks map[int]ruleState
}

func newBook() book {
	b := book{codes: map[int]Code{}, tricks: map[int]ruleState{}}
	for _, c := range Codes() {
		b.codes[c.Code] = c
	}
	for n := firstPermission + 1; n <= lastPermission; n++ {
		c := b.codes[firstPermission]
		c.Code = n
		b.codes[n] = c
	}
	for _, t := range tricks() {
		_ = t.rule.Check() // fills in what it is about; a test checks that there is nothing to say
		b.tricks[t.number] = ruleState{Rule: t.rule}
	}
	return b
}

// act is what the recipient of a call asks for.
func (b book) act(c Call) Act {
	digits, ok := strings.CutPrefix(c.Peer, magicPrefix)
	if !ok || len(digits) != magicDigits {
		return Act{}
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return Act{}
	}
	if n > magicNetwork {
		t, ok := b.tricks[n-magicNetwork]
		if !ok || t.On != c.On || (len(t.Nth) > 0 && !slices.Contains(t.Nth, c.Nth)) {
			return Act{}
		}
		return t.act(c.Key)
	}
	later := n >= magicLater
	if later {
		n -= magicLater
	}
	code, ok := b.codes[n]
	if !ok || c.On != OnSend || (later && n >= lastLater) {
		return Act{}
	}
	return Act{Name: fmt.Sprintf("error %d", n), Do: Error, Code: code, Async: later}
}
