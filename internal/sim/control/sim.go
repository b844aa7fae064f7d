// Package control is the face of the simulator for people and tests: it shows all that there is, and moves phones, the clock, faults
// and templates.
//
// It owns the routes, how requests to them are read, and the sentences that say what was wrong with one. It never decides what
// becomes of a message and keeps nothing itself: a Sim does. It stands beside package sim, which knows nothing of it; cmd joins the
// two.
package control

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/inbound"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/script"
	"github.com/waypost/waypost/internal/sim/template"
	"github.com/waypost/waypost/internal/sim/wire"
)

// Sim is what the face needs of a simulator. What is not found is a rule.ErrNotFound.
type Sim interface {
	Clocked
	Recorded
	Calling
	Faulty
	Phoned
	Handed
	Scripted
	Accounted
}

// Clocked has a clock that can be moved.
type Clocked interface {
	Clock() clock.State
	CheckClock(want clock.Change) error
	Freeze()
	Thaw()
	SetSpeed(times float64) error
	SetTime(ctx context.Context, t time.Time) error
	Advance(ctx context.Context, d time.Duration) error
}

// Recorded keeps what was sent and called back.
type Recorded interface {
	Ledger() *ledger.Ledger
	Sends() []ledger.Message
	Callbacks() []ledger.Callback
	SnapshotJSON() ([]byte, error)
	Reset(ctx context.Context) error
}

// Calling calls a receiver back.
type Calling interface {
	Callback() wire.Callback
	SetCallback(ctx context.Context, c wire.Callback) error
	CallBack(waba, field string, value json.RawMessage) (id int)
}

// Faulty misbehaves as it is told and has limits.
type Faulty interface {
	Faults() *fault.Faults
	SetFaults(rules []fault.Rule) error
	SetProfile(name string) error
	SetThroughput(perSecond int) error
	EnforceLimits(enforce *bool)
	EnforcesLimits() bool
	Throughput() int64
}

// Phoned has virtual phones.
type Phoned interface {
	ShownPhones() []phone.Shown
	SeePhone(number string) (phone.Shown, error)
	ChangePhone(number string, change func(*phone.State) error) (phone.Shown, error)
	MovePhone(ctx context.Context, number, to string) error
	Messages(number string) ([]phone.Message, error)
	Seen(wish phone.Query, most int) []phone.Message
	AwaitMessage(ctx context.Context, wish phone.Query) (phone.Message, bool)
	Seq() int
}

// Handed has phones that do what their owners want.
type Handed interface {
	SayStaged(in inbound.Message, file *media.Staged) (wamid string, err error)
	StageWritten(file []byte) (*media.Staged, error)
	Tap(number, wamid string, t phone.Tap) (id, opens string, err error)
	StopMarketing(number, to string, stop bool) error
	JoinGroup(idOrLink, number string) error
}

// Scripted has phones that do something by themselves.
type Scripted interface {
	Scripts() []script.Script
	SetScripts(list []script.Script) error
	Settings() phone.Settings
	SetSettings(s phone.Settings)
}

// Accounted has business accounts and what belongs to them.
type Accounted interface {
	Address() (graphURL, appID string)
	Accounts() *account.Directory
	Business(name string) (account.Number, error)
	Templates() *template.Store
	ChangeTemplate(id string, wish template.Change) (template.Template, error)
	PauseTemplate(id string) error
	Groups() *group.Store
	MediaStore() *media.Store
	OpenMedia(id string) (media.Info, io.ReadCloser, error)
}

// server is the face of one simulator.
type server struct {
	Sim
	log *slog.Logger
}
