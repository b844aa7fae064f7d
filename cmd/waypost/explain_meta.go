package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// metaView is a code of Meta's with the vendor's text for it.
type metaView struct {
	fault.MetaCode
	VendorText string `json:"vendor_text"`
	// Unlisted is set for a code that is not in the table.
	Unlisted *unlistedView `json:"unlisted,omitempty"`
}

// unlistedView is what the HTTP status decides where the code tells nothing.
type unlistedView struct {
	TooMany string `json:"http_429"`
	Failed  string `json:"http_5xx"`
	Status  string `json:"in_a_status"`
}

func viewMeta(c fault.MetaCode) metaView {
	return metaView{MetaCode: c, VendorText: failure.Text(c.VendorCode)}
}

func metaViews() []metaView {
	var all []metaView
	for _, c := range fault.MetaCodes() {
		all = append(all, viewMeta(c))
	}
	return all
}

// metaRows is a code of Meta's for a terminal.
func metaRows(c fault.MetaCode) [][]string {
	cells := [][]string{{"MEANS", c.Meaning}, {"DO", c.Remedy}, {"WHO", whose(c.Whose)}, {"CLASS", string(c.Class)}, {"HAPPENS", happens(c)}}
	for _, x := range [][]string{{"MET", met(c.Area)}, {"WAITS", waits(c.Wait)}, {"TRIES", tries(c)}, {"ALSO WAITS", alsoWaits(c.Scope)}} {
		if x[1] != "" {
			cells = append(cells, x)
		}
	}
	return append(cells, []string{"WAAPI CODE", c.VendorCode + " " + failure.Text(c.VendorCode)}, []string{"PAGE", c.Page})
}

// vendors reports whether a number is of the kind that the WaAPI's codes are.
func vendors(code int) bool { return code/1000 == 8 }

// explainUnlisted prints what is done about a code that is not in the table.
func (a *app) explainUnlisted(code int) error {
	c := fault.Unlisted()
	c.Code = code
	c.Meaning = "not in the gateway's table: Meta has new codes from time to time"
	c.Remedy = "look it up on Meta's page; each such answer is an error in the log, with Meta's words and trace"
	v := viewMeta(c)
	v.Unlisted = &unlistedView{
		TooMany: "all messages of the number wait a little, and the attempt does not count",
		Failed:  "Meta may have taken the message: it is uncertain and waits for a status",
		Status:  "the message fails",
	}
	rows := append(metaRows(c), []string{"WITH HTTP 429", v.Unlisted.TooMany}, []string{"WITH HTTP 5XX", v.Unlisted.Failed},
		[]string{"IN A STATUS", v.Unlisted.Status})
	return a.show(v, []string{"CODE", strconv.Itoa(code) + " (Meta's, if it is one)"}, rows)
}

// numbered is a code, or a range of them.
func numbered(c fault.MetaCode) string {
	if c.Last == 0 {
		return strconv.Itoa(c.Code)
	}
	return fmt.Sprintf("%d to %d", c.Code, c.Last)
}

// happens says what the gateway does about a code of Meta's.
func happens(c fault.MetaCode) string {
	switch {
	case c.Class == fault.Uncertain:
		return "with an HTTP status from 500 on the message may have been taken: it is uncertain and waits for a status; else it is sent again"
	case c.Outcome == wa.OutcomeMisconfigured:
		return "the messages wait until a person has mended it, and one tries from time to time"
	case c.Outcome == wa.OutcomeLater && c.Slowed:
		return "the message is sent again, and the attempt does not count"
	case c.Outcome == wa.OutcomeLater:
		return "the message is sent again"
	default:
		return "the message fails"
	}
}

// alsoWaits says who waits beside the message.
func alsoWaits(s wa.Scope) string {
	switch s {
	case wa.ScopePair:
		return "the number's other messages to the same person"
	case wa.ScopeNumber:
		return "all messages of the number"
	case wa.ScopeAccount:
		return "all messages of the WhatsApp Business Account"
	case wa.ScopeMessage:
	}
	return ""
}

// waits says how long the wait is.
func waits(d fault.Delay) string {
	if d.First == 0 {
		return ""
	}
	if d.First == d.Most {
		return span(d.First)
	}
	return fmt.Sprintf("%s, then %d times as long each time, up to %s", span(d.First), d.Factor, span(d.Most))
}

// span is a duration without the zeros at its end.
func span(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

func tries(c fault.MetaCode) string {
	switch {
	case c.Outcome != wa.OutcomeLater:
		return ""
	case c.Tries == 0:
		return "no limit but the message's ttl"
	case c.Tries == 1:
		return "it fails with the first answer of this kind"
	default:
		return fmt.Sprintf("it fails with answer no. %d of this kind", c.Tries)
	}
}

// met says where else than with a message a code is met.
func met(a fault.Area) string {
	where := map[fault.Area]string{
		fault.Group: "the management of groups", fault.Calling: "calls by voice", fault.Registration: "the registration of a number",
		fault.Flow: "the management of flows", fault.Management: "the management of templates and accounts",
		fault.Username: "the username of a business", fault.Inbound: "a message from a person",
	}[a]
	if where == "" {
		return ""
	}
	return "with " + where + " only; no message to a person meets it"
}

func whose(p fault.Party) string {
	switch p {
	case fault.Sender:
		return "who sends the message"
	case fault.Operator:
		return "the operator of the number"
	case fault.Recipient:
		return "the recipient"
	case fault.Meta:
	}
	return "Meta"
}

// writeMeta is the part of docs/errors.md about Meta's codes: a table, and a
// heading for each, so that it can be linked to.
func writeMeta(b *strings.Builder) {
	b.WriteString(errorsMeta)
	u := fault.Unlisted()
	fmt.Fprintf(b, "Meta has new codes from time to time. A message that is refused with one that is not here waits %s;\n"+
		"%s, with the code %s. Each is an error in the log, with Meta's trace.\n", waits(u.Wait), tries(u), u.VendorCode)
	b.WriteString("\n| Meta's code | class | code | what it means |\n|---|---|---|---|\n")
	all := fault.MetaCodes()
	for _, c := range all {
		fmt.Fprintf(b, "| [%s](#meta-%d) | %s | %s | %s |\n", numbered(c), c.Code, c.Class, c.VendorCode, cell(c.Meaning))
	}
	for _, c := range all {
		fmt.Fprintf(b, "\n### Meta %d\n\n", c.Code)
		if c.Last != 0 {
			fmt.Fprintf(b, "%s: ", numbered(c))
		}
		fmt.Fprintf(b, "%s.\n\n- **What to do:** %s.\n- **Who can change it:** %s.\n- **What happens:** `%s`: %s.\n",
			c.Meaning, c.Remedy, whose(c.Whose), c.Class, happens(c))
		for _, x := range [][]string{{"Met", met(c.Area)}, {"Waits", waits(c.Wait)}, {"Tries", tries(c)}, {"Also waits", alsoWaits(c.Scope)}} {
			if x[1] != "" {
				fmt.Fprintf(b, "- **%s:** %s.\n", x[0], x[1])
			}
		}
		fmt.Fprintf(b, "- **If it fails:** `%s`.\n- %s\n", remark(c), c.Page)
	}
}

// remark is how status_remark begins when a message fails with the code.
func remark(c fault.MetaCode) string {
	return failure.Remark(wa.Failure{Code: c.Code, VendorCode: c.VendorCode, Title: "…"})
}

const errorsMeta = "\n## Meta's codes\n\n" +
	"What the gateway makes of an error of Meta's. The code decides, not the HTTP status. The classes:\n\n" +
	"| class | what it means |\n|---|---|\n" +
	"| `never` | the same message would be refused again: it fails |\n" +
	"| `later` | it is sent again soon, with growing waits |\n" +
	"| `wait` | it is sent again after a wait that is the code's own |\n" +
	"| `pause_number` | nothing of the number is sent until the wait is over |\n" +
	"| `pause_account` | nothing of the WhatsApp Business Account is sent until the wait is over |\n" +
	"| `configuration` | a person has to act; messages of the number or account wait, and a message that is alone concerned fails |\n" +
	"| `uncertain` | Meta failed and may have taken the message: what is done is in [uncertain.md](uncertain.md) |\n\n" +
	"In a status Meta has decided: a message that fails with any of these codes there is not sent again, and what the code says of the\n" +
	"number or the account holds all the same.\n\n"
