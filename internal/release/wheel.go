package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

const summary = "A whole Azure real-time pipeline in one program, offline and durable: Event Hubs, Functions, Cosmos DB, Stream Analytics, dashboards."

// wheel is a package for pip whose one content is the program: what is in
// NAME.data/scripts lands on the PATH of the environment (the binary
// distribution format of the Python packaging guide, "The .data directory").
func wheel(b build) (file, error) {
	base := "lazuli-" + b.version.python
	info := base + ".dist-info/"
	files := []file{
		{name: base + ".data/scripts/" + b.target.program(), body: b.program, program: true},
		{name: info + "METADATA", body: []byte(b.metadata())},
		{name: info + "WHEEL", body: []byte(b.wheelTags())},
	}
	files = append(files, inFolder(strings.TrimSuffix(info, "/")+"/licenses", b.texts)...)
	files = append(files, file{name: info + "RECORD", body: record(files, info+"RECORD")})
	body, err := zipped(files, b.time)
	return file{name: fmt.Sprintf("%s-py3-none-%s.whl", base, b.target.wheel), body: body}, err
}

func (b build) metadata() string {
	return fmt.Sprintf(`Metadata-Version: 2.4
Name: lazuli
Version: %s
Summary: %s
License-Expression: MIT
Requires-Python: >=3.8
Description-Content-Type: text/markdown

%s`, b.version.python, summary, packageReadme)
}

func (b build) wheelTags() string {
	var tags strings.Builder
	tags.WriteString("Wheel-Version: 1.0\nGenerator: lazuli\nRoot-Is-Purelib: false\n")
	for _, platform := range strings.Split(b.target.wheel, ".") {
		fmt.Fprintf(&tags, "Tag: py3-none-%s\n", platform)
	}
	return tags.String()
}

// record lists the files with their hashes and sizes, itself without.
func record(files []file, itself string) []byte {
	var lines strings.Builder
	for _, f := range files {
		sum := sha256.Sum256(f.body)
		fmt.Fprintf(&lines, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.body))
	}
	return []byte(lines.String() + itself + ",,\n")
}
