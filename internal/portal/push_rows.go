package portal

import (
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// PushDataset returns a dataset that takes rows, for producers in this
// process. Errors: fault.NotFound, or fault.Invalid for a dataset that is fed
// from a container.
func (s *Server) PushDataset(name string) (*dashboard.Dataset, error) {
	d, err := s.boards.Dataset(name)
	if err != nil {
		return nil, err
	}
	if !d.Spec.Push {
		return nil, fault.New(fault.Invalid, "dataset "+d.Name, "it is fed from container %s; declare it with \"push\": true to write to it", d.Spec.Container)
	}
	return d, nil
}
