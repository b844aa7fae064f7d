// Package script holds scripted answers: when a message of this kind comes to a phone, answer that after a while.
//
// It owns the scripts, who they are for, how often they answered, and how words of the message get into the answer. It never
// sends anything and never looks at the clock: the simulator asks it about each message that a phone received, puts the answers
// on its schedule and lets the phone write them. It knows nothing of the kinds of answers; those are what the control face takes.
package script
