package streamanalytics

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// A job's query and functions are files:
//
//	JOB/Transformation.asaql
//	JOB/Functions/NAME.js, and NAME.js.json beside an aggregate

func (p Provider) folder(job string) string { return filepath.Join(p.c.Dir, strings.ToLower(job)) }

func (p Provider) queryFile(job string) string {
	return filepath.Join(p.folder(job), "Transformation.asaql")
}

func (p Provider) removeFiles(job string) error { return os.RemoveAll(p.folder(job)) }

// query is a job's query as its file has it now; "" where there is none.
func (p Provider) query(job string) string {
	text, err := textfile.ReadPath(p.queryFile(job), streamsql.MaxTextBytes)
	if err != nil {
		return ""
	}
	return string(text)
}

// write replaces a file so that a crash leaves the old or the new one.
func write(path, text string) error {
	dir, name := filepath.Split(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return textfile.Replace(root, name, []byte(text), 0o600)
}

func (p Provider) putTransformation(ctx context.Context, c *arm.Call) error {
	if err := checkQuery(c.Body.Text("properties", "query")); err != nil {
		return err
	}
	all, err := c.Manager.Children(jobOf(c.ID), transformations)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID.Key() != c.ID.Key() {
			return arm.Fail(http.StatusConflict, "Conflict", "The job has the transformation '%s', and can have no other.", other.ID.Name())
		}
	}
	same := p.query(c.ID.Names[0]) == c.Body.Text("properties", "query")
	if !same {
		if err := p.stands(c.ID); err != nil {
			return err
		}
	}
	c.Body.Default(3, "properties", "streamingUnits")
	if err := p.writeQuery(c.ID, c.Body); err != nil || same {
		return err
	}
	return p.changed(ctx, c.ID)
}

// writeQuery puts the query of a body into its file. It is not stored a second time.
func (p Provider) writeQuery(id arm.ID, b arm.Body) error {
	err := write(p.queryFile(id.Names[0]), b.Text("properties", "query"))
	if err == nil {
		b.Remove("properties", "query")
	}
	return err
}

func (p Provider) getTransformation(_ context.Context, c *arm.Call) error {
	if !c.Kept() {
		return missing(c.ID)
	}
	c.Body.Set(p.query(c.ID.Names[0]), "properties", "query")
	return nil
}

// checkQuery refuses what is no query at all. Whether its inputs and outputs are there
// is seen when the job is started: they may come after it.
func checkQuery(text string) error {
	if strings.TrimSpace(text) == "" {
		return bad("query", "The property 'query' must not be empty.")
	}
	if len(text) > streamsql.MaxTextBytes {
		return bad("query", "The query has %d bytes; at most %d are taken.", len(text), streamsql.MaxTextBytes)
	}
	_, err := streamsql.Parse(text)
	return compiled(err)
}

// compiled is a mistake in a query as the service tells it, with its place.
func compiled(err error) error {
	s := jobs.SyntaxOf(err)
	if s == nil {
		return err
	}
	f := arm.Fail(http.StatusBadRequest, "BadRequest", "Query compilation error: Invalid syntax or binding at line '%d' and column '%d': %s", s.Line, s.Col, s.Msg)
	f.Details = []arm.Detail{{Code: "QueryCompilationError", Target: "transformation.query", Message: s.Error()}}
	return f
}

func (p Provider) functionFile(id arm.ID) string {
	return filepath.Join(p.folder(id.Names[0]), "Functions", id.Name()+".js")
}

func (p Provider) putFunction(ctx context.Context, c *arm.Call) error {
	if _, err := scriptOf(c.ID.Name(), c.Body); err != nil {
		return err
	}
	if err := p.stands(c.ID); err != nil {
		return err
	}
	if err := p.writeFunction(c.ID, c.Body); err != nil {
		return err
	}
	return p.changed(ctx, c.ID)
}

func (p Provider) writeFunction(id arm.ID, b arm.Body) error {
	f, err := scriptOf(id.Name(), b)
	if err != nil {
		return err
	}
	path := p.functionFile(id)
	about := path + ".json"
	if f.Aggregate {
		err = write(about, `{"Type": "JavaScript UDA"}`)
	} else if err = os.Remove(about); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = write(path, f.Source)
	}
	return err
}

func (p Provider) deleteFunction(ctx context.Context, c *arm.Call) error {
	if c.Whole {
		return nil // the folder goes with the job
	}
	if err := p.stands(c.ID); err != nil {
		return err
	}
	for _, path := range []string{p.functionFile(c.ID), p.functionFile(c.ID) + ".json"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return p.changed(ctx, c.ID)
}

// definesMain finds a script that names its function as the engine wants it.
var definesMain = regexp.MustCompile(`\bfunction\s+main\b|\bmain\s*=`)

// scriptOf is the function that a body is. The service takes one function of any name,
// or none.
func scriptOf(name string, b arm.Body) (f streamsql.Function, err error) {
	if err := partName(name); err != nil {
		return f, err
	}
	f.Name = name
	if f.Aggregate, err = oneOf(b.Object("properties"), "type", "Scalar", "Aggregate"); err != nil {
		return f, err
	}
	binding := b.Object("properties", "properties", "binding")
	if typ := binding.Text("type"); !strings.EqualFold(typ, "Microsoft.StreamAnalytics/JavascriptUdf") {
		return f, unserved("binding.type", "The function binding '"+typ+"'", "Microsoft.StreamAnalytics/JavascriptUdf")
	}
	f.Source = binding.Text("properties", "script")
	if strings.TrimSpace(f.Source) == "" {
		return f, bad("script", "The property 'script' must not be empty.")
	}
	if !definesMain.MatchString(f.Source) {
		f.Source = "var main = " + f.Source
	}
	if _, err := streamsql.Compile("SELECT 1 AS a INTO o FROM i", streamsql.Options{Functions: []streamsql.Function{f}}); err != nil {
		return f, bad("script", "The script of the function '%s' does not load: %s", name, err)
	}
	return f, nil
}
