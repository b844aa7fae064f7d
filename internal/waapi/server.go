package waapi

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/admission"
)

// Options are what a Server works with. All but Now and FailureStatus have to
// be set.
type Options struct {
	Accounts store.Accounts
	Sources  store.Sources
	Intake   store.Intake
	Journal  store.Journal
	Consents store.Consents
	Contacts store.Contacts
	Media    Media
	// Endpoints keeps where events are posted.
	Endpoints store.Endpoints
	Templates Templates
	Meta      Meta
	// FailureStatus is the HTTP status of a request that is understood and
	// refused: 0 and 200 are the vendor's way, 400 is for clients that go by
	// the status.
	FailureStatus int
	Logger        *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Media is what the face needs of the media library.
type Media interface {
	admission.Media
	// Put stores a media and returns it; CodeInvalid or CodeTooLarge if it is
	// not one that WhatsApp takes. If r fails, nothing is stored.
	Put(ctx context.Context, account wa.AccountID, filename, declaredType string, r io.Reader) (wa.StoredMedia, error)
	// Open returns a media and its bytes; CodeNotFound, CodeUnavailable while
	// it is still being fetched.
	Open(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, io.ReadSeekCloser, error)
	// Delete removes a media; CodeNotFound.
	Delete(ctx context.Context, account wa.AccountID, id wa.MediaID) error
}

// Server answers everything under /api/, and the few paths that the vendor has
// beside it.
type Server struct {
	accounts  store.Accounts
	sources   store.Sources
	intake    store.Intake
	journal   store.Journal
	consents  store.Consents
	media     Media
	endpoints store.Endpoints
	templates Templates
	meta      Meta
	// failureStatus is the status of refusals.
	failureStatus int
	log           *slog.Logger
	now           func() time.Time
	gate          *admission.Gate
	table         []route

	// changing is held while a source or a webhook of an account is read, changed
	// and written back, and while one is created: without it, a new name could
	// bring back the token that was just rotated, or the default that has just
	// moved.
	changing accountLocks
}

var _ http.Handler = (*Server)(nil)

// New makes a Server.
func New(o Options) *Server {
	s := &Server{
		accounts: o.Accounts, sources: o.Sources, intake: o.Intake, journal: o.Journal, consents: o.Consents, media: o.Media,
		endpoints: o.Endpoints, templates: o.Templates, meta: o.Meta, failureStatus: cmp.Or(o.FailureStatus, http.StatusOK),
		log: o.Logger, now: o.Now,
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.gate = admission.New(admission.Options{
		Sources: o.Sources, Intake: o.Intake, Journal: o.Journal, Consents: o.Consents, Contacts: o.Contacts,
		Media: o.Media, Templates: o.Templates, Now: s.now,
	})
	s.table = s.routes()
	return s
}
