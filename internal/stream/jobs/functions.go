package jobs

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream/localrun"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// jobFunctions reads the JavaScript functions of a job: the files that it names,
// or else all in the folder Functions beside the query, as the vendor's projects
// have it.
func jobFunctions(query string, named []string) ([]streamsql.Function, error) {
	if len(named) == 0 {
		return localrun.Functions(filepath.Join(filepath.Dir(query), "Functions"))
	}
	var all []streamsql.Function
	for _, path := range named {
		f, err := localrun.Function(path)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(g streamsql.Function) bool {
			return strings.EqualFold(f.Name, g.Name) && f.Aggregate == g.Aggregate
		}) {
			return nil, fault.New(fault.Invalid, path, "the function %s is given twice", f.Name)
		}
		all = append(all, f)
	}
	return all, nil
}

// functionsText is all that a checkpoint depends on.
func functionsText(all []streamsql.Function) string {
	var b strings.Builder
	for _, name := range functionNames(all) {
		b.WriteString(name + "\x00")
	}
	for _, f := range all {
		b.WriteString(f.Source + "\x00")
	}
	return b.String()
}

func functionNames(all []streamsql.Function) []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = "udf." + f.Name
		if f.Aggregate {
			names[i] = "uda." + f.Name
		}
	}
	return names
}
