package streamsql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Limits of one call of a JavaScript function. Memory cannot be limited in the
// interpreter itself; the depth of calls, the time and the size of results can.
const (
	jsCallTime   = time.Second
	jsStackDepth = 500
)

// jsScript is a compiled JavaScript function.
type jsScript struct {
	name      string
	aggregate bool
	program   *goja.Program
}

// jsRuntime is the function loaded into an interpreter of one goroutine.
type jsRuntime struct {
	vm   *goja.Runtime
	main goja.Value
	call goja.Callable
	args []goja.Value // stack of arguments
}

// loadFunctions compiles the functions of a job and tries each once, so that a
// script without main fails here.
func loadFunctions(fns []Function) (map[string]*jsScript, error) {
	scripts := map[string]*jsScript{}
	for _, f := range fns {
		prefix := "udf."
		program, err := goja.Compile(f.Name+".js", f.Source, false)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "function "+prefix+f.Name, err, "the script does not load")
		}
		script := &jsScript{name: f.Name, aggregate: f.Aggregate, program: program}
		rt, err := script.load()
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "function "+prefix+f.Name, err, "the script does not load")
		}
		if script.aggregate = f.Aggregate || rt.makesAggregates(); script.aggregate {
			prefix = "uda."
		}
		scripts[prefix+strings.ToLower(f.Name)] = script
	}
	return scripts, nil
}

// makesAggregates says whether new main() is an aggregate: something to
// accumulate values in, and compute a result.
func (rt *jsRuntime) makesAggregates() bool {
	is := false
	err := rt.limited(func() error {
		obj, err := rt.vm.New(rt.main)
		if err != nil {
			return err
		}
		_, accumulates := goja.AssertFunction(obj.Get("accumulate"))
		_, computes := goja.AssertFunction(obj.Get("computeResult"))
		is = accumulates && computes
		return nil
	})
	return err == nil && is // a function of values may throw without any
}

// functionNames lists the functions of a kind for an error message.
func (b *binder) functionNames(prefix string) string {
	var names []string
	for key, s := range b.js {
		if strings.HasPrefix(key, prefix) {
			names = append(names, prefix+s.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "; there is " + strings.Join(names, ", ")
}

// load makes a fresh interpreter with the script in it.
func (s *jsScript) load() (*jsRuntime, error) {
	rt := &jsRuntime{vm: goja.New()}
	rt.vm.SetMaxCallStackSize(jsStackDepth)
	err := rt.limited(func() error {
		_, err := rt.vm.RunProgram(s.program)
		return err
	})
	if err != nil {
		return nil, err
	}
	rt.main = rt.vm.Get("main")
	call, ok := goja.AssertFunction(rt.main)
	if !ok {
		return nil, fmt.Errorf("the script defines no function main")
	}
	rt.call = call
	return rt, nil
}

// runtime returns the interpreter of a scratch, loading it on first use.
func (s *jsScript) runtime(mem *Scratch) (*jsRuntime, error) {
	if mem == nil {
		return s.load()
	}
	if rt := mem.js[s]; rt != nil {
		return rt, nil
	}
	rt, err := s.load()
	if err != nil {
		return nil, err
	}
	if mem.js == nil {
		mem.js = map[*jsScript]*jsRuntime{}
	}
	mem.js[s] = rt
	return rt, nil
}

// limited runs f and interrupts it when it takes too long. A panic of the
// interpreter is an error of the script.
func (rt *jsRuntime) limited(f func() error) (err error) {
	fired := make(chan struct{})
	timer := time.AfterFunc(jsCallTime, func() {
		rt.vm.Interrupt("it ran longer than " + jsCallTime.String())
		close(fired)
	})
	defer func() {
		if !timer.Stop() {
			<-fired // else a late interrupt would hit the next call
		}
		rt.vm.ClearInterrupt()
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%v", failure)
		}
		var deep *goja.StackOverflowError
		if errors.As(err, &deep) {
			err = fmt.Errorf("the call stack is deeper than %d", jsStackDepth)
		}
	}()
	return f()
}

// jsCall compiles udf.name(args). An exception, a call that takes too long and a
// result that is no value of the language are data errors.
func jsCall(s *jsScript, args []*Expr, at *site) *Expr {
	return newExpr("", span{}, func(r *Row) Value {
		rt, err := s.runtime(r.Scratch)
		if err != nil {
			return at.fail(r, "%s: %v", at.name, err)
		}
		base := len(rt.args)
		for _, a := range args { // an argument may call the same function: it uses the stack above
			v := a.Eval(r)
			rt.args = append(rt.args, rt.toJS(v))
		}
		values := rt.args[base:]
		rt.args = rt.args[:base]
		if r.Err != nil {
			return NullValue
		}
		var out goja.Value
		err = rt.limited(func() (err error) {
			out, err = rt.call(goja.Undefined(), values...)
			return err
		})
		if err != nil {
			return at.fail(r, "%s: %v", at.name, err)
		}
		v, err := rt.fromJS(out)
		if err != nil {
			return at.fail(r, "%s: %v", at.name, err)
		}
		return v
	})
}
