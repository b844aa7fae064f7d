package inbox

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// ownWABA is the WABA of every source of the bench.
const ownWABA = "900800700"

// templateCallback is a callback about a template, which names no number.
func templateCallback(waba, event string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"message_template_status_update",`+
		`"value":{"event":%q,"message_template_id":11,"message_template_name":"order","message_template_language":"en-US","reason":"NONE"}}]}]}`, waba, event)
}

// knows gives an account the copy of a template.
func (b *bench) knows(account wa.AccountID) {
	b.Helper()
	check(b, b.db.PutTemplate(b.Context(), wa.StoredTemplate{
		AccountID: account, WABAID: ownWABA, ID: "11", Name: "order", Language: "en_US", Status: wa.TemplatePending, UpdatedAt: time.Now(),
	}))
}

func (b *bench) templateStatus(account wa.AccountID) wa.TemplateStatus {
	b.Helper()
	list := must(b.db.TemplatesNamed(b.Context(), account, ownWABA, "order"))(b)
	if len(list) != 1 {
		b.Fatalf("there are %d templates", len(list))
	}
	return list[0].Status
}

func TestATemplateCallbackIsForWhoHasTheWABAAndSignedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		other := b.newAccount("other", numberB, secretB) // in the same WABA, by another app
		b.newSource(b.account, numberB, secretA)         // a second number of the same account
		b.knows(b.account)
		b.knows(other)
		b.run()
		b.post(templateCallback(ownWABA, "APPROVED"), secretA)
		if got := b.templateStatus(b.account); got != wa.TemplateApproved {
			t.Errorf("the owner's is %s", got)
		}
		if got := b.templateStatus(other); got != wa.TemplatePending {
			t.Errorf("that of whose app did not sign it is %s", got)
		}
		b.post(templateCallback(ownWABA, "REJECTED"), secretB)
		if mine, others := b.templateStatus(b.account), b.templateStatus(other); mine != wa.TemplateApproved || others != wa.TemplateRejected {
			t.Errorf("after the other's callback they are %s and %s", mine, others)
		}
		b.post(templateCallback("1", "PAUSED"), secretA)
		b.post(templateCallback("", "PAUSED"), secretA)
		if got := b.templateStatus(b.account); got != wa.TemplateApproved {
			t.Errorf("a callback about another WABA made it %s", got)
		}
		for i, line := range b.log.lines(t, "callback applied") {
			if foreign := map[bool]float64{true: 0, false: 1}[i < 2]; line["foreign"] != foreign || line["updates"] != 1.0 {
				t.Errorf("callback %d is logged as %v", i, line)
			}
		}
	})
}
