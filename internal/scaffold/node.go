package scaffold

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// Of a Node app: its package.json, where the files that register functions are, and
// the file that those in TypeScript have.
const (
	nodePackage   = "package.json"
	nodeFunctions = "src/functions"
	compilerFile  = "tsconfig.json"
)

// NodeTriggers are what can start a new function in JavaScript or TypeScript.
var NodeTriggers = AllTriggers

// IsNode reports whether dir holds an app that asks for @azure/functions.
func IsNode(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, nodePackage))
	return err == nil && bytes.Contains(text, []byte(`"@azure/functions"`))
}

// IsTypeScript reports whether the Node app in dir is compiled from TypeScript.
func IsTypeScript(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, compilerFile))
	return err == nil && IsNode(dir)
}

// InitNode writes a Node app without functions, in JavaScript or in TypeScript, and
// returns its files.
func InitNode(dir string, typed bool) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	own, more := "node/", []struct{ name, template string }{
		{"host.json", "node/host.json"}, {"local.settings.json", "node/local.settings.json"}, {".gitignore", "node/gitignore"},
	}
	if typed {
		own = "typescript/"
		more = append(more[:2], struct{ name, template string }{".gitignore", own + "gitignore"}, struct{ name, template string }{compilerFile, own + compilerFile})
	}
	text, err := nodeText(own+"package.json.tmpl", Function{Name: nodeName(filepath.Base(dir))})
	if err != nil {
		return nil, err
	}
	files := []file{{nodePackage, text}}
	for _, f := range more {
		text, err := fs.ReadFile(templates, "templates/"+f.template)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, text})
	}
	return writeNew(dir, files)
}

// nodeName is a name as npm allows it.
func nodeName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if clean = strings.Trim(clean, "-"); clean == "" {
		return "app"
	}
	return clean
}

// AddNode writes the file of a function and returns its path below the app's
// folder.
func AddNode(f Function) (string, error) {
	if !functionName.MatchString(f.Name) {
		return "", fmt.Errorf("--name %q: a function's name has up to 127 letters, digits, _ and -, and begins with a letter", f.Name)
	}
	kind, err := Trigger(f.Trigger, NodeTriggers)
	if err != nil {
		return "", err
	}
	from, end := "node/", ".js"
	if IsTypeScript(f.Dir) {
		from, end = "typescript/", ".ts"
	}
	if err := loadsFunctions(f.Dir, end == ".ts"); err != nil {
		return "", err
	}
	f.fill()
	if err := f.quotable(); err != nil {
		return "", err
	}
	text, err := nodeText(from+kind+end+".tmpl", f)
	if err != nil {
		return "", err
	}
	name := filepath.Join(filepath.FromSlash(nodeFunctions), f.Name+end)
	if err := os.MkdirAll(filepath.Join(f.Dir, filepath.Dir(name)), 0o755); err != nil {
		return "", err
	}
	out, err := os.OpenFile(filepath.Join(f.Dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s is there already", filepath.Join(f.Dir, name))
	}
	if err != nil {
		return "", err
	}
	_, err = out.Write(text)
	return name, errors.Join(err, out.Close())
}

// loadsFunctions demands that what main names takes in the files of functions, or
// what they are compiled to, and that they are what the templates are written as.
func loadsFunctions(dir string, typed bool) error {
	path := filepath.Join(dir, nodePackage)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var p struct{ Main, Type string }
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	main := strings.TrimPrefix(p.Main, "./")
	inSource := strings.HasPrefix(main, "src/")
	if inSource == typed || !strings.Contains(main, "functions/*.js") && !strings.Contains(main, "**") {
		return fmt.Errorf("%s: \"main\" is %q, which does not take in %s/*.js, where functions are written; write the function by hand", path, p.Main, nodeFunctions)
	}
	if p.Type == "module" && !typed {
		return fmt.Errorf("%s: \"type\" is \"module\", and the templates are CommonJS; write the function by hand", path)
	}
	return nil
}

// nodeText fills a template in. What a person gave stands between quotes of
// JavaScript.
func nodeText(name string, f Function) ([]byte, error) {
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, f)
	return out.Bytes(), err
}
