package app

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// withOwner names the lazuli that has a port, where it is one.
func withOwner(err error) error {
	var taken *door.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	all, findErr := instance.All()
	if findErr != nil {
		return err
	}
	for _, i := range all {
		for _, address := range i.Addresses {
			if _, port, err := net.SplitHostPort(address); err == nil && port == strconv.Itoa(int(taken.Port)) {
				return &ownedError{taken, i}
			}
		}
	}
	return err
}

// ownedError is a port that another lazuli has.
type ownedError struct {
	*door.TakenError
	owner instance.Info
}

func (e *ownedError) Error() string {
	return e.By(fmt.Sprintf("the lazuli that runs %s in %s (process %d); stop that one with Ctrl-C where it runs", e.owner.Name, e.owner.Dir, e.owner.PID))
}

func (e *ownedError) Unwrap() error { return e.TakenError }
