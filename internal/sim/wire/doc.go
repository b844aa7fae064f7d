// Package wire knows callbacks as they go over the wire: the shapes of their JSON, how Meta escapes and batches it, and how a
// request to the receiver is made and signed.
//
// It owns the bytes. It never decides what is told, when, or how often it is repeated: the simulator does, and hands over what is
// to be encoded.
package wire
