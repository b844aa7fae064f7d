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
	// UpdateSource changes name, token, app secret, default, the settings of
	// consent, what is done about uncertain messages, and the throughput. If the
	// access token is another one, it makes the source's waiting messages due
	// now, because they may have waited for just this; otherwise they wait on, as
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
	// Window returns until when a person or a group may be written to without a
	// template, whichever of the person's ids is given (see [Contacts]); the zero
	// time if they never wrote to the number.
	Window(ctx context.Context, account wa.AccountID, numberID, contact string) (time.Time, error)
}

// Consents keeps who agreed to be written to. Consent belongs to a person of
// an account, whichever of the person's ids is given; see [Contacts].
type Consents interface {
	// RecordConsents appends records to the ledger in their order and moves the
	// state of each person in the same transaction (see wa.Consent.After), all or
	// none. An opt-in of somebody who is opted in by then is left out, but for its
	// time; it returns the places of those in the list.
	RecordConsents(context.Context, []wa.ConsentRecord) (already []int, err error)
	// Consent returns what holds for a person now.
	Consent(ctx context.Context, account wa.AccountID, person string) (wa.Consent, error)
	// ConsentHistory returns a person's records in the order in which they were
	// kept. None is ever changed or removed.
	ConsentHistory(ctx context.Context, account wa.AccountID, person string) ([]wa.ConsentRecord, error)
}

// Contacts keeps which ids are one person's: a number in all its spellings (see
// wa.ContactKey), user ids and parent user ids. It is learned from inbound
// messages, statuses, answers to sends, and numbers that people gave when asked;
// never from names. An account knows only what its own callbacks told.
//
// Windows, consents and the line of messages under way are the person's. When two
// turn out to be one, that one has the later window, the consent of both
// (wa.Consent.Join), the lines of both in the ledger, and one line of messages;
// all in the transaction that learns it. In which order Meta tells it makes no
// difference. A person has wa.MaxPersonIDs ids at most: what would come beyond
// that, or has too many messages under way, stays somebody else.
//
// Who changes the number keeps all that, under the new one too. The old number is
// then somebody's of whom nothing is known, but what forbade to write to it still
// does, whenever it is told: each opt-out said before the change or under the old
// number, and the block. What is told late of the time before is still about whom it was then.
type Contacts interface {
	// Contact returns what is known of whoever has an id.
	Contact(ctx context.Context, account wa.AccountID, id string) (wa.Contact, error)
}

// Outbox is what the sending stage needs.
type Outbox interface {
	// RecoverMessages is called once at the start, when no other process works
	// on the store. It frees what the last process had claimed. Of what it had
	// dispatched it makes uncertain those attempts that left says may have left
	// the process, and frees the others. It returns how many of each.
	RecoverMessages(ctx context.Context, left func(id wa.MessageID, attempt int) bool) (freed, uncertain int, err error)
	// ClaimMessages gives due messages to the caller for the lease: of each queue
	// up to its limit, the longest due first; all in the order of acceptance. Of
	// the messages of a queue to one person only the first is given, and the next
	// once that one is settled, or put off for more than 10 seconds for a reason
	// of its own (wa.ScopeMessage): they go out in their order, and nobody waits
	// for somebody else's. Each claim of a message has the number after the last
	// one's, unless a recovery took one in between.
	ClaimMessages(ctx context.Context, from []Share, lease time.Duration) ([]wa.Message, error)
	// PutOffMessages gives messages back that were claimed and not begun, as if
	// they had not been claimed. They keep their turn, and are due again at their
	// time, or when they expire, if that is earlier. One that is no longer the
	// caller's stays as it is.
	PutOffMessages(context.Context, []PutOff) error
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
	// begun. An attempt that was slowed is counted as such.
	//
	// A status that was applied meanwhile is not taken back.
	SettleMessage(context.Context, wa.Message, wa.Outcome) error
	Queues
}

// Queue is where messages wait that are of one account and number and equally
// urgent (wa.Category).
type Queue struct {
	ID        int64
	AccountID wa.AccountID
	NumberID  string
	Urgent    bool
	// DueAt is when the first of its messages that have their turn is due.
	DueAt time.Time
}

// Share is how many messages of a queue are claimed at most.
type Share struct {
	Queue int64
	Limit int
}

// PutOff is a message that is given back until a time.
type PutOff struct {
	Message wa.Message
	Until   time.Time
}

// Place is where a message waits.
type Place struct {
	// DueAt is when it is due once it has its turn.
	DueAt time.Time
	// Claimed: somebody has it in hand. Behind: it is not yet its turn.
	Claimed, Behind bool
	// Ahead is how many messages of its queue were accepted before it, and Urgent
	// how many wait in the urgent queue of the same account and number if it is not
	// urgent itself. More: not all that wait were looked at.
	Ahead, Urgent int
	More          bool
	// Last is the last attempt; nil if there was none.
	Last *wa.Attempt
}

// Queues is what is asked to choose what is claimed.
type Queues interface {
	// Queues returns the queues with messages that have their turn, due or not.
	// It costs the same however many there are in each.
	Queues(context.Context) ([]Queue, error)
	// Place returns where an open message waits; CodeNotFound. Of each queue it
	// looks at no more than most messages.
	Place(ctx context.Context, m wa.Message, most int) (Place, error)
	// ExpireMessages ends up to limit messages whose time is over (wa.Message.TTL)
	// and that nobody has claimed, whether they have their turn or not, with the
	// event and its deliveries. It returns when the next one expires, which may have
	// been already; zero if none does.
	ExpireMessages(ctx context.Context, limit int) (next time.Time, err error)
	// RecentAttempts returns the attempts of all numbers that were begun since then
	// and that Meta may have counted, oldest first: with number, person and begin.
	// What is said to have begun later than now, by a clock that was ahead, is not
	// among them.
	RecentAttempts(ctx context.Context, since time.Time) ([]wa.Attempt, error)
}

// StepLease is how long a callback stays its caller's after a step of its settling.
const StepLease = 5 * time.Minute

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
	//
	// What it says of a number, directly or of its WABA, changes what is known of
	// the number, unless Meta's node of it, or another callback, is newer by Meta's
	// time. Every notice is one event (wa.EventNotice).
	//
	// More than 100 updates are applied in several steps, so that others can write
	// in between, and each step extends the lease to [StepLease] at least. If it
	// breaks off, the callback is still the caller's to apply.
	SettleCallback(context.Context, wa.Callback, []wa.AccountUpdates) error
	// SettleCallbacks is SettleCallback for several, in their order, with fewer
	// transactions. It returns an error or nil for each: one that cannot be applied
	// does not keep the others.
	SettleCallbacks(context.Context, []Decoded) []error
	// PutOffCallback gives a callback back: due again after the delay, or, if
	// park is true, kept for a person to look at and never claimed again.
	PutOffCallback(ctx context.Context, c wa.Callback, after time.Duration, park bool, reason string) error
}

// Decoded is a callback with what it says to each account.
type Decoded struct {
	Callback wa.Callback
	Updates  []wa.AccountUpdates
}

// Callbacks shows the callbacks that are kept.
type Callbacks interface {
	// Callbacks returns up to limit callbacks, the newest first, without their
	// bodies; with an id only those that are older than that one.
	Callbacks(ctx context.Context, before wa.CallbackID, limit int) ([]wa.KeptCallback, error)
	// ParkedCallbacks is Callbacks for those that could not be decoded.
	ParkedCallbacks(ctx context.Context, before wa.CallbackID, limit int) ([]wa.KeptCallback, error)
	// Callback returns one callback; CodeNotFound.
	Callback(context.Context, wa.CallbackID) (wa.KeptCallback, error)
	// RetryCallback makes a callback that was applied or parked due now, because
	// more is understood of it today; what was applied before changes nothing.
	// CodeNotFound; CodeConflict for one that still waits.
	RetryCallback(context.Context, wa.CallbackID) error
	// RetryParkedCallbacks is RetryCallback for all that are parked; it returns how
	// many.
	RetryParkedCallbacks(context.Context) (int, error)
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
	Links
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
	// ForgetMetaUpload removes an upload that Meta no longer knows, and reports
	// whether it did: one that has another id by now stays.
	ForgetMetaUpload(ctx context.Context, key UploadKey, metaID string) (forgotten bool, err error)
}

// Links keeps what was fetched from the links of messages, for as long as it
// stands for them. A link is known by its hash (wa.LinkOrigin).
type Links interface {
	// LinkedMedia returns what a link gave to an account as that kind, if it was
	// fetched after since, the latest if it gave several; CodeNotFound.
	LinkedMedia(ctx context.Context, account wa.AccountID, kind wa.MediaKind, hash string, since time.Time) (wa.StoredMedia, error)
	// KeepLinked keeps what a link gave, a media whose bytes are already on disk,
	// and returns what is kept: if the link gave the same bytes as the same type
	// before, that media, with the new time and name.
	KeepLinked(context.Context, wa.StoredMedia) (wa.StoredMedia, error)
	// ForgetLinked makes a media no longer stand for its link; it is spent then.
	// One that is not there is no error.
	ForgetLinked(context.Context, wa.AccountID, wa.MediaID) error
	// SpentLinks returns up to limit media, of all accounts, that links gave
	// before that time.
	SpentLinks(ctx context.Context, before time.Time, limit int) ([]wa.StoredMedia, error)
}

// Fetches is what the stage needs that fetches inbound media.
type Fetches interface {
	// RecoverFetches frees what the last process had claimed; see
	// RecoverMessages.
	RecoverFetches(context.Context) (int, error)
	// ClaimFetches gives up to limit pending media to the caller for the lease.
	ClaimFetches(ctx context.Context, limit int, lease time.Duration) ([]wa.StoredMedia, error)
	// SettleFetch records a fetch: the media as it is now (ready or lost), or
	// pending again after the delay. Ready and lost leave an event (wa.EventMedia)
	// in the same transaction, so one for each media.
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

// Numbers keeps what an account knows of its numbers, and the jobs that read them
// from Meta now and then. A number of an account is known from its first source on,
// and forgotten with the last one. A job is made due by CreateSource and by an
// UpdateSource with a new access token.
type Numbers interface {
	NumberStates
	NumberReads
}

// NumberStates is what is known.
type NumberStates interface {
	// Number returns what is known of a number; CodeNotFound if the account has no
	// source with it.
	Number(ctx context.Context, account wa.AccountID, numberID string) (wa.NumberState, error)
	// Numbers returns what is known of all numbers of an account, by number.
	Numbers(context.Context, wa.AccountID) ([]wa.NumberState, error)
	// PutNumber keeps what Meta's node said, which was asked for at ReadAt.
	// What it does not say stays, and so do ProvenAt and ToldAt, and everything if
	// something newer is kept: another node, or what a callback told after ReadAt.
	// A number that the account does not have is no error.
	PutNumber(context.Context, wa.NumberState) error
}

// NumberReads is the jobs.
type NumberReads interface {
	// RecoverNumberReads frees what the last process had claimed; see
	// RecoverMessages.
	RecoverNumberReads(context.Context) (int, error)
	// ClaimNumberReads gives up to limit due numbers to the caller for the lease.
	// One that is made due meanwhile stays the caller's, and is due again as soon as
	// it has rested.
	ClaimNumberReads(ctx context.Context, limit int, lease time.Duration) ([]wa.NumberRead, error)
	// SettleNumberRead gives a number back with its Attempts, due again after the
	// delay. Until the rest is over nothing makes it due, whatever happens.
	SettleNumberRead(ctx context.Context, r wa.NumberRead, after, rest time.Duration) error
	// MakeNumberReadDue makes a number due as soon as it has rested; one that is not
	// there is no error.
	MakeNumberReadDue(ctx context.Context, account wa.AccountID, numberID string) error
}

// Unnamed is an attempt without a wamid, and to whom it went.
type Unnamed struct {
	Attempt   wa.Attempt
	Recipient wa.Recipient
}

// Doubts is what is known, and what is done, about messages whose last attempt
// ended without an answer.
type Doubts interface {
	// DueDoubts returns up to limit uncertain messages, of all accounts, that are
	// due to be looked at, the longest due first. A message is due as soon as it is
	// uncertain.
	DueDoubts(ctx context.Context, limit int) ([]wa.Doubt, error)
	// PutOffDoubts makes messages due again at LookAt; what is no longer uncertain,
	// or is so after another attempt, stays as it is.
	PutOffDoubts(context.Context, []wa.Doubt) error
	// Doubt returns one message, uncertain or not, with its last attempt;
	// CodeNotFound.
	Doubt(context.Context, wa.AccountID, wa.MessageID) (wa.Doubt, error)
	// DoubtsOf returns up to limit uncertain messages of an account, in the order
	// in which they are due.
	DoubtsOf(ctx context.Context, account wa.AccountID, limit int) ([]wa.Doubt, error)
	// ResolveMessage ends an uncertainty, and leaves an event of who decided. As
	// sent or failed it is like a status; a status of Meta's may still come and
	// move the message on. As accepted the message is sent again, in its place
	// among those to the same person, with the next attempt; no endpoint is told
	// of that. CodeNotFound; CodeConflict if the message is not uncertain, or not
	// after this attempt, or if a callback that came until Deadline is not applied
	// yet.
	ResolveMessage(context.Context, wa.AccountID, wa.MessageID, wa.Resolution) error
	// StatusStream returns how surely statuses of a number reach us.
	StatusStream(ctx context.Context, account wa.AccountID, numberID string) (wa.Stream, error)
	// NoteIntake records since when callbacks are taken in without a gap.
	NoteIntake(ctx context.Context, since time.Time) error
	// UnnamedAttempts returns the attempts of a number that were begun since then
	// and that Meta may have taken under a wamid that is not known, those under way
	// included, with their messages' recipients.
	UnnamedAttempts(ctx context.Context, account wa.AccountID, numberID string, since time.Time) ([]Unnamed, error)
	// KnowsWAMID reports whether a message of the account goes by a wamid.
	KnowsWAMID(ctx context.Context, account wa.AccountID, wamid string) (bool, error)
	// Duplicates returns how many messages of an account Meta is known to have
	// taken twice.
	Duplicates(context.Context, wa.AccountID) (int, error)
}

// Checkup is what an examination of the gateway looks at.
type Checkup interface {
	// LastCallback returns when the last callback came that told an account of a
	// number and was applied; the zero time if none did, also if the account has no
	// source with the number.
	LastCallback(ctx context.Context, account wa.AccountID, numberID string) (time.Time, error)
}

// Journal is what is known of a message.
type Journal interface {
	// Message returns one message; CodeNotFound, also for one of another
	// account.
	Message(context.Context, wa.AccountID, wa.MessageID) (wa.Message, error)
	// Attempts returns the attempts of a message that have ended, oldest first, and
	// one that is under way if a status has named it.
	Attempts(context.Context, wa.AccountID, wa.MessageID) ([]wa.Attempt, error)
	// Events returns the events of a message, oldest first. Those that contradict
	// each other are marked (wa.StatusReport.Conflict).
	Events(context.Context, wa.AccountID, wa.MessageID) ([]wa.Event, error)
	// MediaEvents returns the events of a received media: one once it is ready or
	// lost, none before.
	MediaEvents(context.Context, wa.AccountID, wa.MediaID) ([]wa.Event, error)
	// Notices returns up to limit notices of Meta's, the newest first; with an id
	// only those that are older than that one.
	Notices(ctx context.Context, account wa.AccountID, before wa.EventID, limit int) ([]wa.Event, error)
	// UnmatchedStatuses returns up to limit statuses of messages that this account
	// has not sent, or of which it does not know yet that it has: those that came
	// last first.
	UnmatchedStatuses(ctx context.Context, account wa.AccountID, limit int) ([]wa.UnmatchedStatus, error)
	// Received returns an inbound message by Meta's id; CodeNotFound, also for one
	// of another account.
	Received(ctx context.Context, account wa.AccountID, wamid string) (wa.Inbound, error)
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
	StageNumbers    Stage = "numbers"
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
	People
	Outgoing
	Incoming
	Deliveries
	Media
	Templates
	Numbers
	Checkup
	Journal
}

// People is what is known of those who are written to.
type People interface {
	Consents
	Contacts
}

// Outgoing is what the way to Meta needs.
type Outgoing interface {
	Outbox
	Doubts
}

// Incoming is what the way back from Meta needs.
type Incoming interface {
	Inbox
	Callbacks
}
