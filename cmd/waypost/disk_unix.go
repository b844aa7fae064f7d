//go:build linux || darwin || freebsd

package main

import (
	"fmt"
	"syscall"
)

// freeSpace is how many bytes the owner of a directory may still write.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("the disk of %s cannot be looked at: %w", dir, err)
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil //nolint:gosec,unconvert // both are never negative, and of other types elsewhere
}
