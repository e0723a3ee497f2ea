package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"go/build"
	"go/format"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Function is a function to add to an app. Fields that its trigger has no use for
// are passed over.
type Function struct {
	Dir      string // of the app
	Name     string
	Trigger  string // one of Triggers
	Hub      string // "": events
	Database string // "": app
	// Container is what a Cosmos DB function watches; "": items.
	Container string
	Schedule  string // NCRONTAB with seconds; "": every minute
	Queue     string // of storage or Service Bus; "": work
	Path      string // of blobs; "": uploads/{name}
	Topic     string // of Kafka or Service Bus; "": events
	// Subscription is of a topic of Service Bus; "": all.
	Subscription string
}

// Triggers are what can start a new function in Go.
var Triggers = []string{"http", "eventhub", "cosmosdb", "timer", "queue", "blob"}

// AllTriggers are those of the other languages.
var AllTriggers = append(slices.Clone(Triggers), "kafka", "servicebus", "servicebustopic", "warmup")

// words that Azure's tools and portal call a trigger by, put together.
var otherWords = strings.NewReplacer(" ", "", "-", "", "_", "", "azure", "", "trigger", "")

// Trigger returns the trigger that somebody means, of those that a language has: one
// of them, or the name of a template in Azure's tools, as "Azure Event Hub trigger".
func Trigger(said string, has []string) (string, error) {
	word := otherWords.Replace(strings.ToLower(said))
	for name, words := range map[string][]string{
		"http": {"http"}, "eventhub": {"eventhub", "eventhubs"}, "cosmosdb": {"cosmosdb", "cosmos"}, "timer": {"timer"},
		"queue": {"queue", "queuestorage"}, "blob": {"blob", "blobstorage"}, "kafka": {"kafka"}, "warmup": {"warmup"},
		"servicebus": {"servicebus", "servicebusqueue"}, "servicebustopic": {"servicebustopic"},
	} {
		if slices.Contains(words, word) && slices.Contains(has, name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("no template is for the trigger %q; there are %s", said, strings.Join(has, ", "))
}

// functionName is what Azure allows.
var functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,126}$`)

// Add writes the function's file and registers it where the app's main function
// has made the app. It returns the file's name, and the line that is left to
// write by hand where no place for it was found; "" when the function is registered.
func Add(f Function) (name, byHand string, err error) {
	if !functionName.MatchString(f.Name) {
		return "", "", fmt.Errorf("--name %q: a function's name has up to 127 letters, digits, _ and -, and begins with a letter", f.Name)
	}
	if f.Trigger, err = Trigger(f.Trigger, Triggers); err != nil {
		return "", "", err
	}
	app, err := findApp(f.Dir)
	if err != nil {
		return "", "", err
	}
	text, err := f.source()
	if err != nil {
		return "", "", err
	}
	name = f.fileName()
	if _, err := writeNew(f.Dir, []file{{name, text}}); err != nil {
		return "", "", err
	}
	call := "register" + goName(f.Name)
	if app == nil {
		return name, call + "(app)", nil
	}
	if err := app.register(call); err != nil {
		return "", "", errors.Join(err, os.Remove(filepath.Join(f.Dir, name)))
	}
	return name, "", nil
}

// fileName is the name of the function's file: one that Go does not take for a
// test, or for a file of another system.
func (f Function) fileName() string {
	name := strings.ToLower(strings.ReplaceAll(f.Name, "-", "_"))
	nowhere := build.Context{GOOS: "none", GOARCH: "none", Compiler: "gc", OpenFile: func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("package main\n")), nil
	}}
	if rest, ok := strings.CutSuffix(name, "_test"); ok {
		return rest + "_function.go"
	}
	if everywhere, err := nowhere.MatchFile("", name+".go"); err != nil || !everywhere {
		return name + "_function.go"
	}
	return name + ".go"
}

// source is the function's file.
func (f Function) source() ([]byte, error) {
	f.fill()
	t, err := template.ParseFS(templates, "templates/"+f.Trigger+".go.tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Function
		Go string
	}{f, goName(f.Name)})
	if err != nil {
		return nil, err
	}
	return format.Source(out.Bytes())
}

// fill gives what is not said the values that the fields' comments tell.
func (f *Function) fill() {
	for value, fallback := range map[*string]string{&f.Hub: "events", &f.Database: "app", &f.Container: "items", &f.Schedule: "0 * * * * *", &f.Queue: "work", &f.Path: "uploads/{name}", &f.Topic: "events", &f.Subscription: "all"} {
		if *value == "" {
			*value = fallback
		}
	}
}

// quotable refuses values that cannot stand between the quotes of Python and
// JavaScript.
func (f *Function) quotable() error {
	for _, value := range []string{f.Name, f.Hub, f.Database, f.Container, f.Schedule, f.Queue, f.Path, f.Topic, f.Subscription} {
		if strings.ContainsAny(value, "'\"\\\n\r`") {
			return fmt.Errorf("%q cannot be written into a program: it has a quote, a backslash or a line's end", value)
		}
	}
	return nil
}

// goName is the function's name as the end of a Go identifier.
func goName(name string) string {
	var out strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' || r == '-' }) {
		out.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return out.String()
}

// ErrNoApp says that a folder holds no function app in Go.
var ErrNoApp = errors.New("no function app in Go is here; `lazuli func init` makes one")

// findApp finds where the program in dir makes its app; nil: it does so in a way
// that this does not know.
func findApp(dir string) (*appMain, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	isProgram := false
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		main, program, err := parseMain(token.NewFileSet(), name, text)
		if err != nil {
			return nil, err
		}
		if main != nil {
			return main, nil
		}
		isProgram = isProgram || program
	}
	if !isProgram {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, ErrNoApp
	}
	return nil, nil
}
