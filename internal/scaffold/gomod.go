package scaffold

import (
	"bytes"
	"fmt"
	"strings"
)

// requirements are the lines of the functions package's go.mod that say what it
// needs, in their order, and its version of Go.
func requirements(mod []byte) (of []string, language string, err error) {
	for line := range strings.Lines(string(mod)) {
		line = strings.TrimSuffix(strings.TrimSpace(line), " // indirect")
		words := strings.Fields(strings.TrimPrefix(line, "require "))
		switch {
		case len(words) == 2 && words[0] == "go":
			language = words[1]
		case len(words) == 2 && strings.HasPrefix(words[1], "v"):
			of = append(of, line)
		}
	}
	if len(of) == 0 || language == "" {
		return nil, "", fmt.Errorf("the go.mod of %s does not say what it needs", module)
	}
	return of, language, nil
}

// appMod is the go.mod of an app.
func appMod(name string, library []file) ([]byte, error) {
	of, language, err := requirements(find(library, "go.mod"))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "module %s\n\ngo %s\n\nrequire %s v0.0.0\n\nrequire (\n", name, language, module)
	for _, line := range of {
		fmt.Fprintf(&out, "\t%s // indirect\n", line)
	}
	fmt.Fprintf(&out, ")\n\nreplace %s => ./%s\n", module, libraryDir)
	return out.Bytes(), nil
}

// find returns the text of one of the files, nil: it is none of them.
func find(files []file, name string) []byte {
	for _, f := range files {
		if f.name == name {
			return f.text
		}
	}
	return nil
}
