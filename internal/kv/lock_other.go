//go:build !unix

package kv

import "syscall"

// What the operating system answers when another process holds a lock file
// (Windows: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION).
const (
	errAgain      = syscall.Errno(32)
	errWouldBlock = syscall.Errno(33)
)
