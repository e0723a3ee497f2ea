package scaffold

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed" // the archive
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/lazuli-dev/lazuli"
)

//go:generate go run ./pack

// vendored is a vendor folder without the functions package: modules.txt, and of
// each module the files that a target platform compiles, with their licences.
//
//go:embed vendor.tar.gz
var vendored []byte

// The module that the functions package is in, and where an app has it.
const (
	module     = "github.com/lazuli-dev/lazuli"
	libraryDir = "third_party/lazuli"
)

// packages of the module that an app gets.
var packages = []string{"functions", "functions/functionstest", "internal/funcrpc"}

// libraryFiles are the functions package where go.mod points, and the vendor
// folder.
func libraryFiles() ([]file, error) {
	ours, err := packageFiles()
	if err != nil {
		return nil, err
	}
	var files []file
	for _, f := range ours {
		files = append(files, file{libraryDir + "/" + f.name, f.text}, file{"vendor/" + module + "/" + f.name, f.text})
	}
	mod, err := libraryMod()
	if err != nil {
		return nil, err
	}
	sums, err := sumsOf()
	if err != nil {
		return nil, err
	}
	files = append(files, file{libraryDir + "/go.mod", mod}, file{libraryDir + "/go.sum", sums})
	others, err := archived()
	return append(files, others...), err
}

// packageFiles are the sources of our packages without their tests, and the
// licence.
func packageFiles() ([]file, error) {
	var files []file
	for _, dir := range packages {
		entries, err := fs.ReadDir(lazuli.Sources, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			name := path.Join(dir, e.Name())
			text, err := fs.ReadFile(lazuli.Sources, name)
			if err != nil {
				return nil, err
			}
			files = append(files, file{name, text})
		}
	}
	text, err := fs.ReadFile(lazuli.Sources, "LICENSE")
	return append(files, file{"LICENSE", text}), err
}

// archived unpacks the modules of others.
func archived() ([]file, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(vendored))
	if err != nil {
		return nil, fmt.Errorf("the archive of modules: %w", err)
	}
	var files []file
	for in := tar.NewReader(unzip); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the archive of modules: %w", err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("the archive of modules: %w", err)
		}
		files = append(files, file{"vendor/" + header.Name, text})
	}
}
