// Package store owns the promises: what survives a crash, said once, as small
// interfaces by stage. Each method is one transaction, named for the fact that
// it records, and says what it promises and which errors it returns.
//
// It never holds an implementation and never decides what a message means:
// that is store/sqlstore's and wa's part. The promises are proved by
// store/storetest, which every database must pass.
//
// It stands between the stages: they never call each other, they meet here. A
// method that gives work to the next stage wakes it; see [Waker].
//
// Failure: an error with wa.CodeUnavailable means that the store cannot be
// written now; whether the change was kept is then unknown, and the caller must
// neither confirm it nor take it back.
//
// Claims: the row is the job. A claim gives one worker a row for a lease; the
// row carries the claim's number, and whoever settles shows it. ErrLeaseLost
// means that the row has moved on and nothing was changed.
package store

import (
	"context"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// ErrLeaseLost is returned by every method that shows a claim that is no
// longer the row's. Nothing was changed.
//
//nolint:errname // it is a sentinel of type *wa.Error
var ErrLeaseLost error = &wa.Error{Code: wa.CodeConflict, Message: "the lease on the row was lost"}

// Accounts keeps tenants and their API tokens.
type Accounts interface {
	// CreateAccount keeps an account; CodeConflict if the name is taken.
	CreateAccount(context.Context, wa.Account) error
	// AccountByName returns the account of that name; CodeNotFound.
	AccountByName(ctx context.Context, name string) (wa.Account, error)
	// Accounts returns all accounts by name.
	Accounts(context.Context) ([]wa.Account, error)
	// CreateToken keeps a token.
	CreateToken(context.Context, wa.Token) error
	// Tokens returns an account's tokens, oldest first, revoked ones included.
	Tokens(context.Context, wa.AccountID) ([]wa.Token, error)
	// RevokeToken ends a token: from the commit on, Authenticate refuses it.
	// Revoking twice is no error; CodeNotFound.
	RevokeToken(ctx context.Context, account wa.AccountID, id wa.TokenID, at time.Time) error
	// Authenticate returns the account of a token that is not revoked;
	// CodeUnauthorized.
	Authenticate(context.Context, wa.TokenHash) (wa.AccountID, error)
}

// Sources keeps where messages come from. Access tokens and app secrets are
// encrypted in the store.
type Sources interface {
	// CreateSource keeps a source. The first one of an account becomes its
	// default, as does one that says so. Messages that wait for a source of that
	// id which was deleted become due. CodeConflict if the id is taken in this
	// account.
	CreateSource(context.Context, wa.Source) (wa.Source, error)
	// Sources returns an account's sources, oldest first.
	Sources(context.Context, wa.AccountID) ([]wa.Source, error)
	// Source returns one source; CodeNotFound, also for one of another account.
	Source(context.Context, wa.AccountID, wa.SourceID) (wa.Source, error)
	// DefaultSource returns the account's default; CodeNotFound if it has none.
	DefaultSource(context.Context, wa.AccountID) (wa.Source, error)
	// UpdateSource changes name, token, app secret and default. If the access
	// token is another one, it makes the source's waiting messages due now,
	// because they may have waited for just this; otherwise they wait on, as
	// Meta may have asked for it. CodeNotFound.
	UpdateSource(context.Context, wa.Source) error
	// DeleteSource removes a source and its credentials; CodeNotFound.
	DeleteSource(context.Context, wa.AccountID, wa.SourceID) error
	// SourcesByNumber returns the sources of all accounts for one
	// phone_number_id.
	SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error)
	// AppSecrets returns the distinct app secrets of all sources.
	AppSecrets(context.Context) ([]wa.Secret, error)
}

// Endpoints keeps where customers receive events.
type Endpoints interface {
	// PutEndpoint sets the account's endpoint of that kind, in place of the
	// one there was. Deliveries under way go to the new address.
	PutEndpoint(context.Context, wa.Endpoint) (wa.Endpoint, error)
	// Endpoints returns an account's endpoints by kind.
	Endpoints(context.Context, wa.AccountID) ([]wa.Endpoint, error)
	// DeleteEndpoint removes the endpoint of that kind and what was still to be
	// delivered to it; CodeNotFound.
	DeleteEndpoint(context.Context, wa.AccountID, wa.EventKind) error
}

// Intake is what the faces need to take a message in.
type Intake interface {
	// Accept keeps messages, all or none: once it returned nil, they are on
	// disk and will be sent.
	Accept(context.Context, []wa.Message) error
	// Window returns until when an individual or a group may be written to
	// without a template, whichever way their number is written (see
	// wa.ContactKey); the zero time if they never wrote to the number.
	Window(ctx context.Context, account wa.AccountID, numberID, contact string) (time.Time, error)
}

// Outbox is what the sending stage needs.
type Outbox interface {
	// RecoverMessages is called once at the start, when no other process works
	// on the store. It frees what the last process had claimed. Of what it had
	// dispatched it makes uncertain those attempts that left says may have left
	// the process, and frees the others. It returns how many of each.
	RecoverMessages(ctx context.Context, left func(id wa.MessageID, attempt int) bool) (freed, uncertain int, err error)
	// ClaimMessages gives up to limit due messages to the caller for the lease,
	// the longest due first, in the order of acceptance. Of the messages to one
	// recipient of a number only the first is given, and the next once that one
	// is settled, or put off for more than 10 seconds: they go out in their
	// order, and nobody waits for somebody else's. Each claim of a message has
	// the number after the last one's, unless a recovery took one in between.
	ClaimMessages(ctx context.Context, limit int, lease time.Duration) ([]wa.Message, error)
	// BeginMessage records an attempt before it is made: accepted becomes
	// dispatched. It returns the message with the attempt's number.
	BeginMessage(context.Context, wa.Message) (wa.Message, error)
	// CountRefusal records that a message has got an answer that it may get only
	// so often (wa.Outcome.Tries), and returns how often it has. The message
	// stays the caller's, begun or not.
	CountRefusal(context.Context, wa.Message) (int, error)
	// SettleMessage records the outcome, the event and its deliveries at once.
	// Sent matches statuses that came before the answer; rejected fails the
	// message; later and misconfigured make it due again after Outcome.After;
	// unknown makes it uncertain. Rejected, later and misconfigured may also
	// settle a claim that was never begun.
	//
	// A status that was applied meanwhile is not taken back.
	SettleMessage(context.Context, wa.Message, wa.Outcome) error
}

// Inbox is what the callback stage needs.
type Inbox interface {
	// KeepCallback keeps a callback as it came; once it returned nil, it is on
	// disk.
	KeepCallback(context.Context, wa.Callback) error
	// RecoverCallbacks frees what the last process had claimed; see
	// RecoverMessages.
	RecoverCallbacks(context.Context) (int, error)
	// ClaimCallbacks gives up to limit callbacks to the caller for the lease.
	ClaimCallbacks(ctx context.Context, limit int, lease time.Duration) ([]wa.Callback, error)
	// SettleCallback applies what a callback says, for each account: statuses
	// to their messages (by MessageID, else by wamid; parked if neither is
	// known yet), inbound messages with their windows and media; and one event
	// with its deliveries for each that is new. What was applied before changes
	// nothing.
	SettleCallback(context.Context, wa.Callback, []wa.AccountUpdates) error
	// PutOffCallback gives a callback back: due again after the delay, or, if
	// park is true, kept for a person to look at and never claimed again.
	PutOffCallback(ctx context.Context, c wa.Callback, after time.Duration, park bool, reason string) error
}

// Room says how many more deliveries an endpoint may be given; nil sets no
// bound. It must not call the store.
type Room func(wa.EndpointID) int

// Deliveries is what the webhook stage needs.
type Deliveries interface {
	// RecoverDeliveries frees what the last process had claimed; see
	// RecoverMessages.
	RecoverDeliveries(context.Context) (int, error)
	// ClaimDeliveries gives up to limit due deliveries to the caller for the
	// lease, the longest due first, and of each endpoint no more than there is
	// room for. What is due beyond that costs the claim nothing.
	ClaimDeliveries(ctx context.Context, limit int, lease time.Duration, room Room) ([]wa.Delivery, error)
	// SettleDelivery records an attempt and its result.
	SettleDelivery(context.Context, wa.Delivery, wa.DeliveryResult) error
}

// Media keeps what is known of media; the bytes are elsewhere.
type Media interface {
	MediaRecords
	MetaUploads
	Fetches
}

// MediaRecords keeps the media of an account.
type MediaRecords interface {
	// CreateMedia keeps a media whose bytes are already on disk.
	CreateMedia(context.Context, wa.StoredMedia) error
	// Media returns one media; CodeNotFound, also for one of another account.
	Media(context.Context, wa.AccountID, wa.MediaID) (wa.StoredMedia, error)
	// SharesBytes reports whether another media, of whatever account, has the
	// same bytes as this one.
	SharesBytes(context.Context, wa.StoredMedia) (bool, error)
	// DeleteMedia removes a media; CodeNotFound.
	DeleteMedia(context.Context, wa.AccountID, wa.MediaID) error
}

// UploadKey is what an upload at Meta is good for. An account has its own even
// where two share a number: each uploads with its own token. Meta keeps the type
// with which bytes were uploaded, and refuses them in a message of another.
type UploadKey struct {
	AccountID wa.AccountID
	NumberID  string
	SHA256    string
	MIMEType  string
}

// MetaUploads keeps which bytes Meta has under which id.
type MetaUploads interface {
	// MetaUpload returns an upload that is still good at now; CodeNotFound.
	MetaUpload(ctx context.Context, key UploadKey, now time.Time) (wa.MetaUpload, error)
	// SaveMetaUpload keeps an upload, in place of an older one.
	SaveMetaUpload(context.Context, UploadKey, wa.MetaUpload) error
	// ForgetMetaUpload removes an upload that Meta no longer knows.
	ForgetMetaUpload(context.Context, UploadKey) error
}

// Fetches is what the stage needs that fetches inbound media.
type Fetches interface {
	// RecoverFetches frees what the last process had claimed; see
	// RecoverMessages.
	RecoverFetches(context.Context) (int, error)
	// ClaimFetches gives up to limit pending media to the caller for the lease.
	ClaimFetches(ctx context.Context, limit int, lease time.Duration) ([]wa.StoredMedia, error)
	// SettleFetch records a fetch: the media as it is now (ready or lost), or
	// pending again after the delay.
	SettleFetch(ctx context.Context, m wa.StoredMedia, after time.Duration) error
}

// Journal is what is known of a message.
type Journal interface {
	// Message returns one message; CodeNotFound, also for one of another
	// account.
	Message(context.Context, wa.AccountID, wa.MessageID) (wa.Message, error)
	// Events returns the events of a message, oldest first.
	Events(context.Context, wa.AccountID, wa.MessageID) ([]wa.Event, error)
}

// Stage names the stage that a change gives work to.
type Stage string

// The stages.
const (
	StageOutbox     Stage = "outbox"
	StageInbox      Stage = "inbox"
	StageDeliveries Stage = "deliveries"
	StageFetches    Stage = "fetches"
)

// Waker tells a stage that there may be work for it.
type Waker interface {
	// Wake returns a channel that receives after each commit that gave the
	// stage work; several commits may come as one. A stage must also look from
	// time to time by itself.
	Wake(Stage) <-chan struct{}
}

// Store is everything a database keeps.
type Store interface {
	Catalog
	Traffic
	Waker
	// Failed is closed when the store can no longer be trusted to keep what it
	// confirmed, such as after a failed flush. The process must then end: only
	// a new start shows what is on disk.
	Failed() <-chan struct{}
	// Close waits for the transaction under way and closes the database.
	Close() error
}

// Catalog is what changes when somebody sets something up.
type Catalog interface {
	Accounts
	Sources
	Endpoints
}

// Traffic is what changes with every message.
type Traffic interface {
	Intake
	Outbox
	Inbox
	Deliveries
	Media
	Journal
}
