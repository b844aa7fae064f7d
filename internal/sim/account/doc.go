// Package account is the simulator's directory: the app, its WhatsApp Business Accounts, their business numbers and the tokens
// that may use them.
//
// It owns which token may use what, how far a number is with its registration, the settings of numbers, and who is subscribed to
// an account's callbacks and where they go. It never sends a message nor a callback, and never looks at the clock: the simulator
// tells it what time it is, shakes hands with receivers, and puts what it returns on the wire. It stands beside package business,
// which has what customers see of a number.
package account
