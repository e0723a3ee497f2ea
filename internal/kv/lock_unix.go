//go:build unix

package kv

import "syscall"

// What the operating system answers when another process holds a lock file.
const (
	errAgain      = syscall.EAGAIN
	errWouldBlock = syscall.EWOULDBLOCK
)
