//go:build !race

package outbox

const raceOn = false
