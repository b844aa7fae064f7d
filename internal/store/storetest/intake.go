package storetest

import (
	"github.com/waypost/waypost/internal/wa"
)

func intake() []promise {
	return []promise{
		{"AcceptedMessagesAreKeptAsTheyAre", acceptedMessagesAreKeptAsTheyAre},
		{"AcceptedMessagesWillBeSent", acceptedMessagesWillBeSent},
		{"AcceptIsAllOrNothing", acceptIsAllOrNothing},
		{"AcceptingNothingIsNoError", acceptingNothingIsNoError},
		{"NoWindowIsOpenForWhoNeverWrote", noWindowIsOpenForWhoNeverWrote},
	}
}

func acceptedMessagesAreKeptAsTheyAre(k *kit) {
	text, file, group := k.build(), k.build(), k.build()
	text.Content = wa.Text{Body: "a <b> & \u2028 \U0001F600 \"quoted\"", PreviewURL: true}
	file.Content = wa.Media{Kind: wa.KindDocument, MediaID: wa.NewID[wa.MediaID](), Caption: "Größe", Filename: "a b.pdf"}
	group.Content = wa.Media{Kind: wa.KindVideo, Link: "https://files.example/v.mp4?a=1&b=2"}
	group.Recipient = wa.Recipient{Kind: wa.Group, ID: "Y2FwaV9ncm91cDo="}
	group.APIHeader = ""
	all := []wa.Message{text, file, group}
	k.ok(k.s.Accept(k.Context(), all))
	k.restart()
	for _, want := range all {
		k.equal("message", want, k.unplaced(want))
	}
}

// unplaced is a message as it is kept, without the person that the store found.
func (k *kit) unplaced(m wa.Message) wa.Message {
	kept := k.now(m)
	if kept.Person == "" {
		k.Errorf("message %s is for nobody", m.ID)
	}
	kept.Person = m.Person
	return kept
}

func acceptedMessagesWillBeSent(k *kit) {
	want := k.accept(3)
	k.restart()
	id := func(m wa.Message) wa.MessageID { return m.ID }
	k.equal("claimed", each(want, id), each(k.claim(10), id))
}

func acceptIsAllOrNothing(k *kit) {
	before := k.accept(1)[0]
	twin := k.build()
	double := before
	double.APIHeader = "changed"
	for name, batch := range map[string][]wa.Message{
		"taken id last":  {k.build(), k.build(), double},
		"taken id first": {double, k.build()},
		"same id twice":  {k.build(), twin, twin},
	} {
		if err := k.s.Accept(k.Context(), batch); err == nil {
			k.Fatalf("%s: got no error", name)
		}
		for _, m := range batch {
			if m.ID == before.ID {
				continue
			}
			_, err := k.s.Message(k.Context(), m.AccountID, m.ID)
			k.code(err, wa.CodeNotFound)
		}
	}
	k.equal("the message before", before, k.unplaced(before))
	after := k.accept(1)[0]
	k.restart()
	id := func(m wa.Message) wa.MessageID { return m.ID }
	k.equal("claimed", []wa.MessageID{before.ID, after.ID}, each(k.claim(10), id))
}

func acceptingNothingIsNoError(k *kit) {
	k.ok(k.s.Accept(k.Context(), nil))
	k.equal("claimed", 0, len(k.claim(10)))
}

func (k *kit) window(contact string) string {
	k.Helper()
	until := must(k.s.Window(k.Context(), k.account, number, contact))(k)
	if until.IsZero() {
		return "never"
	}
	return until.Add(-wa.WindowLength).Sub(k.clock.now()).String()
}

func noWindowIsOpenForWhoNeverWrote(k *kit) {
	k.equal("window", "never", k.window(person))
	k.apply(k.wrote("wamid.in"))
	k.equal("window of another person", "never", k.window("15550100002"))
	other := must(k.s.Window(k.Context(), k.account, number2, person))(k)
	if !other.IsZero() {
		k.Fatalf("got window %v on another number, want none", other)
	}
}
