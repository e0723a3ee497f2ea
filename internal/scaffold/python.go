package scaffold

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// pythonScript declares the functions of a Python app.
const pythonScript = "function_app.py"

// PythonTriggers are what can start a new function in Python.
var PythonTriggers = AllTriggers

// IsPython reports whether dir holds a Python app in which functions are declared
// by decorators.
func IsPython(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, pythonScript))
	return err == nil
}

// InitPython writes a Python app without functions and returns its files.
func InitPython(dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, f := range []struct{ name, template string }{
		{pythonScript, "function_app.py.tmpl"},
		{"requirements.txt", "requirements.txt"},
		{"host.json", "host.json"},
		{"local.settings.json", "local.settings.json"},
		{".gitignore", "gitignore"},
	} {
		text, err := fs.ReadFile(templates, "templates/python/"+f.template)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, text})
	}
	return writeNew(dir, files)
}

// appObject finds the app in a script: app = func.FunctionApp(...).
var appObject = regexp.MustCompile(`(?m)^(\w+)\s*=\s*(?:\w+\.)*(?:FunctionApp|DFApp|AsgiFunctionApp|WsgiFunctionApp)\(`)

// AddPython appends a function to the app's function_app.py.
func AddPython(f Function) error {
	if !functionName.MatchString(f.Name) {
		return fmt.Errorf("--name %q: a function's name has up to 127 letters, digits, _ and -, and begins with a letter", f.Name)
	}
	kind, err := Trigger(f.Trigger, PythonTriggers)
	if err != nil {
		return err
	}
	path := filepath.Join(f.Dir, pythonScript)
	script, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := appObject.FindSubmatch(script)
	if found == nil {
		return fmt.Errorf("%s makes no FunctionApp() by itself; write the function by hand", path)
	}
	text, err := pythonFunction(f, kind)
	if err != nil {
		return err
	}
	if regexp.MustCompile(`(?m)^(?:async )?def `+regexp.QuoteMeta(pythonName(f.Name))+`\(`).Match(script) ||
		bytes.Contains(script, []byte(`function_name(name="`+f.Name+`")`)) {
		return fmt.Errorf("%s has a function %s already", path, f.Name)
	}
	text = bytes.Replace(text, []byte("@app."), append(append([]byte("@"), found[1]...), '.'), -1)
	script = append(bytes.TrimRight(script, "\n"), "\n\n\n"...)
	return rewrite(path, append(withImports(script, text), text...))
}

// withImports adds the imports that a function needs and a script lacks, before
// the first that it has.
func withImports(script, function []byte) []byte {
	for _, i := range []struct{ uses, line string }{
		{"List[", "from typing import List"},
		{"logging.", "import logging"},
		{"func.", "import azure.functions as func"},
	} {
		if bytes.Contains(function, []byte(i.uses)) && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(i.line)+`\b`).Match(script) {
			at := regexp.MustCompile(`(?m)^(?:import|from) `).FindIndex(script)
			if at == nil {
				at = []int{0, 0}
			}
			script = slices.Concat(script[:at[0]], []byte(i.line+"\n"), script[at[0]:])
		}
	}
	return script
}

// pythonFunction is the text of a function.
func pythonFunction(f Function, kind string) ([]byte, error) {
	f.fill()
	if err := f.quotable(); err != nil {
		return nil, err
	}
	t, err := template.ParseFS(templates, "templates/python/"+kind+".py.tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	name := pythonName(f.Name)
	if name != f.Name {
		out.WriteString(`@app.function_name(name="` + f.Name + "\")\n")
	}
	err = t.Execute(&out, struct {
		Function
		Python string
	}{f, name})
	return out.Bytes(), err
}

// pythonWords cannot be names of functions.
var pythonWords = strings.Fields(`False None True and as assert async await break class continue def del elif else except
	finally for from global if import in is lambda nonlocal not or pass raise return try while with yield app func logging List`)

// pythonName is a function's name as one in Python.
func pythonName(name string) string {
	name = strings.ReplaceAll(name, "-", "_")
	if slices.Contains(pythonWords, name) {
		return name + "_"
	}
	return name
}
