// Package fault decides what goes wrong.
//
// It owns the rules of misbehaviour (by probability, by number of the call, by recipient, by script), the named profiles, the magic
// recipients and the table of Meta's error codes, and it can break an HTTP answer in the ways a network does. It never accepts,
// refuses or records anything itself: package sim asks it what to do, writes that down, and then does it. The same seed and the same
// call give the same answer, whoever asks first.
package fault
