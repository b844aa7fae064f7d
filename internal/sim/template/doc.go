// Package template keeps the message templates of the simulator: what Meta asks of a new one, its life from review to deletion,
// and whether a send fits it.
//
// It owns every template of every WhatsApp Business Account, in memory and under a lock of its own, and the values of the
// callbacks that tell of them. It never posts a callback, reads a clock or waits: the simulator decides when a review ends and
// sends what this package hands it. It stands beside package message: that one reads the objects of all other types.
package template
