package binding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/jsonc"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// FunctionFile is the name of the file that declares a function in its own
// folder, whose name is the function's.
const FunctionFile = "function.json"

// Broken is a function that was declared but cannot be used.
type Broken struct {
	Name string
	Err  error
}

// Scan reads every <function>/function.json under dir. A broken one is
// reported beside the others, as it does not keep them from running.
func Scan(dir, language string) ([]*Function, []Broken, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("look for functions: %w", err)
	}
	var (
		functions []*Function
		broken    []Broken
	)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name(), FunctionFile)
		data, err := textfile.ReadFollowed(path, textfile.Source)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			var f *Function
			if f, err = ParseFunctionJSON(path, e.Name(), language, data); err == nil {
				functions = append(functions, f)
				continue
			}
		}
		broken = append(broken, Broken{e.Name(), err})
	}
	return functions, broken, nil
}

// ParseFunctionJSON reads one function.json; path is its place and name the
// function's.
func ParseFunctionJSON(path, name, language string, data []byte) (*Function, error) {
	var j struct {
		ScriptFile, EntryPoint string
		Disabled               any
		Retry                  json.RawMessage
		Bindings               []json.RawMessage
	}
	if err := jsonc.Unmarshal(path, data, &j); err != nil {
		return nil, fault.Wrap(fault.Invalid, "", err, "read function")
	}
	dir := filepath.Dir(path)
	m := &funcrpc.RpcFunctionMetadata{
		Name: name, Directory: dir, EntryPoint: j.EntryPoint, Language: language,
		FunctionId: functionID(name, path),
	}
	if j.ScriptFile != "" {
		m.ScriptFile = filepath.Join(dir, j.ScriptFile)
	}
	for _, raw := range j.Bindings {
		m.RawBindings = append(m.RawBindings, string(raw))
	}
	f, err := FromMetadata(m)
	if err != nil {
		return nil, err
	}
	f.Disabled = strings.EqualFold(fmt.Sprint(j.Disabled), "true")
	if len(j.Retry) > 0 && string(j.Retry) != "null" {
		if f.Retry, err = parseRetry(j.Retry); err != nil {
			return nil, f.wrap(err)
		}
	}
	return f, nil
}

// functionID makes an id that stays the same over restarts.
func functionID(name, path string) string {
	sum := sha256.Sum256([]byte(name + "\x00" + path))
	return hex.EncodeToString(sum[:16])
}
