package waapi

import (
	"context"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// admission checks messages against what the store knows, in the order source,
// media, window. Several messages of one request mostly share all three, so
// each is looked up once.
type admission struct {
	s       *Server
	account wa.AccountID
	now     time.Time
	sources map[wa.SourceID]wa.Source
	media   map[wa.MediaID]wa.StoredMedia
	windows map[conversation]time.Time
}

// conversation is what a 24-hour window belongs to.
type conversation struct{ numberID, contact string }

// admit completes the messages, so that they can be accepted as they are.
func (s *Server) admit(ctx context.Context, account wa.AccountID, ms []wa.Message) error {
	a := &admission{
		s: s, account: account, now: s.now(),
		sources: map[wa.SourceID]wa.Source{}, media: map[wa.MediaID]wa.StoredMedia{}, windows: map[conversation]time.Time{},
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
	if m.Content, err = a.content(ctx, m.Content); err != nil {
		return err
	}
	talk := conversation{source.Number.ID, m.Recipient.ID}
	until, err := remember(a.windows, talk, func() (time.Time, error) {
		return a.s.intake.Window(ctx, a.account, talk.numberID, talk.contact)
	})
	if err != nil {
		return err
	}
	if !until.After(a.now) {
		return refuse(wa.Problem{Field: "recipient", Rule: wa.RuleWindow})
	}
	m.ID = wa.NewID[wa.MessageID]()
	m.AccountID, m.SourceID, m.NumberID = a.account, source.ID, source.Number.ID
	m.Status, m.AcceptedAt = wa.StatusAccepted, a.now
	return nil
}

// source returns the source that a message names. The vendor's own client
// sends "", others leave the key out; both mean the account's default.
func (a *admission) source(ctx context.Context, id wa.SourceID) (wa.Source, error) {
	if id == "" {
		source, err := a.s.sources.DefaultSource(ctx, a.account)
		if wa.CodeOf(err) == wa.CodeNotFound {
			return wa.Source{}, refuse(wa.Problem{Field: "source", Rule: wa.RuleRequired})
		}
		return source, err
	}
	source, err := a.s.findSource(ctx, a.account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return wa.Source{}, refuse(wa.Problem{Field: "source", Rule: wa.RuleUnknown})
	}
	return source, err
}

// findSource looks a source up; CodeNotFound. NUL, which no id of ours has, is
// an error to some databases.
func (s *Server) findSource(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if strings.ContainsRune(string(id), 0) {
		return wa.Source{}, wa.NotFound("source")
	}
	return s.sources.Source(ctx, account, id)
}

// content fills in what the stored media of a content know about themselves.
func (a *admission) content(ctx context.Context, c wa.Content) (wa.Content, error) {
	return wa.EachMedia(c, func(m *wa.Media) error { return a.attachment(ctx, m) })
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
