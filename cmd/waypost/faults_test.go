package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	metafault "github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/wa"
)

// fate is what has to become of a message that is refused with a code, and of
// those beside it. It was written by hand from Meta's pages.
type fate struct {
	// status of the message after the first answer.
	status wa.Status
	// vendor is the code with which the customer hears of it once it has failed.
	vendor string
	// wait is until the next attempt; 0 for none.
	wait time.Duration
	// slowed: the attempt does not count.
	slowed bool
	// holds is what waits with it.
	holds wa.Scope
	// tries is with how many such answers the message fails; 0 is as good as never.
	tries int
}

// unheardOf is a code that is in nobody's table.
const unheardOf = 999999

// fates is the hand-written table, by the code that a row of the gateway's table
// begins with.
func fates() map[int]fate {
	all := map[int]fate{}
	put := func(f fate, codes ...int) {
		for _, code := range codes {
			all[code] = f
		}
	}
	fails := func(vendor string, codes ...int) { put(fate{status: wa.StatusFailed, vendor: vendor}, codes...) }
	waits := func(vendor string, d time.Duration, codes ...int) {
		put(fate{status: wa.StatusAccepted, vendor: vendor, wait: d}, codes...)
	}

	// Refused for good: the customer hears it at once, and nobody else waits.
	fails("8003", 131026)
	fails("8007", 131047)
	fails("8008", 130501, 131051)
	fails("8009", 131063, 132001, 132016, 132068)
	fails("8010", 132000, 132005, 132007, 132008, 132012)
	fails("8012", 100, 1026, 130472, 130497, 131008, 131009, 131020, 131021, 131030, 131036, 131041, 131050, 131055, 131062, 131207,
		131212, 131215, 134011, 135000, 137000, 138000, 138009)
	// The same, if a message met them.
	fails("8012", 131044, 131059, 131060, 131202, 131204, 131209, 131210, 131211, 131213, 131214, 133005, 134100, 138001, 138003, 138004,
		138006, 138007, 138008, 138010, 138014, 138018, 139000, 139001, 139002, 139003, 139004, 139100, 139101, 147001, 1752041, 2388012,
		2388019, 2388040, 2388047, 2388072, 2388073, 2388091, 2388093, 2388103, 2388293, 2388299, 2593108)

	// A person has to act: all of the number, or of the account, waits, and one looks every minute.
	put(fate{status: wa.StatusAccepted, vendor: "8015", wait: time.Minute, holds: wa.ScopeNumber},
		0, 3, 10, 33, 190, 200, 131005, 131037, 131045, 133006, 133010)
	put(fate{status: wa.StatusAccepted, vendor: "8015", wait: time.Minute, holds: wa.ScopeAccount}, 368, 131031, 131042)

	// Too fast: not an attempt.
	slow := func(d time.Duration, holds wa.Scope, codes ...int) {
		put(fate{status: wa.StatusAccepted, vendor: "8012", wait: d, slowed: true, holds: holds}, codes...)
	}
	slow(time.Minute, wa.ScopeAccount, 4, 80007, 80008)
	slow(time.Second, wa.ScopeNumber, 130429)
	slow(4*time.Second, wa.ScopePair, 131056, 131208)
	slow(time.Hour, wa.ScopeMessage, 132069)

	// Restrictions and maintenance.
	put(fate{status: wa.StatusAccepted, vendor: "8012", wait: 15 * time.Minute, holds: wa.ScopeNumber}, 131048)
	put(fate{status: wa.StatusAccepted, vendor: "8012", wait: time.Hour, holds: wa.ScopeAccount}, 131064)
	put(fate{status: wa.StatusAccepted, vendor: "8012", wait: 20 * time.Second, holds: wa.ScopeNumber}, 131057)
	put(fate{status: wa.StatusAccepted, vendor: "8012", wait: time.Minute, holds: wa.ScopeNumber}, 2494100)

	// The message alone waits.
	waits("8012", 24*time.Hour, 131049)
	waits("8009", 3*time.Hour, 132015)
	put(fate{status: wa.StatusAccepted, vendor: "8008", wait: 5 * time.Second, tries: 3}, 131052, 131053)
	put(fate{status: wa.StatusAccepted, vendor: "8012", wait: 5 * time.Second, tries: 5}, 1, 133000, 138002, 139102, 139103)
	waits("8012", 5*time.Second, 138005)
	waits("8012", time.Minute, 133009)
	waits("8012", 5*time.Minute, 133015)
	waits("8012", 10*time.Minute, 134101)
	waits("8012", time.Hour, 613, 133008, 134102, 138013)
	waits("8012", 24*time.Hour, 138012, 2593107)
	waits("8012", 72*time.Hour, 133016)
	waits("8012", 15*time.Minute, unheardOf)

	// Meta failed with a 5xx, or took a part: nobody knows, so it is not sent again.
	put(fate{status: wa.StatusUncertain, vendor: "8012"}, 2, 131000, 131016, 133004, 131201)
	return all
}

// texts are the vendor's, as its error page has them.
func texts(code string) string {
	return map[string]string{
		"8003": "WhatsApp contact does not exist", "8007": "Failed to send message because you are outside the support window",
		"8008": "Invalid Media id or bad media", "8009": "Invalid Template", "8010": "Invalid Template parameter",
		"8012": "WhatsApp Docker Error", "8015": "Platform Error",
	}[code]
}

// The people that are written to. The first meets the fault.
const personA, personB, personC = "15550100101", "15550100102", "15550100103"

// faultCase is a code that a number of its own meets, in the answer to a send or in
// a status.
type faultCase struct {
	code, times int
	async       bool
	fate        fate
	// number meets it; other is of the same account.
	number, other sim.Number
	to            string
	refusedAt     time.Time

	first, same, person, sister wa.MessageID
}

func (c *faultCase) String() string {
	if c.async {
		return fmt.Sprintf("%d in a status", c.code)
	}
	return fmt.Sprint(c.code)
}

// faultCases makes a case of every row and of both ways to meet it. It fails the
// test for a row that nobody has thought about.
func faultCases(t *testing.T) []*faultCase {
	all, list := fates(), []*faultCase{}
	add := func(code int, async bool, f fate) {
		times := 1
		if f.tries > 0 && !async {
			times = 0 // always
		}
		i := 100_000 + 10*len(list)
		number := func(i int) sim.Number {
			return sim.Number{
				ID: fmt.Sprint(200_000_000_000_000 + i), WABAID: fmt.Sprint(300_000_000_000_000 + i/10),
				Display: fmt.Sprint(4_915_500_000_000 + i), AccessToken: fmt.Sprintf("token-%d", i),
			}
		}
		list = append(list, &faultCase{code: code, times: times, async: async, fate: f, number: number(i), other: number(i + 1), to: personA})
	}
	for _, row := range metafault.MetaCodes() {
		f, thought := all[row.Code]
		if !thought {
			t.Errorf("%d: say in fates what has to become of a message that meets it", row.Code)
			continue
		}
		delete(all, row.Code)
		for _, code := range slices.Compact([]int{row.Code, max(row.Code, row.Last)}) {
			add(code, false, f)
			// In a status 0 is no code: Meta gave none.
			if row.Area == metafault.Message && code != 0 {
				add(code, true, inStatus(f))
			}
		}
	}
	add(unheardOf, false, all[unheardOf])
	add(unheardOf, true, inStatus(all[unheardOf]))
	delete(all, unheardOf)
	for code := range all {
		t.Errorf("%d: it is in no row", code)
	}
	return list
}

// inStatus is what becomes of a message of which a status says that it failed:
// Meta has decided. What it says of number and account holds all the same.
func inStatus(f fate) fate {
	f.status = wa.StatusFailed
	if f.holds == wa.ScopePair {
		f.holds = wa.ScopeMessage
	}
	return f
}

// script makes the simulator refuse the first send of each case, or all to the
// same person where the number of answers matters.
func script(cases []*faultCase) []fault.Rule {
	var rules []fault.Rule
	for _, c := range cases {
		if c.code == 0 {
			// It has a recipient of its own instead, to whom it happens always.
			c.to, _ = fault.Recipient(0)
			continue
		}
		r := fault.Rule{NumberID: c.number.ID, To: c.to, Do: fault.Error, Code: c.code, Times: c.times, Async: c.async}
		if c.code == unheardOf && !c.async {
			r.HTTP = 400
		}
		rules = append(rules, r)
	}
	return rules
}

// TestEveryErrorCode sends a message into every code that there is, and looks
// what becomes of it, of the messages beside it and of the customer's webhook.
func TestEveryErrorCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := faultCases(t)
		var numbers []sim.Number
		for _, c := range cases {
			numbers = append(numbers, c.number, c.other)
		}
		r := newFaultRig(t, numbers, script(cases))
		for _, c := range cases {
			r.greet(c.number, c.to)
			r.greet(c.number, personB)
			r.greet(c.other, personC)
		}
		r.pass(10 * time.Second)
		each(cases, func(c *faultCase) { c.first = r.send(c.number, c.to) })
		r.pass(500 * time.Millisecond)
		each(cases, func(c *faultCase) {
			c.same, c.person, c.sister = r.send(c.number, c.to), r.send(c.number, personB), r.send(c.other, personC)
		})
		r.pass(400 * time.Millisecond) // the shortest pause is a second
		for _, c := range cases {
			r.lookAtFirst(c)
			r.lookAtOthers(c)
		}
		r.lookAtLog()
		r.pass(3 * time.Minute)
		for _, c := range cases {
			r.lookAtEnd(c)
		}
	})
}

// lookAtFirst looks at the message that met the fault.
func (r *faultRig) lookAtFirst(c *faultCase) {
	r.Helper()
	m, seen := r.message(c.first), r.attempts(c.first)
	if len(seen) == 0 {
		r.Errorf("%s: Meta saw no send", c)
		return
	}
	c.refusedAt = seen[0].At
	tries := 1
	if c.fate.slowed && !c.async {
		tries = 0
	}
	if m.Status != c.fate.status || m.Attempt != 1 || m.Tries() != tries {
		r.Errorf("%s: %s after %d attempts, of which %d count, want %s and %d", c, m.Status, m.Attempt, m.Tries(), c.fate.status, tries)
	}
	if c.fate.status == wa.StatusAccepted {
		if left := r.due(c.first).Sub(c.refusedAt); left < c.fate.wait || left > c.fate.wait+2*time.Second {
			r.Errorf("%s: due after %v, want %v", c, left, c.fate.wait)
		}
	}
	r.lookAtWebhook(c, c.fate.status == wa.StatusFailed)
}

// lookAtWebhook looks at what the customer was told of it.
func (r *faultRig) lookAtWebhook(c *faultCase, failed bool) {
	r.Helper()
	told := r.failures(c.first)
	switch {
	case !failed && len(told) > 0:
		r.Errorf("%s: the customer is told %q", c, told)
	case failed && (len(told) != 1 || !strings.HasPrefix(told[0], c.fate.vendor+" "+texts(c.fate.vendor)) ||
		!strings.Contains(told[0], fmt.Sprintf("(Meta %d: ", c.code))):
		r.Errorf("%s: the customer is told %q, want %s %s", c, told, c.fate.vendor, texts(c.fate.vendor))
	}
}

// lookAtOthers looks which of the messages behind it have gone out.
func (r *faultRig) lookAtOthers(c *faultCase) {
	r.Helper()
	held := c.fate.holds
	whole := held == wa.ScopeNumber || held == wa.ScopeAccount
	// One that waits for a moment only keeps its place before those to the same
	// person.
	behind := whole || held == wa.ScopePair || c.fate.status == wa.StatusAccepted && c.fate.wait <= 10*time.Second
	for _, x := range []struct {
		what string
		id   wa.MessageID
		held bool
	}{
		{"to the same person", c.same, behind},
		{"to somebody else", c.person, whole},
		{"of the account's other number", c.sister, held == wa.ScopeAccount},
	} {
		if m := r.message(x.id); (m.Attempt == 0) != x.held {
			r.Errorf("%s: the message %s was tried %d times and is %s, want held %v", c, x.what, m.Attempt, m.Status, x.held)
		}
	}
}

// lookAtLog looks whether somebody hears of the code that nobody knows.
func (r *faultRig) lookAtLog() {
	r.Helper()
	levels := map[string]string{}
	for line := range strings.Lines(r.log.String()) {
		var l struct {
			Level, Msg, Trace string
			Code              any // a number, in most lines
			Unlisted          bool
		}
		r.check(json.Unmarshal([]byte(line), &l))
		if l.Unlisted != (l.Code == float64(unheardOf)) {
			r.Errorf("log: %s", line)
		}
		if l.Unlisted {
			levels[l.Msg] = l.Level
			if l.Msg == "send attempted" && l.Trace == "" {
				r.Errorf("log without a trace: %s", line)
			}
		}
	}
	if levels["send attempted"] != "ERROR" || levels["error code unlisted"] != "ERROR" {
		r.Errorf("the log says %v of a code that nobody knows", levels)
	}
}

// lookAtEnd looks at a case some minutes later: what could go on has.
func (r *faultRig) lookAtEnd(c *faultCase) {
	r.Helper()
	if c.code == 0 {
		return // it happens to this recipient again and again
	}
	seen := r.attempts(c.first)
	if !c.async && c.fate.wait > 0 && c.fate.wait < 2*time.Minute {
		i := slices.IndexFunc(seen, func(m ledger.Message) bool { return m.At.After(c.refusedAt) })
		if i < 0 {
			r.Errorf("%s: no second attempt", c)
		} else if gap := seen[i].At.Sub(c.refusedAt); gap < c.fate.wait || gap > c.fate.wait+3*time.Second {
			r.Errorf("%s: the second attempt comes after %v, want %v", c, gap, c.fate.wait)
		}
	}
	m := r.message(c.first)
	switch {
	case c.fate.status != wa.StatusAccepted:
		if m.Status != c.fate.status || m.Attempt != 1 {
			r.Errorf("%s: in the end %s after %d attempts", c, m.Status, m.Attempt)
		}
	case c.fate.tries > 0:
		if m.Status != wa.StatusFailed || m.Attempt != c.fate.tries {
			r.Errorf("%s: %s after %d attempts, want failed after %d", c, m.Status, m.Attempt, c.fate.tries)
		}
		r.lookAtWebhook(c, true)
	case c.fate.wait < 2*time.Minute:
		if m.Status != wa.StatusSent || m.Attempt != 2 {
			r.Errorf("%s: in the end %s after %d attempts", c, m.Status, m.Attempt)
		}
	}
	if c.fate.wait > 2*time.Minute && c.fate.holds != wa.ScopeMessage {
		return // the others wait still
	}
	behind := []wa.MessageID{c.same, c.person, c.sister}
	if c.fate.tries > 0 {
		behind = behind[1:] // the first of them has met the same
	}
	for _, id := range behind {
		if m := r.message(id); m.Status != wa.StatusSent {
			r.Errorf("%s: a message behind it is %s in the end", c, m.Status)
		}
	}
}
