package main

import "fmt"

// archive is what people download and unpack: the program, and what one must
// read with it.
func archive(b build) (file, error) {
	name := fmt.Sprintf("lazuli_%s_%s_%s", b.version.plain, b.target.os, b.target.arch)
	files := append([]file{{name: name + "/" + b.target.program(), body: b.program, program: true}}, inFolder(name, b.texts)...)
	pack, suffix := tarGz, ".tar.gz"
	if b.target.os == "windows" {
		pack, suffix = zipped, ".zip"
	}
	body, err := pack(files, b.time)
	return file{name: name + suffix, body: body}, err
}

func inFolder(folder string, files []file) []file {
	moved := make([]file, len(files))
	for i, f := range files {
		f.name = folder + "/" + f.name
		moved[i] = f
	}
	return moved
}
