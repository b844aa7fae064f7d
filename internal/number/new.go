package number

import (
	"context"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// Credentials returns what a new number of the account is used with: what is given,
// and what is missing of it from the source of that id, or from the default one. An
// account without a default has only what is given. CodeNotFound.
func (d *Desk) Credentials(ctx context.Context, account wa.AccountID, id wa.SourceID, given wa.Number) (wa.Number, error) {
	if id == "" && given.WABAID != "" && !given.Token.Empty() && !given.AppSecret.Empty() {
		return given, nil
	}
	src, err := d.Choose(ctx, account, id)
	if err != nil {
		if id == "" && wa.CodeOf(err) == wa.CodeNotFound {
			return given, nil
		}
		return given, err
	}
	if given.WABAID == "" {
		given.WABAID = src.Number.WABAID
	}
	if given.Token.Empty() {
		given.Token = src.Number.Token
	}
	if given.AppSecret.Empty() {
		given.AppSecret = src.Number.AppSecret
	}
	return given, nil
}

// Ready refuses a source that could not be kept, before Meta is asked for its
// number; what Meta will say of that is not missed. CodeInvalid, CodeConflict.
func (d *Desk) Ready(ctx context.Context, src wa.Source) error {
	told := []string{"display_phone_number"}
	if src.Number.ID == "" {
		told = append(told, "phone_number_id")
	}
	if src.Name == "" {
		told = append(told, "name")
	}
	wrong := slices.DeleteFunc(src.Validate(), func(p wa.Problem) bool { return slices.Contains(told, p.Field) })
	if err := invalid(wrong); err != nil {
		return err
	}
	_, err := d.Sources.Source(ctx, src.AccountID, src.ID)
	switch {
	case err == nil:
		return &wa.Error{Code: wa.CodeConflict, Message: "a source of that id exists"}
	case wa.CodeOf(err) == wa.CodeNotFound:
		return nil
	}
	return err
}

// plainPhone takes out of a phone number what people write between the digits.
func plainPhone(s string) string {
	return strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "").Replace(s)
}
