package queue

import (
	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// asError turns an error of the engine into the protocol's, which has the same words;
// errors_test.go walks the engine's Codes.
func asError(err error) error {
	if code := fault.CodeOf(err); code != "" {
		return storage.Fail(string(code)).Because(err)
	}
	return err
}
