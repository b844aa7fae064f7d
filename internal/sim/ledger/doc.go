// Package ledger keeps what the simulator has seen and done, for comparison with what a client believes.
//
// It owns the record of every send (accepted or refused), every message of a phone, every callback with its attempts, and every
// rule that a client broke. It is bounded: the oldest entry gives way to the newest, and is counted. It never decides anything, and
// is written before the simulator answers or misbehaves. It stands below package sim.
package ledger
