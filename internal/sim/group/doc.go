// Package group keeps the groups that business numbers have made.
//
// It owns their names, members and invitations. It never delivers a message and never looks at the clock: the simulator asks it who
// is in a group, and calls back what it returns. It stands beside package account, below package sim.
package group
