// Package business is what the simulator knows of a business besides its messages and templates: the profile and the blocked
// users of each number, the uploads of an app, and how numbers and accounts read when Graph is asked for them.
//
// It owns these records, in memory and under a lock of its own. It never looks at messages: the simulator tells it who may be
// blocked and what was counted, and puts what it returns on the wire.
package business
