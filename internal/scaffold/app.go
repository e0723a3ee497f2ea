package scaffold

import (
	"embed"
	"io/fs"
	"strings"
)

// The files of a new app, and of a function for each trigger; those of Go end
// in .tmpl so that they are no part of this program.
//
//go:embed templates
var templates embed.FS

// appFiles are the app's own files but for those of its module.
func appFiles(name string) ([]file, error) {
	var files []file
	for _, f := range []struct{ name, template string }{
		{"main.go", "main.go.tmpl"},
		{"host.json", "host.json"},
		{"local.settings.json", "local.settings.json"},
		{".gitignore", "gitignore"},
	} {
		text, err := fs.ReadFile(templates, "templates/"+f.template)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, []byte(strings.ReplaceAll(string(text), "MODULE", name))})
	}
	return files, nil
}
