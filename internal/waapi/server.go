package waapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Options are what a Server works with. All but Now have to be set.
type Options struct {
	Accounts store.Accounts
	Sources  store.Sources
	Intake   store.Intake
	Media    Media
	Logger   *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Media is what the face needs of the media library.
type Media interface {
	// Put stores a media and returns it; CodeInvalid or CodeTooLarge if it is
	// not one that WhatsApp takes. If r fails, nothing is stored.
	Put(ctx context.Context, account wa.AccountID, filename, declaredType string, r io.Reader) (wa.StoredMedia, error)
	// Open returns a media and its bytes; CodeNotFound, CodeUnavailable while
	// it is still being fetched.
	Open(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, io.ReadSeekCloser, error)
	// Stat returns a media; CodeNotFound.
	Stat(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, error)
	// Delete removes a media; CodeNotFound.
	Delete(ctx context.Context, account wa.AccountID, id wa.MediaID) error
}

// Server answers everything under /api/.
type Server struct {
	accounts store.Accounts
	sources  store.Sources
	intake   store.Intake
	media    Media
	log      *slog.Logger
	now      func() time.Time
	table    []route

	// changing is held while a source is read, changed and written back, and
	// while one is created: without it, a new name could bring back the token
	// that was just rotated, or the default that has just moved.
	changing sync.Mutex
}

var _ http.Handler = (*Server)(nil)

// New makes a Server.
func New(o Options) *Server {
	s := &Server{
		accounts: o.Accounts, sources: o.Sources, intake: o.Intake, media: o.Media,
		log: o.Logger, now: o.Now,
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.table = s.routes()
	return s
}
