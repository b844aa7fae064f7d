//go:build unix

package main

import (
	"os"
	"syscall"
)

// flock takes an exclusive lock or fails at once.
func flock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// privateFiles keeps others on the machine out of every file that this process
// makes, whoever owns the directory.
func privateFiles() { syscall.Umask(0o077) }
