package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func waker() []promise {
	return []promise{
		{"ACommitThatGivesWorkWakesItsStage", aCommitThatGivesWorkWakesItsStage},
		{"ARefusedWriteWakesNobody", aRefusedWriteWakesNobody},
		{"SeveralWakesMayComeAsOne", severalWakesMayComeAsOne},
	}
}

func stages() []store.Stage {
	return []store.Stage{store.StageOutbox, store.StageInbox, store.StageDeliveries, store.StageFetches, store.StageTemplates}
}

// sleep takes the wakes that wait.
func (k *kit) sleep() {
	for _, stage := range stages() {
		for awake := true; awake; {
			select {
			case <-k.s.Wake(stage):
			default:
				awake = false
			}
		}
	}
}

// woken waits for the wake of a stage. The wait is bounded so that a wake that
// never comes is a failure and not a hang.
func (k *kit) woken(what string, stage store.Stage) {
	k.Helper()
	select {
	case <-k.s.Wake(stage):
	case <-time.After(10 * time.Second):
		k.Fatalf("%s does not wake %s", what, stage)
	}
	k.sleep()
}

func aCommitThatGivesWorkWakesItsStage(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	k.newEndpoint(k.account, wa.EventStatus)
	k.sleep()
	k.accept(1)
	k.woken("accepting a message", store.StageOutbox)
	m := must(k.s.BeginMessage(k.Context(), only(k, k.claim(1))))(k)
	k.sleep()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.woken("a failed message", store.StageDeliveries)

	k.keep()
	k.woken("keeping a callback", store.StageInbox)
	c := only(k, k.claimCallbacks(1))
	k.ok(k.s.SettleCallback(k.Context(), c, []wa.AccountUpdates{{AccountID: k.account, Updates: []wa.Update{k.wrote("wamid.1")}}}))
	k.woken("an inbound message", store.StageDeliveries)
	k.apply(k.photo("wamid.2"))
	k.woken("an inbound media", store.StageFetches)

	k.source.Number.Token = wa.NewSecret("new token")
	k.ok(k.s.UpdateSource(k.Context(), k.source))
	k.woken("a rotated token", store.StageOutbox)
}

func aRefusedWriteWakesNobody(k *kit) {
	taken, kept := k.accept(1), k.keep()
	k.sleep()
	if err := k.s.KeepCallback(k.Context(), kept); err == nil {
		k.Fatalf("a taken id was kept")
	}
	if err := k.s.Accept(k.Context(), taken); err == nil {
		k.Fatalf("a taken id was accepted")
	}
	k.lost(k.s.SettleCallback(k.Context(), wa.Callback{ID: "none"}, []wa.AccountUpdates{{
		AccountID: k.account, Updates: []wa.Update{k.photo("wamid.1")},
	}}))
	k.code(k.s.UpdateSource(k.Context(), k.buildSource(k.account, number)), wa.CodeNotFound)
	for _, stage := range stages() {
		select {
		case <-k.s.Wake(stage):
			k.Errorf("%s was woken for nothing", stage)
		default:
		}
	}
}

func severalWakesMayComeAsOne(k *kit) {
	for range 100 { // nobody listens, and no write waits for that
		k.accept(1)
		k.keep()
	}
	k.woken("accepting messages", store.StageOutbox)
}
