//go:build !race

package sim_test

// raceDetector says that the test runs many times slower.
const raceDetector = false
