package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed npm/lazuli.js
var launcher embed.FS

// npmPackage is the common part of a package.json.
type npmPackage struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Description string            `json:"description"`
	License     string            `json:"license"`
	OS          []string          `json:"os,omitempty"`
	CPU         []string          `json:"cpu,omitempty"`
	Bin         map[string]string `json:"bin,omitempty"`
	Engines     map[string]string `json:"engines,omitempty"`
	Optional    map[string]string `json:"optionalDependencies,omitempty"`
}

// npmProgram is the package of one system: the program and nothing to run. npm
// installs it where os and cpu fit.
func npmProgram(b build) (file, error) {
	manifest := npmPackage{
		Name: npmName(b.target), Version: b.version.npm, License: "MIT",
		Description: fmt.Sprintf("The program of the package lazuli for %s on %s", b.target.node[0], b.target.node[1]),
		OS:          []string{b.target.node[0]}, CPU: []string{b.target.node[1]},
	}
	return npmTar(b, manifest, file{name: "bin/" + b.target.program(), body: b.program, program: true})
}

// npmLauncher is the package that people install: a command that runs the
// program of the package for their system, which comes with it.
func npmLauncher(b build, all []target) (file, error) {
	script, err := launcher.ReadFile("npm/lazuli.js")
	if err != nil {
		return file{}, err
	}
	manifest := npmPackage{
		Name: "lazuli", Version: b.version.npm, License: "MIT", Description: summary,
		Bin: map[string]string{"lazuli": "bin/lazuli.js"}, Engines: map[string]string{"node": ">=18"}, Optional: map[string]string{},
	}
	for _, t := range all {
		manifest.Optional[npmName(t)] = b.version.npm
	}
	return npmTar(b, manifest, file{name: "bin/lazuli.js", body: script, program: true}, file{name: "README.md", body: []byte(packageReadme)})
}

func npmName(t target) string { return "lazuli-" + t.node[0] + "-" + t.node[1] }

func npmTar(b build, manifest npmPackage, files ...file) (file, error) {
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return file{}, err
	}
	files = slices.Concat([]file{{name: "package.json", body: append(text, '\n')}}, files, b.licences())
	body, err := tarGz(inFolder("package", files), b.time)
	return file{name: fmt.Sprintf("%s-%s.tgz", manifest.Name, manifest.Version), body: body}, err
}
