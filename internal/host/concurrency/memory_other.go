//go:build !linux

package concurrency

import "errors"

// ProcessMemory cannot be told here.
func ProcessMemory(int) (int64, error) { return 0, errors.ErrUnsupported }
