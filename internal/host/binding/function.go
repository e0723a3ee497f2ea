package binding

import (
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Function is one declared function.
type Function struct {
	Name     string
	Bindings []Binding
	Retry    *Retry
	// Disabled functions are loaded, so that they can be run by hand, but
	// their trigger does not listen.
	Disabled bool
	// Metadata is what the function is loaded with. Its id and properties
	// are the worker's own and go back to it untouched.
	Metadata *funcrpc.RpcFunctionMetadata
}

// nameRule is what the vendor's host allows, without regard to case.
var nameRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)

// FromMetadata reads a function that a worker reported.
func FromMetadata(m *funcrpc.RpcFunctionMetadata) (*Function, error) {
	if st := m.GetStatus(); st.GetStatus() == funcrpc.StatusResult_Failure && st.GetException() != nil {
		return nil, fault.New(fault.Invalid, "function "+m.GetName(), "%s", st.GetException().GetMessage())
	}
	f := &Function{Name: m.GetName(), Metadata: m}
	for _, raw := range m.GetRawBindings() {
		b, err := Parse([]byte(raw))
		if err != nil {
			return nil, f.wrap(err)
		}
		f.Bindings = append(f.Bindings, b)
	}
	if o := m.GetRetryOptions(); o != nil {
		retry, err := retryFromRPC(o)
		if err != nil {
			return nil, f.wrap(err)
		}
		f.Retry = retry
	}
	return f, f.check()
}

// Trigger returns the binding that starts the function.
func (f *Function) Trigger() *Binding {
	for i := range f.Bindings {
		if f.Bindings[i].IsTrigger() {
			return &f.Bindings[i]
		}
	}
	return nil
}

// Outputs returns the bindings that the function's result feeds.
func (f *Function) Outputs() []*Binding {
	var out []*Binding
	for i := range f.Bindings {
		if f.Bindings[i].IsOutput() {
			out = append(out, &f.Bindings[i])
		}
	}
	return out
}

// check applies the rules every host holds functions to: a lawful name, unique
// binding names, exactly one trigger.
func (f *Function) check() error {
	if !nameRule.MatchString(f.Name) || strings.EqualFold(f.Name, "host") {
		return fault.New(fault.Invalid, "function "+f.Name,
			"a name starts with a letter, has letters, digits, _ and - only, at most 128, and is not \"host\"")
	}
	seen := map[string]bool{}
	triggers := 0
	for i := range f.Bindings {
		b := &f.Bindings[i]
		name := strings.ToLower(b.Name)
		if seen[name] {
			return fault.New(fault.Invalid, "function "+f.Name, "two bindings are named %q", b.Name)
		}
		seen[name] = true
		if b.IsTrigger() {
			triggers++
		}
	}
	if triggers != 1 {
		return fault.New(fault.Invalid, "function "+f.Name, "needs exactly one trigger, has %d", triggers)
	}
	return nil
}

func (f *Function) wrap(err error) error {
	return fault.Wrap(fault.KindOf(err), "function "+f.Name, err, "bad declaration")
}

// Binding returns the binding of that name in any case, or nil.
func (f *Function) Binding(name string) *Binding {
	for i := range f.Bindings {
		if strings.EqualFold(f.Bindings[i].Name, name) {
			return &f.Bindings[i]
		}
	}
	return nil
}
