package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// Template is what a new function can be made of.
type Template struct {
	Language string   // go, python, node or typescript
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
	{"typescript", []string{"ts"}, NodeTriggers},
}

var titles = map[string]Template{
	"http":            {Title: "HTTP trigger"},
	"eventhub":        {Title: "Azure Event Hub trigger", Flags: []string{"--hub"}},
	"cosmosdb":        {Title: "Azure Cosmos DB trigger", Flags: []string{"--database", "--container"}},
	"timer":           {Title: "Timer trigger", Flags: []string{"--schedule"}},
	"queue":           {Title: "Azure Queue Storage trigger", Flags: []string{"--queue"}},
	"blob":            {Title: "Azure Blob Storage trigger", Flags: []string{"--path"}},
	"kafka":           {Title: "Kafka trigger", Flags: []string{"--topic"}},
	"servicebus":      {Title: "Azure Service Bus Queue trigger", Flags: []string{"--queue"}},
	"servicebustopic": {Title: "Azure Service Bus Topic trigger", Flags: []string{"--topic", "--subscription"}},
	"warmup":          {Title: "Warmup trigger"},
}

// TriggersOf are the triggers that there are templates for in the language of the app
// in dir.
func TriggersOf(dir string) []string {
	if IsPython(dir) || IsNode(dir) {
		return AllTriggers
	}
	return Triggers
}

// Setting is the setting that a function needs and new apps have no value for, and
// what it looks like; "" when there is none.
func Setting(f Function) (name, example string) {
	kind, err := Trigger(f.Trigger, AllTriggers)
	switch {
	case err != nil:
	case kind == "kafka":
		return "KafkaBrokers", "localhost:9092"
	case kind == "servicebus", kind == "servicebustopic":
		return "ServiceBusConnection", "Endpoint=sb://NAMESPACE.servicebus.windows.net/;SharedAccessKeyName=NAME;SharedAccessKey=KEY"
	}
	return "", ""
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
