package sim

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// attempted is a send on its way into the simulator.
type attempted struct {
	from    Number
	q       message.Request
	objects map[string]json.RawMessage
	body    json.RawMessage
	call    fault.Call
	act     fault.Act
	input   string // the recipient as it was given
}

// takeSend takes or refuses a send, writes that down, and then answers it, which may go wrong.
func (s *Sim) takeSend(w http.ResponseWriter, r *http.Request, a *attempted) error {
	c, err := s.checkSend(a)
	if err != nil {
		s.refuse(a, err)
		if a.act.Do == fault.Refuse {
			return fault.Break(w, r, a.act, fault.Answer{})
		}
		return noted{err}
	}
	m := s.accept(a, c)
	s.onSend(m.accepted)
	if m.early != nil {
		s.inFlight.Add(1)
		s.post(r.Context(), m.early, nil)
	}
	answer := message.Accepted{ID: m.WAMID}
	if c.Type == message.TypeTemplate {
		answer.Status = statusAccepted
	}
	body, err := json.Marshal(message.Answer{
		Product: face.Product, Contacts: []message.Contact{m.contact}, Messages: []message.Accepted{answer},
	})
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return fault.Break(w, r, a.act, fault.Answer{Status: http.StatusOK, Type: face.JSON, Body: body})
}

// errRefused stands for a send that is to be refused without an answer.
var errRefused = errors.New("refused before it was read")

// checkSend asks the faults and the limits, and then reads the send.
func (s *Sim) checkSend(a *attempted) (c outgoing, err error) {
	a.input = a.q.To
	if a.input == "" && a.q.Recipient != "" {
		a.input = a.q.Recipient
		if err := s.findRecipient(&a.q); err != nil {
			return c, err
		}
	}
	a.call = s.sendCall(a.from, &a.q)
	a.act = s.faults.Of(a.call)
	switch {
	case a.act.Do == fault.Refuse:
		return c, errRefused
	case a.act.Do == fault.Error && !a.act.Async:
		return c, noted{a.act.Code.Refusal("the simulator was told to refuse this: " + a.act.Name)}
	}
	if err := s.overLimit(a.from, a.call, a.q.RecipientType == message.RecipientGroup); err != nil {
		return c, err
	}
	if err := a.q.Check(a.from.Display); err != nil {
		return c, err
	}
	if c, err = s.readContent(a.from, a.q, a.objects); err != nil {
		return c, err
	}
	s.noteUnknownKeys(a)
	if a.act.Do == fault.Pause && c.template.ID != "" {
		if err := s.PauseTemplate(c.template.ID); err != nil {
			return c, err
		}
		return c, noted{a.act.Code.Refusal("the simulator was told to pause the template")}
	}
	return c, nil
}

// refuse writes down a send that is not accepted, and whose fault that is.
func (s *Sim) refuse(a *attempted, why error) {
	m := &Send{
		Direction: ledger.Out, Outcome: ledger.Refused, Nth: a.call.Nth, NumberID: a.from.ID, To: cmp.Or(a.call.Peer, a.q.To),
		RecipientType: a.q.RecipientType, Type: cmp.Or(a.q.Type, message.TypeText), Tag: a.q.Tag, Body: a.body, At: s.now(), Fault: a.act.Name,
	}
	var refused *rule.Error
	if errors.As(why, &refused) {
		m.Code = refused.Code
	}
	s.ledger.AddMessage(m)
	s.blame(why, a.from.ID, m.To)
}

// noteUnknownKeys writes down keys beside the envelope that Meta does not know. It takes no notice of them itself.
func (s *Sim) noteUnknownKeys(a *attempted) {
	known := []string{
		"messaging_product", "recipient_type", "to", "recipient", "type", "biz_opaque_callback_data", "context",
		"recipient_identity_key_hash", "message_activity_sharing", a.q.Type,
	}
	var unknown []string
	for key := range maps.Keys(a.objects) {
		if !slices.Contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		s.violate(ledger.Violation{
			Rule: ledger.RuleUnknown, NumberID: a.from.ID, Peer: a.call.Peer, Detail: "keys beside the envelope: " + strings.Join(unknown, ", "),
		})
	}
}
