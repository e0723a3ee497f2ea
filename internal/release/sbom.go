package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// bom is a bill of materials: CycloneDX 1.6, as JSON.
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   bomMetadata `json:"metadata"`
	Components []component `json:"components"`
}

type bomMetadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// sbom lists what the linker put into the program, as the program itself tells,
// and what is in the portal's bundle.
func sbom(b build) (file, error) {
	info, err := buildinfo.Read(bytes.NewReader(b.program))
	if err != nil {
		return file{}, fmt.Errorf("what the program is made of: %w", err)
	}
	doc := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: bomMetadata{
		Timestamp: b.time.UTC().Format(time.RFC3339),
		Component: component{Type: "application", Ref: "lazuli", Name: "lazuli", Version: b.version.plain, PURL: "pkg:golang/" + info.Main.Path + "@" + b.version.plain},
	}}
	doc.Components = append(doc.Components, goComponent("std", strings.TrimPrefix(info.GoVersion, "go"), ""))
	for _, m := range info.Deps {
		doc.Components = append(doc.Components, module(m, b.version.plain))
	}
	for _, w := range b.bundled {
		purl := "pkg:npm/" + strings.Replace(w.Name, "@", "%40", 1) + "@" + w.Version
		doc.Components = append(doc.Components, component{Type: "library", Ref: purl, Name: w.Name, Version: w.Version, PURL: purl})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	name := fmt.Sprintf("lazuli_%s_%s_%s.cdx.json", b.version.plain, b.target.os, b.target.arch)
	return file{name: name, body: append(text, '\n')}, err
}

// module describes a module that the program is made of; one that is a folder of
// the repository has the program's version.
func module(m *debug.Module, own string) component {
	if m.Replace != nil && m.Replace.Version == "" {
		return goComponent(m.Path, own, "")
	}
	for m.Replace != nil {
		m = m.Replace
	}
	return goComponent(m.Path, m.Version, m.Sum)
}

func goComponent(path, version, sum string) component {
	purl := "pkg:golang/" + path + "@" + version
	c := component{Type: "library", Ref: purl, Name: path, Version: version, PURL: purl}
	if sum != "" {
		c.Properties = []property{{"go:sum", sum}}
	}
	return c
}
