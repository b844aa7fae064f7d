// Package qr keeps the QR codes of business numbers and draws them.
//
// It owns the codes, their links and their pictures, which are real: a phone that scans one finds the deep link in it. It never
// knows whose token asks, nor what happens to somebody who follows a link. It stands beside package account, below package sim.
package qr
