package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func queues() []promise {
	return []promise{
		{"QueuesAreOfAnAccountANumberAndAnUrgency", queuesAreOfAnAccountANumberAndAnUrgency},
		{"AQueueSaysWhenItsFirstMessageIsDue", aQueueSaysWhenItsFirstMessageIsDue},
		{"OfAQueueNoMoreIsClaimedThanItsShare", ofAQueueNoMoreIsClaimedThanItsShare},
		{"WhatIsUrgentHasALineOfItsOwn", whatIsUrgentHasALineOfItsOwn},
		{"GivingBackUndoesAClaim", givingBackUndoesAClaim},
		{"GivingBackKeepsTheTurn", givingBackKeepsTheTurn},
		{"OnlyItsHolderGivesAMessageBack", onlyItsHolderGivesAMessageBack},
		{"WhatIsGivenBackExpiresInTime", whatIsGivenBackExpiresInTime},
		{"ADelayOfTheNumberOrThePairKeepsTheTurn", aDelayOfTheNumberOrThePairKeepsTheTurn},
		{"AnAttemptThatWasTooFastDoesNotCount", anAttemptThatWasTooFastDoesNotCount},
		{"APlaceSaysWhatIsAhead", aPlaceSaysWhatIsAhead},
		{"APlaceIsThatOfAWaitingMessage", aPlaceIsThatOfAWaitingMessage},
		{"WhatExpiresIsEndedUnlessItIsClaimed", whatExpiresIsEndedUnlessItIsClaimed},
		{"NoMoreExpireThanTheLimit", noMoreExpireThanTheLimit},
		{"RecentAttemptsAreThoseThatMayHaveCounted", recentAttemptsAreThoseThatMayHaveCounted},
	}
}

// acceptAs accepts a message of a source and a category.
func (k *kit) acceptAs(src wa.Source, c wa.Category) wa.Message {
	k.Helper()
	m := k.build()
	m.AccountID, m.SourceID, m.NumberID, m.Category = src.AccountID, src.ID, src.Number.ID, c
	k.ok(k.s.Accept(k.Context(), []wa.Message{m}))
	return m
}

func (k *kit) queues() []store.Queue {
	k.Helper()
	return must(k.s.Queues(k.Context()))(k)
}

func queuesAreOfAnAccountANumberAndAnUrgency(k *kit) {
	k.equal("queues of an empty store", 0, len(k.queues()))
	other := k.newSource(k.newAccount(), number)
	second := k.newSource(k.account, number2)
	for range 2 {
		k.acceptAs(k.source, wa.CategoryMarketing)
		k.acceptAs(k.source, "")
		k.acceptAs(k.source, wa.CategoryAuthentication)
		k.acceptAs(k.source, wa.CategoryService)
		k.acceptAs(other, wa.CategoryUtility)
		k.acceptAs(second, wa.CategoryUtility)
	}
	type queue struct {
		account wa.AccountID
		number  string
		urgent  bool
	}
	got, ids := map[queue]bool{}, map[int64]bool{}
	for _, q := range k.queues() {
		got[queue{q.AccountID, q.NumberID, q.Urgent}], ids[q.ID] = true, true
	}
	k.equal("different ids", 4, len(ids))
	for _, want := range []queue{{k.account, number, false}, {k.account, number, true}, {other.AccountID, number, false}, {k.account, number2, false}} {
		if !got[want] {
			k.Errorf("there is no queue %v", want)
		}
	}
	k.restart()
	k.equal("after a restart", 4, len(k.queues()))
	for _, m := range k.claim(100) {
		begun := must(k.s.BeginMessage(k.Context(), m))(k)
		k.ok(k.s.SettleMessage(k.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent}))
	}
	k.equal("queues when all is sent", 0, len(k.queues()))
}

func aQueueSaysWhenItsFirstMessageIsDue(k *kit) {
	first := k.accept(1)[0]
	k.equal("due", first.AcceptedAt, only(k, k.queues()).DueAt)
	k.ok(k.s.SettleMessage(k.Context(), only(k, k.claim(1)), wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour}))
	k.equal("put off", k.clock.now().Add(time.Hour), only(k, k.queues()).DueAt)
	k.clock.advance(time.Minute)
	second := k.accept(1)[0]
	k.equal("before it", second.AcceptedAt, only(k, k.queues()).DueAt)
}

func ofAQueueNoMoreIsClaimedThanItsShare(k *kit) {
	second := k.newSource(k.account, number2)
	for range 5 {
		k.acceptAs(k.source, "")
		k.acceptAs(second, "")
	}
	var from []store.Share
	for _, q := range k.queues() {
		limit := 3
		if q.NumberID == number2 {
			limit = 1
		}
		from = append(from, store.Share{Queue: q.ID, Limit: limit})
	}
	count := map[string]int{}
	for _, m := range must(k.s.ClaimMessages(k.Context(), from, lease))(k) {
		count[m.NumberID]++
	}
	k.equal("claimed", map[string]int{number: 3, number2: 1}, count)
	k.equal("of no queue", 0, len(must(k.s.ClaimMessages(k.Context(), nil, lease))(k)))
}

func whatIsUrgentHasALineOfItsOwn(k *kit) {
	slow := k.buildTo(person)
	code := k.buildTo(person)
	slow.Category, code.Category = wa.CategoryMarketing, wa.CategoryAuthentication
	k.ok(k.s.Accept(k.Context(), []wa.Message{slow}))
	k.next(slow)
	k.ok(k.s.Accept(k.Context(), []wa.Message{code}))
	k.next(code)
}

func givingBackUndoesAClaim(k *kit) {
	m := k.claimed()
	until := k.clock.now().Add(time.Minute)
	k.ok(k.s.PutOffMessages(k.Context(), []store.PutOff{{Message: m, Until: until}}))
	k.lost(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.noneIsDue()
	k.clock.advance(time.Minute)
	k.equal("message", m, k.next(m)) // and its claim has the same number again
}

func givingBackKeepsTheTurn(k *kit) {
	line := k.line(2)
	first := k.next(line[0])
	k.ok(k.s.PutOffMessages(k.Context(), []store.PutOff{{Message: first, Until: k.clock.now().Add(time.Hour)}}))
	k.noneIsDue()
	k.line(1)
	k.noneIsDue()
	k.clock.advance(time.Hour)
	k.next(line[0])
}

func onlyItsHolderGivesAMessageBack(k *kit) {
	dead := k.claimed()
	k.clock.advance(lease)
	heir := only(k, k.claim(10))
	begun := k.begun()
	until := k.clock.now().Add(time.Hour)
	k.ok(k.s.PutOffMessages(k.Context(), []store.PutOff{
		{Message: dead, Until: until}, {Message: begun, Until: until}, {Message: k.build(), Until: until},
	}))
	k.equal("claimed by another", heir, k.now(heir))
	k.equal("begun", begun, k.now(begun))
	must(k.s.BeginMessage(k.Context(), heir))(k)
}

func whatIsGivenBackExpiresInTime(k *kit) {
	m := k.build()
	m.TTL = time.Minute
	k.ok(k.s.Accept(k.Context(), []wa.Message{m}))
	claimed := only(k, k.claim(1))
	k.ok(k.s.PutOffMessages(k.Context(), []store.PutOff{{Message: claimed, Until: k.clock.now().Add(time.Hour)}}))
	k.clock.advance(time.Minute)
	k.next(m)
}

func aDelayOfTheNumberOrThePairKeepsTheTurn(k *kit) {
	for _, scope := range []wa.Scope{wa.ScopePair, wa.ScopeNumber, wa.ScopeAccount} {
		line := k.line(2)
		k.ok(k.s.SettleMessage(k.Context(), k.next(line[0]), wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour, Scope: scope}))
		k.noneIsDue()
		k.clock.advance(time.Hour)
		k.ok(k.s.SettleMessage(k.Context(), k.next(line[0]), wa.Outcome{Kind: wa.OutcomeRejected}))
		k.ok(k.s.SettleMessage(k.Context(), k.next(line[1]), wa.Outcome{Kind: wa.OutcomeRejected}))
	}
}

func anAttemptThatWasTooFastDoesNotCount(k *kit) {
	k.accept(1)
	for range 3 {
		m := must(k.s.BeginMessage(k.Context(), only(k, k.claim(1))))(k)
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater, Slowed: true, Scope: wa.ScopeNumber}))
	}
	m := only(k, k.claim(1))
	k.equal("attempts, slowed and tries", []int{3, 3, 0}, []int{m.Attempt, m.Slowed, m.Tries()})
}

func (k *kit) place(m wa.Message) store.Place {
	k.Helper()
	return must(k.s.Place(k.Context(), m, 5))(k)
}

func aPlaceSaysWhatIsAhead(k *kit) {
	var all []wa.Message
	for range 4 {
		all = append(all, k.acceptAs(k.source, wa.CategoryMarketing))
	}
	behind := k.line(2)[1]
	code := k.acceptAs(k.source, wa.CategoryAuthentication)
	k.acceptAs(k.newSource(k.newAccount(), number), wa.CategoryMarketing)
	k.equal("first", store.Place{DueAt: all[0].AcceptedAt, Urgent: 1}, must(k.s.Place(k.Context(), all[0], 100))(k))
	k.equal("third", store.Place{DueAt: all[2].AcceptedAt, Ahead: 2, Urgent: 1}, must(k.s.Place(k.Context(), all[2], 100))(k))
	k.equal("urgent", store.Place{DueAt: code.AcceptedAt}, k.place(code))
	p := must(k.s.Place(k.Context(), behind, 100))(k)
	k.equal("behind its turn", store.Place{DueAt: behind.AcceptedAt, Behind: true, Ahead: 5, Urgent: 1}, p)
	if p := k.place(behind); !p.More || p.Ahead > 5 {
		k.Errorf("of six messages five are looked at: %+v", p)
	}

	m := must(k.s.BeginMessage(k.Context(), only(k, k.claim(1))))(k)
	if p := k.place(m); !p.Claimed {
		k.Errorf("a message under way is at %+v", p)
	}
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour, Failure: wa.Failure{Code: 131000, Title: "later"}}))
	p = k.place(m)
	if p.Claimed || !p.DueAt.Equal(k.clock.now().Add(time.Hour)) || p.Last == nil || p.Last.Failure.Title != "later" {
		k.Errorf("a message that is tried again is at %+v", p)
	}
}

func aPlaceIsThatOfAWaitingMessage(k *kit) {
	_, err := k.s.Place(k.Context(), k.sent("wamid.1"), 5)
	k.code(err, wa.CodeNotFound)
	_, err = k.s.Place(k.Context(), k.build(), 5)
	k.code(err, wa.CodeNotFound)
	foreign := k.accept(1)[0]
	foreign.AccountID = k.newAccount()
	_, err = k.s.Place(k.Context(), foreign, 5)
	k.code(err, wa.CodeNotFound)
}

// expiring accepts a message to one person that expires after that time.
func (k *kit) expiring(ttl time.Duration) wa.Message {
	k.Helper()
	m := k.buildTo(person)
	m.TTL = ttl
	k.ok(k.s.Accept(k.Context(), []wa.Message{m}))
	return m
}

func whatExpiresIsEndedUnlessItIsClaimed(k *kit) {
	k.acceptAs(k.source, wa.CategoryUtility)
	next := must(k.s.ExpireMessages(k.Context(), 10))(k)
	k.equal("when nothing expires", true, next.IsZero())
	front, second, third := k.expiring(time.Hour), k.expiring(time.Minute), k.expiring(2*time.Minute)
	end := k.clock.now().Add(time.Minute)
	next = must(k.s.ExpireMessages(k.Context(), 10))(k)
	k.equal("the first expires", true, next.Equal(end))
	k.claim(10) // front, which has its turn
	k.clock.advance(time.Minute)
	next = must(k.s.ExpireMessages(k.Context(), 10))(k)
	k.equal("the next expires", true, next.Equal(end.Add(time.Minute)))
	k.equal("it expired behind another", wa.StatusExpired, k.now(second).Status)
	k.equal("its event", 1, len(must(k.s.Events(k.Context(), second.AccountID, second.ID))(k)))
	k.equal("the one behind it", wa.StatusAccepted, k.now(third).Status)
	k.clock.advance(time.Hour)
	next = must(k.s.ExpireMessages(k.Context(), 10))(k)
	k.equal("when nothing more expires", true, next.IsZero())
	k.equal("the last", wa.StatusExpired, k.now(third).Status)
	k.equal("the one that is claimed", wa.StatusAccepted, k.now(front).Status)
}

func noMoreExpireThanTheLimit(k *kit) {
	for range 3 {
		k.expiring(time.Minute)
	}
	k.clock.advance(time.Minute)
	next := must(k.s.ExpireMessages(k.Context(), 2))(k)
	k.equal("there are more", false, next.IsZero() || next.After(k.clock.now()))
	next = must(k.s.ExpireMessages(k.Context(), 2))(k)
	k.equal("there are more", true, next.IsZero())
	k.noneIsDue()
}

func recentAttemptsAreThoseThatMayHaveCounted(k *kit) {
	old := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), old, wa.Outcome{Kind: wa.OutcomeSent}))
	k.clock.advance(time.Minute)
	since := k.clock.now()
	want := map[string]bool{}
	for _, o := range outcomes() {
		m := k.begun()
		k.ok(k.s.SettleMessage(k.Context(), m, o))
		if o.Kind != wa.OutcomeLater && o.Kind != wa.OutcomeMisconfigured {
			want[m.Person] = true
		}
	}
	got := map[string]bool{}
	for _, a := range must(k.s.RecentAttempts(k.Context(), since))(k) {
		if a.NumberID != number || !a.BeganAt.Equal(since) {
			k.Errorf("an attempt of %s at %v", a.NumberID, a.BeganAt)
		}
		got[a.Person] = true
	}
	k.equal("people", want, got)
}
