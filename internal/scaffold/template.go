package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// Template is what a new function can be made of.
type Template struct {
	Language string   // go, python or node
	Trigger  string   // as in Function
	Title    string   // what Azure's tools call it
	Flags    []string // that fill it in
}

// languageTriggers are the languages in which functions are written, and the triggers
// that each has templates for.
var languageTriggers = []struct {
	language string
	also     []string // other words for it
	triggers []string
}{
	{"go", []string{"golang", "native", "custom"}, Triggers},
	{"python", nil, PythonTriggers},
	{"node", []string{"javascript", "js"}, NodeTriggers},
}

var titles = map[string]Template{
	"http":     {Title: "HTTP trigger"},
	"eventhub": {Title: "Azure Event Hub trigger", Flags: []string{"--hub"}},
	"cosmosdb": {Title: "Azure Cosmos DB trigger", Flags: []string{"--database", "--container"}},
	"timer":    {Title: "Timer trigger", Flags: []string{"--schedule"}},
	"queue":    {Title: "Azure Queue Storage trigger", Flags: []string{"--queue"}},
	"blob":     {Title: "Azure Blob Storage trigger", Flags: []string{"--path"}},
}

// Languages are the languages that have templates.
func Languages() []string {
	var names []string
	for _, l := range languageTriggers {
		names = append(names, l.language)
	}
	return names
}

// TemplatesOf lists the templates of a language, or of all for "".
func TemplatesOf(language string) ([]Template, error) {
	said := strings.ToLower(language)
	var all []Template
	for _, l := range languageTriggers {
		if said != "" && said != l.language && !slices.Contains(l.also, said) {
			continue
		}
		for _, name := range l.triggers {
			t := titles[name]
			t.Language, t.Trigger = l.language, name
			all = append(all, t)
		}
	}
	if all == nil {
		return nil, fmt.Errorf("no templates are in the language %q; there are %s", language, strings.Join(Languages(), ", "))
	}
	return all, nil
}
