package waapi

import (
	"context"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// admission checks messages against what the store knows, in the order source,
// media, window and consent. Several messages of one request mostly share them,
// so each is looked up once.
type admission struct {
	s       *Server
	account wa.AccountID
	now     time.Time
	sources map[wa.SourceID]wa.Source
	media   map[wa.MediaID]wa.StoredMedia
	windows map[conversation]time.Time
	// templates are in all their languages.
	templates map[templateName][]wa.StoredTemplate
	// consents are by wa.ContactKey.
	consents map[string]wa.Consent
}

// conversation is what a 24-hour window belongs to.
type conversation struct{ numberID, contact string }

// admit completes the messages, so that they can be accepted as they are.
func (s *Server) admit(ctx context.Context, account wa.AccountID, ms []wa.Message) error {
	a := &admission{
		s: s, account: account, now: s.now(),
		sources: map[wa.SourceID]wa.Source{}, media: map[wa.MediaID]wa.StoredMedia{}, windows: map[conversation]time.Time{},
		consents: map[string]wa.Consent{}, templates: map[templateName][]wa.StoredTemplate{},
	}
	for i := range ms {
		if err := a.message(ctx, &ms[i]); err != nil {
			return inElement(i, len(ms), err)
		}
	}
	return nil
}

func (a *admission) message(ctx context.Context, m *wa.Message) error {
	source, err := remember(a.sources, m.SourceID, func() (wa.Source, error) { return a.source(ctx, m.SourceID) })
	if err != nil {
		return err
	}
	if m.Content, err = a.content(ctx, source, *m); err != nil {
		return err
	}
	talk := conversation{source.Number.ID, m.Recipient.ID}
	until, err := remember(a.windows, talk, func() (time.Time, error) {
		return a.s.intake.Window(ctx, a.account, talk.numberID, talk.contact)
	})
	if err != nil {
		return err
	}
	consent, err := a.consent(ctx, m.Recipient)
	if err != nil {
		return err
	}
	if rule := wa.MayWrite(*m, until.After(a.now), consent, source); rule != "" {
		return refuse(wa.Problem{Field: "recipient", Rule: rule})
	}
	m.ID = wa.NewID[wa.MessageID]()
	m.AccountID, m.SourceID, m.NumberID = a.account, source.ID, source.Number.ID
	m.Status, m.AcceptedAt = wa.StatusAccepted, a.now
	return nil
}

// consent returns what the person has agreed to; of a group nothing is known.
func (a *admission) consent(ctx context.Context, to wa.Recipient) (wa.Consent, error) {
	if to.Kind == wa.Group {
		return wa.Consent{}, nil
	}
	return remember(a.consents, wa.ContactKey(to.ID), func() (wa.Consent, error) {
		return a.s.consents.Consent(ctx, a.account, to.ID)
	})
}

// source returns the source that a message names. The vendor's own client
// sends "", others leave the key out; both mean the account's default.
func (a *admission) source(ctx context.Context, id wa.SourceID) (wa.Source, error) {
	if id == "" {
		source, err := a.s.sources.DefaultSource(ctx, a.account)
		if wa.CodeOf(err) == wa.CodeNotFound {
			return wa.Source{}, a.noDefault(ctx)
		}
		return source, err
	}
	source, err := a.s.findSource(ctx, a.account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return wa.Source{}, refuse(wa.Problem{Field: "source", Rule: wa.RuleUnknown})
	}
	return source, err
}

// noDefault says why there is no source for a message that names none: the
// account has none at all, or none that is the default.
func (a *admission) noDefault(ctx context.Context) error {
	all, err := a.s.sources.Sources(ctx, a.account)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errNoClient
	}
	return refuse(wa.Problem{Field: "source", Rule: wa.RuleRequired})
}

// findSource looks a source up; CodeNotFound. NUL, which no id of ours has, is
// an error to some databases.
func (s *Server) findSource(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if strings.ContainsRune(string(id), 0) {
		return wa.Source{}, wa.NotFound("source")
	}
	return s.sources.Source(ctx, account, id)
}

// content fills in what the store knows: which message is reacted to, what a
// template looks like, what its media are.
func (a *admission) content(ctx context.Context, source wa.Source, m wa.Message) (wa.Content, error) {
	c := m.Content
	var err error
	if r, ok := c.(wa.Reaction); ok {
		c, err = a.reaction(ctx, r)
	}
	if t, ok := c.(wa.Template); ok {
		c, err = a.template(ctx, source, m.Recipient, t)
	}
	if err != nil {
		return nil, err
	}
	return wa.EachMedia(c, func(m *wa.Media) error { return a.attachment(ctx, m) })
}

// reaction puts Meta's id in place of ours. A message of ours that Meta has not
// taken yet cannot be reacted to.
func (a *admission) reaction(ctx context.Context, r wa.Reaction) (wa.Reaction, error) {
	id := strings.ToLower(r.WAMID)
	if !plausibleID(wa.MediaID(id)) {
		return r, nil
	}
	m, err := a.s.journal.Message(ctx, a.account, wa.MessageID(id))
	if wa.CodeOf(err) == wa.CodeNotFound || (err == nil && m.WAMID == "") {
		return r, refuse(wa.Problem{Field: "message_id", Rule: wa.RuleUnknown, Detail: "names no message that was sent"})
	}
	r.WAMID = m.WAMID
	return r, err
}

// attachment takes the kind of a stored media, which must be the one that the
// place where it stands asks for, if it asks for one.
func (a *admission) attachment(ctx context.Context, m *wa.Media) error {
	if m.MediaID != "" {
		stored, err := remember(a.media, m.MediaID, func() (wa.StoredMedia, error) { return a.stored(ctx, m.MediaID) })
		if err != nil {
			return err
		}
		if m.Kind != "" && m.Kind != stored.Kind {
			return refuse(wa.Problem{Field: "media_id", Rule: wa.RuleBadMedia})
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
func (a *admission) stored(ctx context.Context, id wa.MediaID) (wa.StoredMedia, error) {
	bad := wa.Problem{Field: "attachment_id", Rule: wa.RuleBadMedia}
	if !plausibleID(id) {
		return wa.StoredMedia{}, refuse(bad)
	}
	m, err := a.s.media.Stat(ctx, a.account, id)
	if wa.CodeOf(err) == wa.CodeNotFound || (err == nil && m.State != wa.MediaReady) {
		return wa.StoredMedia{}, refuse(bad)
	}
	return m, err
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
