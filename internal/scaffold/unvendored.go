package scaffold

import "fmt"

// Unvendored writes an app that imports all packages of ours and has no vendor
// folder yet, for pack to make one.
func Unvendored(dir string) error {
	ours, err := packageFiles()
	if err != nil {
		return err
	}
	var files []file
	for _, f := range ours {
		files = append(files, file{libraryDir + "/" + f.name, f.text})
	}
	library, err := libraryMod()
	if err != nil {
		return err
	}
	app, err := appMod("example.org/app")
	if err != nil {
		return err
	}
	sums, err := sumsOf()
	if err != nil {
		return err
	}
	program := fmt.Sprintf("package main\n\nimport (\n\t_ %q\n\t_ %q\n)\n\nfunc main() {}\n", module+"/functions", module+"/functions/functionstest")
	_, err = writeNew(dir, append(files,
		file{libraryDir + "/go.mod", library}, file{libraryDir + "/go.sum", sums},
		file{"go.mod", app}, file{"go.sum", sums}, file{"main.go", []byte(program)}))
	return err
}
