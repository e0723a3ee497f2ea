//go:build unix

package textfile

import "syscall"

// nonblock has the opening of a named pipe not wait for its writer.
const nonblock = syscall.O_NONBLOCK
