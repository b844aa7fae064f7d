//go:build !linux && !darwin && !freebsd

package main

import "errors"

// freeSpace is not known here.
func freeSpace(string) (uint64, error) {
	return 0, errors.New("the room on the disk is not known on this system")
}
