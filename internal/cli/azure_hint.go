package cli

import (
	"errors"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// orAzure adds what a verb can ask as well when no lazuli runs.
func orAzure(err error) error {
	if errors.Is(err, instance.ErrNone) {
		return fmt.Errorf("%w, or name an Azure endpoint", err)
	}
	return err
}
