package scaffold

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"strings"
)

// appMain is the place in a program where its app, made by functions.New, is
// about to run: the statement app.Main().
type appMain struct {
	path string
	text []byte
	at   int    // offset of the statement
	app  string // the variable's name
}

// parseMain looks for the place in a file. program reports whether the file is of
// package main.
func parseMain(set *token.FileSet, path string, text []byte) (found *appMain, program bool, err error) {
	parsed, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, false, err
	}
	if parsed.Name.Name != "main" {
		return nil, false, nil
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "main" || f.Recv != nil || f.Body == nil {
			continue
		}
		for _, s := range f.Body.List {
			if app := runsApp(s); app != "" {
				return &appMain{path, text, set.Position(s.Pos()).Offset, app}, true, nil
			}
		}
	}
	return nil, true, nil
}

// runsApp returns the variable of a statement like app.Main(), or "".
func runsApp(s ast.Stmt) string {
	statement, ok := s.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	call, ok := statement.X.(*ast.CallExpr)
	if !ok {
		return ""
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "Main" {
		return ""
	}
	if variable, ok := method.X.(*ast.Ident); ok {
		return variable.Name
	}
	return ""
}

// register adds a call with the app before it runs.
func (m *appMain) register(call string) error {
	text := string(m.text[:m.at]) + call + "(" + m.app + ")\n\t" + string(m.text[m.at:])
	out, err := format.Source([]byte(text))
	if err != nil {
		return err
	}
	if strings.Contains(string(m.text), "\r\n") {
		out = []byte(strings.ReplaceAll(string(out), "\n", "\r\n"))
	}
	return rewrite(m.path, out)
}
