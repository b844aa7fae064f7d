// Package clock keeps simulated time and what is to happen later in it.
//
// It owns the time of day that the simulator believes in, which can be moved, frozen and sped up, and the schedule of what is due
// when. It never waits: whoever runs the schedule asks how long that would take. It stands below package sim and knows nothing of
// messages.
package clock
