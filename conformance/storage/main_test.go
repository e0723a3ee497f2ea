// Package storage runs the official clients of Blob and Queue Storage, and the
// code of the guide to storage.
package storage

import (
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }
