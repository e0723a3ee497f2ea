package localrun

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// readVisualStudio reads NAME.asaproj, the MSBuild file of Visual Studio's tools.
// Its items name the files of the project, under element names that have changed
// between versions; what an item is, is told by its SubType or its name.
func readVisualStudio(file string) (projectFile, error) {
	var p projectFile
	text, err := textfile.ReadPath(file, maxProjectFile)
	if err != nil {
		return p, err
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	var subType bool
	for {
		token, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return p, nil
		case err != nil:
			return p, fault.Wrap(fault.Invalid, file, err, "not the XML that belongs here")
		}
		switch t := token.(type) {
		case xml.StartElement:
			subType = t.Name.Local == "SubType"
			for _, a := range t.Attr {
				if a.Name.Local == "Include" {
					p.item(strings.ReplaceAll(a.Value, `\`, "/"))
				}
			}
		case xml.CharData:
			if n := len(p.Configurations); subType && n > 0 {
				p.Configurations[n-1].SubType = strings.TrimSpace(string(t))
			}
		case xml.EndElement:
			subType = false
		}
	}
}

// item adds a file of the project.
func (p *projectFile) item(file string) {
	name := strings.ToLower(path.Base(file))
	kind := ""
	switch {
	case strings.HasSuffix(name, ".asaql"):
		p.StartFile = file
		return
	case name == "jobconfig.json":
		kind = "JobConfig"
	case strings.HasSuffix(name, ".json") && (strings.HasPrefix(name, "local_") || strings.EqualFold(path.Dir(file), "Inputs")):
		kind = "InputMock"
	}
	p.Configurations = append(p.Configurations, projectItem{FilePath: file, SubType: kind})
}
