package number

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// Listed is a number of an account: the source that it is used through, and what is
// known of it.
type Listed struct {
	Source wa.Source
	State  wa.NumberState
}

// List returns the account's numbers, one for each source. It never asks Meta.
func (d *Desk) List(ctx context.Context, account wa.AccountID) ([]Listed, error) {
	sources, err := d.Sources.Sources(ctx, account)
	if err != nil {
		return nil, err
	}
	states, err := d.Store.Numbers(ctx, account)
	if err != nil {
		return nil, err
	}
	byID := map[string]wa.NumberState{}
	for _, s := range states {
		byID[s.NumberID] = s
	}
	all := make([]Listed, 0, len(sources))
	for _, src := range sources {
		all = append(all, Listed{Source: src, State: byID[src.Number.ID]})
	}
	return all, nil
}

// Find returns the source through which an account uses a number: the default one if
// it can be that, else the oldest. CodeNotFound, also for a number of another
// account.
func (d *Desk) Find(ctx context.Context, account wa.AccountID, numberID string) (wa.Source, error) {
	sources, err := d.Sources.Sources(ctx, account)
	if err != nil {
		return wa.Source{}, err
	}
	var found *wa.Source
	for i, src := range sources {
		if src.Number.ID == numberID && (found == nil || src.Default) {
			found = &sources[i]
		}
	}
	if found == nil {
		return wa.Source{}, wa.NotFound("number")
	}
	return *found, nil
}

// Choose returns the source of that id, or the account's default if id is "".
// CodeNotFound.
func (d *Desk) Choose(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if id != "" {
		return d.Sources.Source(ctx, account, id)
	}
	return d.Sources.DefaultSource(ctx, account)
}

// State returns what is known of the source's number. It never asks Meta.
func (d *Desk) State(ctx context.Context, src wa.Source) (wa.NumberState, error) {
	return d.Store.Number(ctx, src.AccountID, src.Number.ID)
}

// Refresh reads the number from Meta, keeps what it says and returns it.
func (d *Desk) Refresh(ctx context.Context, src wa.Source) (wa.NumberNode, error) {
	return d.readNode(ctx, src)
}

// WABANumbers returns the numbers of the source's WABA, those of no source too.
func (d *Desk) WABANumbers(ctx context.Context, src wa.Source) ([]wa.NumberNode, error) {
	return d.Meta.NumbersOf(ctx, src.Number)
}

// Add gives the source's WABA another phone number and returns its
// phone_number_id. CodeInvalid.
func (d *Desk) Add(ctx context.Context, src wa.Source, n wa.NewNumber) (string, error) {
	n.CountryCode, n.Phone = plainPhone(n.CountryCode), plainPhone(n.Phone)
	if err := invalid(n.Validate()); err != nil {
		return "", err
	}
	return d.Meta.AddNumber(context.WithoutCancel(ctx), src.Number, n)
}

// Connect keeps a source for a number, after Meta has shown that its token may use
// it. The phone number comes from Meta. CodeInvalid, CodeConflict.
func (d *Desk) Connect(ctx context.Context, src wa.Source) (wa.Source, wa.NumberNode, error) {
	node, err := d.Meta.NumberNode(ctx, src.Number)
	if err != nil {
		return src, node, err
	}
	src.Number.Display = node.Display
	if src.Name == "" {
		src.Name = node.VerifiedName
	}
	if src.Name == "" {
		src.Name = node.Display
	}
	if err := invalid(src.Validate()); err != nil {
		return src, node, err
	}
	asOf := d.Now()
	if src, err = d.Sources.CreateSource(ctx, src); err != nil {
		return src, node, err
	}
	return src, node, d.Store.PutNumber(ctx, node.State(src.AccountID, asOf))
}

// RequestCode has a code sent to the number by SMS or by a call, which proves that
// the number is ours. CodeInvalid.
func (d *Desk) RequestCode(ctx context.Context, src wa.Source, r wa.CodeRequest) error {
	r.Method = strings.ToUpper(r.Method)
	if err := invalid(r.Validate()); err != nil {
		return err
	}
	return d.changed(ctx, src, d.Meta.RequestCode(context.WithoutCancel(ctx), src.Number, r))
}

// VerifyCode gives Meta the code that the number got. CodeInvalid.
func (d *Desk) VerifyCode(ctx context.Context, src wa.Source, code string) error {
	plain, wrong := wa.VerificationCode(code)
	if err := invalid(wrong); err != nil {
		return err
	}
	return d.changed(ctx, src, d.Meta.VerifyCode(context.WithoutCancel(ctx), src.Number, plain))
}

// Register lets the number send through the Cloud API. CodeInvalid.
func (d *Desk) Register(ctx context.Context, src wa.Source, r wa.Registration) error {
	if err := invalid(r.Validate()); err != nil {
		return err
	}
	return d.changed(ctx, src, d.Meta.Register(context.WithoutCancel(ctx), src.Number, r))
}

// Deregister takes the number off the Cloud API. confirm is its phone number, so
// that nobody takes off another one by mistake. CodeInvalid.
func (d *Desk) Deregister(ctx context.Context, src wa.Source, confirm string) error {
	if !Confirms(src, confirm) {
		return &wa.Error{Code: wa.CodeInvalid, Problems: []wa.Problem{{
			Field: "confirm", Rule: wa.RuleMalformed,
			Detail: "must be the phone number that is to be deregistered: it can neither send nor receive until it is registered again",
		}}}
	}
	return d.changed(ctx, src, d.Meta.Deregister(context.WithoutCancel(ctx), src.Number))
}

// Confirms reports whether somebody has written the source's phone number.
func Confirms(src wa.Source, written string) bool {
	plain := plainPhone(written)
	return plain != "" && plain == src.Number.Display
}

// SetPIN sets the PIN of the two-step verification. CodeInvalid.
func (d *Desk) SetPIN(ctx context.Context, src wa.Source, pin wa.Secret) error {
	if err := invalid(wa.ValidatePIN(pin)); err != nil {
		return err
	}
	return d.Meta.SetPIN(context.WithoutCancel(ctx), src.Number, pin)
}

// Profile returns what people see of the number.
func (d *Desk) Profile(ctx context.Context, src wa.Source) (wa.BusinessProfile, error) {
	return d.Meta.BusinessProfile(ctx, src.Number)
}

// ChangeProfile changes it and returns what it is then. CodeInvalid.
func (d *Desk) ChangeProfile(ctx context.Context, src wa.Source, c wa.ProfileChange) (wa.BusinessProfile, error) {
	if err := invalid(c.Validate()); err != nil {
		return wa.BusinessProfile{}, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := d.Meta.ChangeProfile(ctx, src.Number, c); err != nil {
		return wa.BusinessProfile{}, err
	}
	return d.Meta.BusinessProfile(ctx, src.Number)
}

// Health is what Meta says of a number, its WABA, and a template if one was named.
type Health struct {
	Number, WABA wa.Health
	Template     *wa.Health
}

// Health asks Meta whether the source's number can send. templateID is Meta's id of
// a template, or "". CodeNotFound for one that the account's copy of the WABA's
// templates does not have: Meta would tell of whatever has that id.
func (d *Desk) Health(ctx context.Context, src wa.Source, templateID string) (h Health, err error) {
	if templateID != "" {
		if _, err := d.Templates.TemplateByID(ctx, src.AccountID, src.Number.WABAID, templateID); err != nil {
			return h, err
		}
	}
	if h.Number, err = d.Meta.NumberHealth(ctx, src.Number); err != nil {
		return h, err
	}
	if h.WABA, err = d.Meta.WABAHealth(ctx, src.Number); err != nil || templateID == "" {
		return h, err
	}
	t, err := d.Meta.TemplateHealth(ctx, src.Number, templateID)
	h.Template = &t
	return h, err
}

// Blocked returns whom the number has blocked.
func (d *Desk) Blocked(ctx context.Context, src wa.Source) ([]string, error) {
	return d.Meta.Blocked(ctx, src.Number)
}

// Block blocks people who wrote to the number within the last 24 hours. With some it
// may fail; that is no error. CodeInvalid.
func (d *Desk) Block(ctx context.Context, src wa.Source, users []string) (wa.BlockResult, error) {
	users = plainUsers(users)
	if err := invalid(wa.ValidateBlockUsers(users)); err != nil {
		return wa.BlockResult{}, err
	}
	return d.Meta.Block(context.WithoutCancel(ctx), src.Number, users)
}

// Unblock takes it back; see [Desk.Block].
func (d *Desk) Unblock(ctx context.Context, src wa.Source, users []string) (wa.BlockResult, error) {
	users = plainUsers(users)
	if err := invalid(wa.ValidateBlockUsers(users)); err != nil {
		return wa.BlockResult{}, err
	}
	return d.Meta.Unblock(context.WithoutCancel(ctx), src.Number, users)
}

// plainUsers takes out of phone numbers what people write between the digits. User
// ids stay as they are.
func plainUsers(users []string) []string {
	out := make([]string, 0, len(users))
	for _, u := range users {
		plain := plainPhone(u)
		if !wa.Digits(plain) {
			plain = u
		}
		out = append(out, plain)
	}
	return out
}

// Subscriptions returns the apps that hear of what happens in the source's WABA.
func (d *Desk) Subscriptions(ctx context.Context, src wa.Source) ([]wa.Subscription, error) {
	return d.Meta.Subscriptions(ctx, src.Number)
}

// Subscribe subscribes the token's app to the source's WABA, with an address of its
// own for callbacks if o has one. CodeInvalid.
func (d *Desk) Subscribe(ctx context.Context, src wa.Source, o wa.CallbackOverride) error {
	if o != (wa.CallbackOverride{}) {
		if err := invalid(o.Validate()); err != nil {
			return err
		}
	}
	return d.changed(ctx, src, d.Meta.Subscribe(context.WithoutCancel(ctx), src.Number, o))
}

// Unsubscribe ends the callbacks of the whole WABA to the token's app.
func (d *Desk) Unsubscribe(ctx context.Context, src wa.Source) error {
	return d.changed(ctx, src, d.Meta.Unsubscribe(context.WithoutCancel(ctx), src.Number))
}

// SetCallback gives the number an address of its own for its callbacks. Meta tries it
// first. CodeInvalid.
func (d *Desk) SetCallback(ctx context.Context, src wa.Source, o wa.CallbackOverride) error {
	if err := invalid(o.Validate()); err != nil {
		return err
	}
	return d.changed(ctx, src, d.Meta.SetCallback(context.WithoutCancel(ctx), src.Number, o))
}

// ClearCallback takes the address away: callbacks go to that of the WABA or the app.
func (d *Desk) ClearCallback(ctx context.Context, src wa.Source) error {
	return d.changed(ctx, src, d.Meta.SetCallback(context.WithoutCancel(ctx), src.Number, wa.CallbackOverride{}))
}

// changed has the number read again after a change, also after one of which nobody
// knows whether it was made.
func (d *Desk) changed(ctx context.Context, src wa.Source, err error) error {
	due := d.Store.MakeNumberReadDue(context.WithoutCancel(ctx), src.AccountID, src.Number.ID)
	if due != nil && !errors.Is(due, context.Canceled) {
		d.Logger.LogAttrs(ctx, slog.LevelWarn, "number is not read after a change", slog.String("account", string(src.AccountID)),
			slog.String("number_id", src.Number.ID), slog.Any("err", due))
	}
	return err
}

func invalid(problems []wa.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &wa.Error{Code: wa.CodeInvalid, Problems: problems}
}
