//go:build !unix

package lab

import "testing"

// StandardPorts does nothing where files are not locked this way.
func StandardPorts(*testing.T, bool) {}
