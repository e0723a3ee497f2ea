package queue

import (
	"errors"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// asError turns an error of the engine into the protocol's, which has the same words;
// errors_test.go walks engine.Codes.
func asError(err error) error {
	var e *engine.Error
	if errors.As(err, &e) {
		return storage.Fail(string(e.Code)).Because(err)
	}
	return err
}
