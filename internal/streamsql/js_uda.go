package streamsql

import (
	"fmt"

	"github.com/dop251/goja"
)

// UDA is a JavaScript aggregate.
type UDA struct {
	script *jsScript
}

// Name returns the name as in uda.name.
func (u *UDA) Name() string { return u.script.name }

// New makes the state of one group in the runtime of the scratch. It must only
// be used with that scratch's goroutine.
func (u *UDA) New(s *Scratch) (*UDAState, error) {
	rt, err := u.script.runtime(s)
	if err != nil {
		return nil, fmt.Errorf("uda.%s: %w", u.Name(), err)
	}
	st := &UDAState{rt: rt, name: "uda." + u.Name()}
	err = rt.limited(func() (err error) {
		st.obj, err = rt.vm.New(rt.main)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", st.name, err)
	}
	for _, method := range []string{"accumulate", "computeResult"} {
		if _, ok := goja.AssertFunction(st.obj.Get(method)); !ok {
			return nil, fmt.Errorf("%s: main has no function %s", st.name, method)
		}
	}
	if _, ok := goja.AssertFunction(st.obj.Get("init")); ok {
		_, err = st.invoke("init")
	}
	return st, err
}

// UDAState is the running state of a JavaScript aggregate for one group.
type UDAState struct {
	rt   *jsRuntime
	name string
	obj  *goja.Object
}

// invoke calls a method of the aggregate.
func (st *UDAState) invoke(method string, args ...goja.Value) (out goja.Value, err error) {
	f, ok := goja.AssertFunction(st.obj.Get(method))
	if !ok {
		return nil, fmt.Errorf("%s: main has no function %s", st.name, method)
	}
	err = st.rt.limited(func() (err error) {
		out, err = f(st.obj, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", st.name, method, err)
	}
	return out, nil
}

// Accumulate adds a value of a row with the given time.
func (st *UDAState) Accumulate(v Value, ticks int64) error {
	_, err := st.invoke("accumulate", st.rt.toJS(v), st.rt.toJS(DateTimeValue(ticks)))
	return err
}

// Deaccumulate takes a value out again. CanDeaccumulate says whether the
// script has the function.
func (st *UDAState) Deaccumulate(v Value, ticks int64) error {
	_, err := st.invoke("deaccumulate", st.rt.toJS(v), st.rt.toJS(DateTimeValue(ticks)))
	return err
}

// CanDeaccumulate says whether Deaccumulate works.
func (st *UDAState) CanDeaccumulate() bool {
	_, ok := goja.AssertFunction(st.obj.Get("deaccumulate"))
	return ok
}

// Result computes the aggregate's value.
func (st *UDAState) Result() (Value, error) {
	out, err := st.invoke("computeResult")
	if err != nil {
		return NullValue, err
	}
	return st.rt.fromJS(out)
}

// Save returns the state's own properties as JSON, for a checkpoint. Functions
// are not part of it.
func (st *UDAState) Save() ([]byte, error) {
	var text []byte
	err := st.rt.limited(func() (err error) {
		text, err = st.obj.MarshalJSON()
		return err
	})
	return text, err
}

// Load sets the state from what Save returned.
func (st *UDAState) Load(state []byte) error {
	text := string(state)
	if len(text) == 0 || text[0] != '{' || skipValue(text, 0, 0) != len(text) {
		return fmt.Errorf("%s: the saved state is not a JSON object", st.name)
	}
	var err error
	EachProperty(RecordValue(text), nil, func(name string, v Value) bool {
		err = st.obj.Set(name, st.rt.toJS(v))
		return err == nil
	})
	return err
}
