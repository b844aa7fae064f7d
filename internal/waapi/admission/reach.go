package admission

import (
	"context"

	"github.com/waypost/waypost/internal/wa"
)

// reach puts a person's number in the place of the user id where Meta takes only
// a number: for the templates of one-time codes (131062). A person whose number
// is not known keeps the user id, and is refused for it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (v *visit) reach(ctx context.Context, src wa.Source, m *wa.Message) error {
	t, ok := m.Content.(wa.Template)
	if !ok || m.Recipient.Kind != wa.User {
		return nil
	}
	all, err := remember(v.templates, templateName{src.Number.WABAID, t.Name}, func() ([]wa.StoredTemplate, error) {
		return v.named(ctx, src, t.Name)
	})
	if err != nil || len(all) == 0 || !all[0].Definition.Authentication {
		return err
	}
	who, err := v.g.o.Contacts.Contact(ctx, v.account, m.Recipient.ID)
	if err != nil {
		return err
	}
	if phone := who.Phone(); phone != "" {
		m.Recipient = wa.Recipient{Kind: wa.Individual, ID: phone}
	}
	return nil
}
