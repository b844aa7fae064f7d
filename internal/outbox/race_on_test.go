//go:build race

package outbox

// raceOn: the race detector makes everything several times as slow, so that the long stories are told with fewer messages.
const raceOn = true
