package scaffold

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli"
)

// The modules that the functions package needs: two that it imports, and what
// those do.
var (
	imported = []string{"google.golang.org/grpc", "google.golang.org/protobuf"}
	indirect = []string{"golang.org/x/net", "golang.org/x/sys", "golang.org/x/text", "google.golang.org/genproto/googleapis/rpc"}
)

// versions are the versions that this program was built with, by module, and its
// version of Go.
func versions() (of map[string]string, language string, err error) {
	text, err := fs.ReadFile(lazuli.Sources, "go.mod")
	if err != nil {
		return nil, "", err
	}
	of = map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		switch {
		case len(words) == 2 && words[0] == "go":
			language = words[1]
		case len(words) >= 2 && strings.HasPrefix(words[1], "v"):
			of[words[0]] = words[1]
		}
	}
	for _, m := range append(append([]string{}, imported...), indirect...) {
		if of[m] == "" {
			return nil, "", fmt.Errorf("go.mod requires no %s", m)
		}
	}
	return of, language, nil
}

// libraryMod is the go.mod of the functions package in an app.
func libraryMod() ([]byte, error) {
	of, language, err := versions()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "module %s\n\ngo %s\n\nrequire (\n", module, language)
	for _, m := range imported {
		fmt.Fprintf(&out, "\t%s %s\n", m, of[m])
	}
	out.WriteString(")\n\nrequire (\n")
	for _, m := range indirect {
		fmt.Fprintf(&out, "\t%s %s // indirect\n", m, of[m])
	}
	out.WriteString(")\n")
	return out.Bytes(), nil
}

// appMod is the go.mod of an app.
func appMod(name string) ([]byte, error) {
	of, language, err := versions()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "module %s\n\ngo %s\n\nrequire %s v0.0.0\n\nrequire (\n", name, language, module)
	for _, m := range append(append([]string{}, indirect...), imported...) {
		fmt.Fprintf(&out, "\t%s %s // indirect\n", m, of[m])
	}
	fmt.Fprintf(&out, ")\n\nreplace %s => ./%s\n", module, libraryDir)
	return out.Bytes(), nil
}

// sumsOf are the lines of go.sum that an app needs once its author takes a
// further module and Go looks again at those that are there.
func sumsOf() ([]byte, error) {
	text, err := fs.ReadFile(lazuli.Sources, "go.sum")
	if err != nil {
		return nil, err
	}
	wanted := regexp.MustCompile(`^(google\.golang\.org/(grpc|protobuf|genproto/googleapis/rpc)|golang\.org/x/(net|sys|text)) `)
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if wanted.Match(line) {
			out.Write(line)
		}
	}
	return out.Bytes(), nil
}
