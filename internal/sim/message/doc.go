// Package message reads the object of a send: whatever lies beside the envelope under the key that the type names.
//
// It owns what Meta's pages say of each type but the template: required parts, limits, kinds, and the sums and counts that go
// across parts. Rules are tables wherever a table can say it. It never looks at anything outside the object: who may receive
// it, whether a medium is there and what becomes of the message is for the simulator, which calls it once for each send.
package message
