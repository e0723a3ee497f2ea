// Command trim shortens a copy of the azurerm provider's source to some of its
// services: a program that takes a quarter of an hour to build becomes one of
// minutes. The code of the services that stay is the provider's own, to the byte;
// only the four lists that name every service lose the others.
//
//	trim -services storage,eventhub -clients relay FOLDER
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lists are the files of the provider that name every service.
var lists = []string{
	"internal/clients/client.go",
	"internal/clients/client_gen.go",
	"internal/provider/services.go",
	"internal/provider/services_gen.go",
}

func main() {
	services := flag.String("services", "", "names of the services that stay, with commas")
	clients := flag.String("clients", "", "services of which only the client stays, for the others to call")
	flag.Parse()
	if flag.NArg() != 1 || *services == "" {
		flag.Usage()
		os.Exit(2)
	}
	stay := strings.Split(*services, ",")
	known := slices.Concat(stay, strings.Split(*clients, ","))
	if err := trim(flag.Arg(0), stay, known); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

// trim shortens the lists of a provider: of resources to those of the services that
// stay, of clients to those that are known.
func trim(provider string, stay, known []string) error {
	for _, name := range known {
		if _, err := os.Stat(filepath.Join(provider, "internal/services", name)); err != nil {
			return fmt.Errorf("the provider has no service %q", name)
		}
	}
	for _, list := range lists {
		keep := stay
		if strings.HasPrefix(list, "internal/clients/") {
			keep = known
		}
		path := filepath.Join(provider, list)
		text, err := shorten(path, keep)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shorten is a file without what names a service that goes.
func shorten(source string, keep []string) ([]byte, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, source, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	gone := goners(file, keep)
	fields := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			n.List = slices.DeleteFunc(n.List, func(s ast.Stmt) bool { return builds(s, gone, fields) })
		case *ast.CompositeLit: // registrations
			n.Elts = slices.DeleteFunc(n.Elts, func(e ast.Expr) bool { return names(e, gone) })
		}
		return true
	})
	ast.Inspect(file, func(n ast.Node) bool {
		if n, ok := n.(*ast.StructType); ok {
			n.Fields.List = slices.DeleteFunc(n.Fields.List, func(f *ast.Field) bool {
				return len(f.Names) == 1 && fields[f.Names[0].Name]
			})
		}
		return true
	})
	dropUnused(file)
	file.Comments = nil
	var text bytes.Buffer
	if err := format.Node(&text, files, file); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// goners are the names by which a file knows the services that go.
func goners(file *ast.File, keep []string) map[string]bool {
	gone := map[string]bool{}
	for _, spec := range file.Imports {
		_, service, ok := strings.Cut(imported(spec), "/internal/services/")
		if !ok {
			continue
		}
		service, _, _ = strings.Cut(service, "/")
		if !slices.Contains(keep, service) {
			gone[alias(spec)] = true
		}
	}
	return gone
}

// builds reports whether a statement makes the client of a service that goes,
// and notes the field that would hold it.
func builds(s ast.Stmt, gone, fields map[string]bool) bool {
	if made, ok := s.(*ast.IfStmt); ok && made.Init != nil {
		s = made.Init
	}
	assign, ok := s.(*ast.AssignStmt)
	if !ok || !names(assign, gone) {
		return false
	}
	field, ok := assign.Lhs[0].(*ast.SelectorExpr)
	if ok {
		fields[field.Sel.Name] = true
	}
	return ok
}

// names reports whether a node names one of some packages.
func names(n ast.Node, packages map[string]bool) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && packages[x.Name] {
				found = true
			}
		}
		return !found
	})
	return found
}

// dropUnused takes the imports away that nothing names any more.
func dropUnused(file *ast.File) {
	for _, decl := range file.Decls {
		imports, ok := decl.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			continue
		}
		imports.Specs = slices.DeleteFunc(imports.Specs, func(spec ast.Spec) bool {
			return !names(file, map[string]bool{alias(spec.(*ast.ImportSpec)): true})
		})
	}
}

func imported(spec *ast.ImportSpec) string {
	name, _ := strconv.Unquote(spec.Path.Value) // the parser has read it
	return name
}

// alias is what a file calls a package.
func alias(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(imported(spec))
}
