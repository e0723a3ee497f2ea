package apim

import (
	"cmp"
	"context"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
)

// definition is a type of resource whose real thing is one definition of the gateway.
type definition[T any] struct {
	table func(s *gateway.Service, id arm.ID) gateway.Table[T]
	// read is what a body asks for. It may add to the body, and take away what is not
	// kept.
	read func(c *arm.Call, old T) (T, error)
	show func(c *arm.Call, v T)
}

// typed is a type by its definitions.
func typed[T any](p provider, name string, d definition[T]) arm.Type {
	at := func(id arm.ID) (gateway.Table[T], error) {
		s, err := p.of(id)
		if err != nil {
			return gateway.Table[T]{}, err
		}
		return d.table(s, id), nil
	}
	return arm.Type{
		Name: name, Created: http.StatusCreated, Plain: true, Upsert: true,
		Put: func(ctx context.Context, c *arm.Call) error {
			t, err := at(c.ID)
			if err != nil {
				return err
			}
			old, err := t.Get(c.ID.Name())
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			v, err := d.read(c, old)
			if err != nil {
				return err
			}
			_, err = t.Put(ctx, c.ID.Name(), v)
			return refused(err)
		},
		Get: func(_ context.Context, c *arm.Call) error {
			t, err := at(c.ID)
			if err != nil {
				return err
			}
			v, err := t.Get(c.ID.Name())
			if err == nil {
				d.show(c, v)
			}
			return err
		},
		List: func(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
			t, err := at(c.ID)
			if err != nil {
				return nil, err
			}
			for _, x := range t.List() {
				all = append(all, c.ID.Called(x.Name))
			}
			return all, nil
		},
		Delete: func(ctx context.Context, c *arm.Call) error {
			if c.Whole {
				return nil // it goes with what it is in, whoever names it there
			}
			t, err := at(c.ID)
			if err != nil {
				return err
			}
			return refused(t.Delete(ctx, c.ID.Name()))
		},
	}
}

// refused is what the engine does not take, as the service words it: of a policy, the
// element, the line and the column.
func refused(err error) error {
	if f := gateway.PolicyFault(err); f != nil {
		return invalid(cmp.Or(f.Element, "policies"), "%s", f)
	}
	if fault.Is(err, fault.Invalid) {
		return invalid("properties", "%s", err)
	}
	return err
}

// setText shows a text, and no property where there is none.
func setText(c *arm.Call, name, v string) {
	if v == "" && !c.Body.Has("properties", name) {
		return
	}
	c.Body.Set(v, "properties", name)
}
