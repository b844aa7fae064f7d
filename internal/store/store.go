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
	// UpdateSource changes name, token, app secret, default, and the settings of
	// consent. If the access
	// token is another one, it makes the source's waiting messages due now,
	// because they may have waited for just this; otherwise they wait on, as
	// Meta may have asked for it. CodeNotFound.
	UpdateSource(context.Context, wa.Source) error
	// DeleteSource removes a source and its credentials, and the endpoints that
	// get the events of this source only, with what was still to be delivered to
	// them; CodeNotFound.
	DeleteSource(context.Context, wa.AccountID, wa.SourceID) error
	// SourcesByNumber returns the sources of all accounts for one
	// phone_number_id.
	SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error)
	// SourcesByWABA returns the sources of all accounts for one WhatsApp Business
	// Account.
	SourcesByWABA(ctx context.Context, wabaID string) ([]wa.Source, error)
	// AppSecrets returns the distinct app secrets of all sources.
	AppSecrets(context.Context) ([]wa.Secret, error)
}

// EndpointKey is what an endpoint is known by.
type EndpointKey struct {
	AccountID wa.AccountID
	Kind      wa.EventKind
	Name      string
}

// Endpoints keeps where customers receive events. An event goes to every
// endpoint of its kind that is for all sources, or for the source that the
// message was sent from, or for a source with the number that was written to;
// once to each. Headers are encrypted in the store.
type Endpoints interface {
	// PutEndpoint sets the endpoint of that kind and name, in place of the one
	// there was, and returns what is kept. Without a name it is named after its
	// kind. An endpoint that is there keeps its id, whether it is disabled, and,
	// if Headers is nil, its headers, unless the address is now another place
	// (wa.Endpoint.SamePlace); deliveries under way go to the new address.
	// CodeNotFound if there is no such source; CodeInvalid for one more than
	// wa.MaxEndpoints of a kind.
	PutEndpoint(context.Context, wa.Endpoint) (wa.Endpoint, error)
	// Endpoints returns an account's endpoints by kind and name.
	Endpoints(context.Context, wa.AccountID) ([]wa.Endpoint, error)
	// SetEndpointDisabled disables an endpoint, or enables it and lets what has
	// waited for it be delivered; CodeNotFound.
	SetEndpointDisabled(ctx context.Context, key EndpointKey, disabled bool) error
	// DeleteEndpoint removes an endpoint and what was still to be delivered to
	// it; CodeNotFound.
	DeleteEndpoint(context.Context, EndpointKey) error
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

// Consents keeps who agreed to be written to. Consent belongs to a person of
// an account, whichever way the number is written (see wa.ContactKey).
type Consents interface {
	// RecordConsents appends records to the ledger in their order and moves the
	// state of each person in the same transaction (see wa.Consent.After), all or
	// none. An opt-in of somebody who is opted in by then is left out; it returns
	// the places of those in the list.
	RecordConsents(context.Context, []wa.ConsentRecord) (already []int, err error)
	// Consent returns what holds for a person now.
	Consent(ctx context.Context, account wa.AccountID, person string) (wa.Consent, error)
	// ConsentHistory returns a person's records in the order in which they were
	// kept. None is ever changed or removed.
	ConsentHistory(ctx context.Context, account wa.AccountID, person string) ([]wa.ConsentRecord, error)
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
	// message; expired ends it; later and misconfigured make it due again after
	// Outcome.After, or when it expires, if that is earlier; unknown makes it
	// uncertain. All but sent and unknown may also settle a claim that was never
	// begun.
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
	// known yet), inbound messages with their windows, media and what was said
	// by them about consent (see RecordConsents); and one event
	// with its deliveries for each that is new. What was applied before changes
	// nothing. What it says of a template is applied to the copy, unless the copy
	// is newer, and makes the sync of its WABA due.
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
	// room for; none of an endpoint that is disabled. What is due beyond that
	// costs the claim nothing.
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

// Templates keeps a copy of the templates that Meta has, and the jobs that keep
// it in step. A WhatsApp Business Account (WABA) has a copy and a job for each
// account with a source in it: they are made due by CreateSource and by an
// UpdateSource with a new access token, and go with the account's last source.
type Templates interface {
	TemplateCopies
	TemplateSyncs
}

// TemplateCopies is the copy.
type TemplateCopies interface {
	// ReplaceTemplates makes the copy what Meta's list said, which was begun at
	// asOf: what is not in it goes. What was kept later than asOf stays as it
	// is, and so does what the list only confirms. A list that was begun before
	// the last one, or before something was forgotten, changes nothing. More than
	// 500 changes are kept in several steps, of which the last removes what is
	// gone and makes the list the last one: a reader may see some of them, and if
	// it breaks off, the list before is still the last one.
	ReplaceTemplates(ctx context.Context, account wa.AccountID, wabaID string, list []wa.StoredTemplate, asOf time.Time) error
	// PutTemplate keeps a template, in place of an older copy, and makes the
	// sync due.
	PutTemplate(context.Context, wa.StoredTemplate) error
	// ForgetTemplate removes a template in one language, or in all if language is
	// "", and makes the sync due. One that is not there is no error.
	ForgetTemplate(ctx context.Context, account wa.AccountID, wabaID, name, language string, at time.Time) error
	// TemplateByID returns the template with Meta's id; CodeNotFound.
	TemplateByID(ctx context.Context, account wa.AccountID, wabaID, id string) (wa.StoredTemplate, error)
	// TemplatesNamed returns a template in all its languages, by language.
	TemplatesNamed(ctx context.Context, account wa.AccountID, wabaID, name string) ([]wa.StoredTemplate, error)
	// ListTemplates returns those that the filter chooses by name and language,
	// limit of them from offset on, and how many there are in all.
	ListTemplates(ctx context.Context, account wa.AccountID, wabaID string, f wa.TemplateFilter, limit, offset int) (
		list []wa.StoredTemplate, total int, err error)
}

// TemplateSyncs is the jobs.
type TemplateSyncs interface {
	// RecoverTemplateSyncs frees what the last process had claimed; see
	// RecoverMessages.
	RecoverTemplateSyncs(context.Context) (int, error)
	// ClaimTemplateSyncs gives up to limit due syncs to the caller for the lease.
	// One that is made due meanwhile stays the caller's, and is due again as soon
	// as it has rested.
	ClaimTemplateSyncs(ctx context.Context, limit int, lease time.Duration) ([]wa.TemplateSync, error)
	// SettleTemplateSync gives a sync back with its Attempts, due again after the
	// delay. Until the rest is over nothing makes it due, whatever happens.
	SettleTemplateSync(ctx context.Context, s wa.TemplateSync, after, rest time.Duration) error
	// TemplateSync returns the job of an account's WABA; CodeNotFound.
	TemplateSync(ctx context.Context, account wa.AccountID, wabaID string) (wa.TemplateSync, error)
	// MakeTemplateSyncDue makes a job due as soon as it has rested; one that is
	// not there is no error.
	MakeTemplateSyncDue(ctx context.Context, account wa.AccountID, wabaID string) error
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
	StageTemplates  Stage = "templates"
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
	Consents
	Outbox
	Inbox
	Deliveries
	Media
	Templates
	Journal
}
