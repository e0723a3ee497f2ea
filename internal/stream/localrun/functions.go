package localrun

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// maxFunction bounds a function's file.
const maxFunction = 1 << 20

// Functions reads the JavaScript functions of a project: each NAME.js in the
// folder; see Function. A folder that does not exist has none.
func Functions(dir string) ([]streamsql.Function, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []streamsql.Function
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".js" {
			continue
		}
		f, err := Function(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// Function reads one function: NAME.js is udf.NAME, or uda.NAME if NAME.js.json
// beside it, the vendor's description, says that its type is an aggregate.
func Function(file string) (streamsql.Function, error) {
	f := streamsql.Function{Name: strings.TrimSuffix(filepath.Base(file), ".js")}
	source, err := textfile.ReadPath(file, maxFunction)
	var large textfile.TooLargeError
	switch {
	case errors.As(err, &large):
		return f, fault.New(fault.TooLarge, file, "a function has at most %d bytes", large)
	case err != nil:
		return f, err
	}
	f.Source = strings.TrimPrefix(string(source), "\xef\xbb\xbf")
	f.Aggregate, err = describedAsAggregate(file + ".json")
	return f, err
}

// describedAsAggregate reads a function's description, if there is one.
func describedAsAggregate(file string) (bool, error) {
	text, err := textfile.ReadPath(file, maxFunction)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var about any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\xef\xbb\xbf")), &about); err != nil {
		return false, fault.Wrap(fault.Invalid, file, err, "the function's description is no JSON")
	}
	return aggregateType(about), nil
}

// aggregateType looks for a type, as in "Type": "JavaScript UDA"; where it
// stands has changed between versions of the vendor's tools.
func aggregateType(v any) bool {
	object, _ := v.(map[string]any)
	for name, v := range object {
		kind, _ := v.(string)
		kind = strings.ToLower(kind)
		if strings.HasSuffix(strings.ToLower(name), "type") && (strings.Contains(kind, "uda") || strings.Contains(kind, "aggregate")) {
			return true
		}
		if aggregateType(v) {
			return true
		}
	}
	return false
}
