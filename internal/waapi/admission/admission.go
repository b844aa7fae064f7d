package admission

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// ErrNoSource is for an account that has no source at all.
var ErrNoSource error = &failure.Failure{Status: http.StatusOK, Code: failure.CodeClient, Message: failure.Text(failure.CodeClient)}

// Options are what a Gate looks into; all have to be set.
type Options struct {
	Sources   store.Sources
	Intake    store.Intake
	Journal   store.Journal
	Consents  store.Consents
	Contacts  store.Contacts
	Media     Media
	Templates Templates
	// Now is the clock.
	Now func() time.Time
}

// Media is what is needed of the media library.
type Media interface {
	// Stat returns a media; CodeNotFound.
	Stat(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, error)
}

// Templates is what is needed of the template library.
type Templates interface {
	// Named returns the copies of a name in all languages, by language; it never
	// waits for Meta.
	Named(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error)
	// Look is Named for a name that Meta may know meanwhile. It waits some two
	// seconds at most.
	Look(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error)
}

// Gate admits messages.
type Gate struct{ o Options }

// New makes a Gate.
func New(o Options) *Gate { return &Gate{o: o} }

// Admit checks messages of one request and completes them, so that they can be
// accepted as they are. where says of each where it stands in the request; it
// leads the failure.
func (g *Gate) Admit(ctx context.Context, account wa.AccountID, ms []wa.Message, where []string) error {
	v := &visit{
		g: g, account: account, now: g.o.Now(),
		sources: map[wa.SourceID]wa.Source{}, media: map[wa.MediaID]wa.StoredMedia{}, windows: map[conversation]time.Time{},
		consents: map[string]wa.Consent{}, templates: map[templateName][]wa.StoredTemplate{},
		looked: map[string]bool{},
	}
	for i := range ms {
		if err := v.message(ctx, &ms[i]); err != nil {
			return failure.At(where[i], err)
		}
	}
	return nil
}

// visit is the admission of one request. Its messages mostly share what they
// need, so each thing is looked up once.
type visit struct {
	g       *Gate
	account wa.AccountID
	now     time.Time
	sources map[wa.SourceID]wa.Source
	media   map[wa.MediaID]wa.StoredMedia
	windows map[conversation]time.Time
	// templates are in all their languages.
	templates map[templateName][]wa.StoredTemplate
	// looked are the WABAs whose templates were looked for at Meta. Once is enough
	// for a request, and nobody waits for the look of each of its messages.
	looked map[string]bool
	// consents are by wa.ContactKey.
	consents map[string]wa.Consent
}

// conversation is what a 24-hour window belongs to.
type conversation struct{ numberID, contact string }

func (v *visit) message(ctx context.Context, m *wa.Message) error {
	source, err := remember(v.sources, m.SourceID, func() (wa.Source, error) { return v.g.Source(ctx, v.account, m.SourceID) })
	if err != nil {
		return err
	}
	if err := v.reach(ctx, source, m); err != nil {
		return err
	}
	if m.Content, err = v.content(ctx, source, *m); err != nil {
		return err
	}
	if m.ReplyTo, err = v.wamid(ctx, "context.message_id", m.ReplyTo); err != nil {
		return err
	}
	talk := conversation{source.Number.ID, m.Recipient.ID}
	until, err := remember(v.windows, talk, func() (time.Time, error) {
		return v.g.o.Intake.Window(ctx, v.account, talk.numberID, talk.contact)
	})
	if err != nil {
		return err
	}
	consent, err := v.consent(ctx, m.Recipient)
	if err != nil {
		return err
	}
	if rule := wa.MayWrite(*m, until.After(v.now), consent, source); rule != "" {
		return failure.Refuse(wa.Problem{Field: "recipient", Rule: rule})
	}
	m.ID = wa.NewID[wa.MessageID]()
	m.AccountID, m.SourceID, m.NumberID = v.account, source.ID, source.Number.ID
	m.Status, m.AcceptedAt, m.Category = wa.StatusAccepted, v.now, v.category(source, m.Content)
	return nil
}

// consent returns what the person has agreed to; of a group nothing is known.
func (v *visit) consent(ctx context.Context, to wa.Recipient) (wa.Consent, error) {
	if to.Kind == wa.Group {
		return wa.Consent{}, nil
	}
	return remember(v.consents, wa.ContactKey(to.ID), func() (wa.Consent, error) {
		return v.g.o.Consents.Consent(ctx, v.account, to.ID)
	})
}

// Source returns the source that a message names. The vendor's own client
// sends "", others leave the key out; both mean the account's default.
func (g *Gate) Source(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if id == "" {
		source, err := g.o.Sources.DefaultSource(ctx, account)
		if wa.CodeOf(err) == wa.CodeNotFound {
			return wa.Source{}, g.noDefault(ctx, account)
		}
		return source, err
	}
	source, err := g.FindSource(ctx, account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return wa.Source{}, failure.Refuse(wa.Problem{Field: "source", Rule: wa.RuleUnknown})
	}
	return source, err
}

// noDefault says why there is no source for a message that names none: the
// account has none at all, or none that is the default.
func (g *Gate) noDefault(ctx context.Context, account wa.AccountID) error {
	all, err := g.o.Sources.Sources(ctx, account)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return ErrNoSource
	}
	return failure.Refuse(wa.Problem{Field: "source", Rule: wa.RuleRequired})
}

// FindSource looks a source up; CodeNotFound. NUL, which no id of ours has, is
// an error to some databases.
func (g *Gate) FindSource(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if strings.ContainsRune(string(id), 0) {
		return wa.Source{}, wa.NotFound("source")
	}
	return g.o.Sources.Source(ctx, account, id)
}

// content fills in what the store knows: which message is reacted to, what a
// template looks like, what its media are.
func (v *visit) content(ctx context.Context, source wa.Source, m wa.Message) (wa.Content, error) {
	c := m.Content
	var err error
	if r, ok := c.(wa.Reaction); ok {
		r.WAMID, err = v.wamid(ctx, "message_id", r.WAMID)
		c = r
	}
	if p, ok := c.(wa.Pin); ok {
		p.WAMID, err = v.wamid(ctx, "message_id", p.WAMID)
		c = p
	}
	if t, ok := c.(wa.Template); ok {
		c, err = v.template(ctx, source, m.Recipient, t)
	}
	if err != nil {
		return nil, err
	}
	return wa.EachMedia(c, func(m *wa.Media) error { return v.attachment(ctx, m) })
}

// wamid puts Meta's id in place of ours. A message of ours that Meta has not
// taken yet can be neither answered nor reacted to.
func (v *visit) wamid(ctx context.Context, field, id string) (string, error) {
	ours := strings.ToLower(id)
	if !PlausibleID(wa.MediaID(ours)) {
		return id, nil
	}
	m, err := v.g.o.Journal.Message(ctx, v.account, wa.MessageID(ours))
	if wa.CodeOf(err) == wa.CodeNotFound || (err == nil && m.WAMID == "") {
		return id, failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleUnknown, Detail: "names no message that was sent"})
	}
	return m.WAMID, err
}

// attachment takes the kind of a stored media, which must be the one that the
// place where it stands asks for, if it asks for one.
func (v *visit) attachment(ctx context.Context, m *wa.Media) error {
	if m.MediaID != "" {
		stored, err := remember(v.media, m.MediaID, func() (wa.StoredMedia, error) { return v.stored(ctx, m.MediaID) })
		if err != nil {
			return err
		}
		if m.Kind != "" && m.Kind != stored.Kind {
			return failure.Refuse(wa.Problem{Field: "media_id", Rule: wa.RuleBadMedia})
		}
		m.Kind = stored.Kind
		if m.Kind == wa.KindDocument && m.Filename == "" {
			m.Filename = stored.Filename // made fit when it was stored
		}
	}
	if !m.Kind.HasCaption() {
		// Clients send one with every attachment; WhatsApp has no place for it
		// below audio and stickers, and Meta refuses the message.
		m.Caption = ""
	}
	return nil
}

// stored returns a media whose bytes are here. An unknown one, a foreign one
// and one that cannot be sent are the same to the client.
func (v *visit) stored(ctx context.Context, id wa.MediaID) (wa.StoredMedia, error) {
	bad := wa.Problem{Field: "attachment_id", Rule: wa.RuleBadMedia}
	if !PlausibleID(id) {
		return wa.StoredMedia{}, failure.Refuse(bad)
	}
	m, err := v.g.o.Media.Stat(ctx, v.account, id)
	if wa.CodeOf(err) == wa.CodeNotFound || (err == nil && m.State != wa.MediaReady) {
		return wa.StoredMedia{}, failure.Refuse(bad)
	}
	return m, err
}

// PlausibleID reports whether a media id can be one of ours, a UUID in lower
// case, so that nothing else is ever looked up.
func PlausibleID(id wa.MediaID) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
		if dash != (c == '-') || (!dash && !hex) {
			return false
		}
	}
	return true
}

// remember looks something up once.
func remember[K comparable, V any](known map[K]V, key K, look func() (V, error)) (V, error) {
	if v, ok := known[key]; ok {
		return v, nil
	}
	v, err := look()
	if err == nil {
		known[key] = v
	}
	return v, err
}
