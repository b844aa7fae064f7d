package wa

import "time"

// ForecastReason says what a message waits for.
type ForecastReason string

// The reasons.
const (
	// ForecastNone: it does not wait: Meta has taken it, or it has ended.
	ForecastNone ForecastReason = "none"
	// ForecastSending: it is on its way to Meta now.
	ForecastSending ForecastReason = "sending"
	// ForecastUncertain: Meta may have taken it; a status or a person decides.
	ForecastUncertain ForecastReason = "uncertain"
	// ForecastPaused: nothing of the number, or of its account, is sent for now.
	ForecastPaused ForecastReason = "paused"
	// ForecastPair: the number has sent this person as much as WhatsApp lets it.
	ForecastPair ForecastReason = "pair"
	// ForecastRetry: the last attempt is made again later.
	ForecastRetry ForecastReason = "retry"
	// ForecastQueue: others go before it.
	ForecastQueue ForecastReason = "queue"
)

// Forecast says when a message is likely to go, as things stand.
type Forecast struct {
	Reason ForecastReason
	// At is the earliest time; zero if it does not wait or nobody can say.
	At time.Time
	// Details is why, in words; may be "".
	Details string
	// Ahead is how many messages go before it; More, that there are still more.
	Ahead int
	More  bool
	// PerSecond is how many messages a second the number may send now, for all that
	// it waits with.
	PerSecond float64
}
