//go:build !unix

package textfile

// nonblock is needed where a folder can hold named pipes.
const nonblock = 0
