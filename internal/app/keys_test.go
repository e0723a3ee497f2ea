package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// keyCase holds one key of the project file against what the application does.
// It runs with the YAML as it stands and with the key taken out: the first must
// show what is wanted, the second something else. So a key that is read and
// forgotten, anywhere on its way, fails.
type keyCase struct {
	yaml  string // holds the key; PORT in it is a free port
	files map[string]string
	// before puts things into storage before the application starts. May be nil.
	before func(t *testing.T, s *dataFolder)
	// probe says what the key does, as seen from outside: by clients, in files.
	probe func(r *rig) string
	want  string
	in    string // the namespace or account that clients name; "": what localhost means
}

// keyCases are the cases of all keys: one for each, and none that is no key.
func keyCases(t *testing.T) map[string]keyCase {
	all := map[string]keyCase{}
	for _, table := range []map[string]keyCase{
		projectKeys(), processKeys(), hubKeys(), namespaceKeys(), cosmosKeys(), accountKeys(), functionKeys(), jobKeys(), jobInputKeys(), jobOutputKeys(), elsewhere(), networkKeys(), jobLimitKeys(), identityKeys(), storageKeys(), jobBlobKeys(), gatewayKeys(t), insightsKeys(),
	} {
		maps.Copy(all, table)
	}
	return all
}

// keysAtOnce is how many cases run side by side: most of their time they wait.
const keysAtOnce = 10

// TestEveryKeyDoesSomething walks every key of the project file.
func TestEveryKeyDoesSomething(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir()) // where instances are published
	cases := keyCases(t)
	keys := keyPaths(reflect.TypeFor[config.Config](), "")
	for _, key := range slices.Sorted(maps.Keys(cases)) {
		if !slices.Contains(keys, key) {
			t.Errorf("%s: there is a case, but no such key", key)
		}
	}
	slots := make(chan struct{}, keysAtOnce)
	var running sync.WaitGroup
	for _, key := range keys {
		c, ok := cases[key]
		if !ok {
			t.Errorf("%s: no case shows that the key does something", key)
			continue
		}
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(key, func(t *testing.T) { c.check(t, key) })
		})
	}
	running.Wait()
}

func (c keyCase) check(t *testing.T, key string) {
	results := map[bool]string{}
	var mu sync.Mutex // guards results
	var running sync.WaitGroup
	for _, without := range []bool{false, true} {
		running.Go(func() {
			got := c.run(t, key, without)
			mu.Lock()
			defer mu.Unlock()
			results[without] = got
		})
	}
	running.Wait()
	if got := results[false]; got != c.want {
		t.Errorf("with the key: %s; want %s", got, c.want)
	}
	if got := results[true]; got == c.want {
		t.Errorf("without the key it is %s too", got)
	}
	t.Logf("with %q, without %q", results[false], results[true])
}

// keyPaths lists the keys of a type, as in stream.jobs.*.late: * stands for a
// name that the user gives, and for an item of a list.
func keyPaths(of reflect.Type, path string) []string {
	switch of.Kind() {
	case reflect.Pointer:
		return keyPaths(of.Elem(), path)
	case reflect.Map, reflect.Slice:
		if nested := keyPaths(of.Elem(), path+".*"); len(nested) != 1 || nested[0] != path+".*" {
			return nested
		}
	case reflect.Struct:
		var all []string
		for i := range of.NumField() {
			f := of.Field(i)
			switch name := f.Tag.Get("yaml"); name {
			case "-":
			case ",inline":
				all = append(all, keyPaths(f.Type, path)...)
			default:
				all = append(all, keyPaths(f.Type, strings.TrimPrefix(path+"."+name, "."))...)
			}
		}
		return all
	}
	return []string{path}
}

// TestKeyPaths holds the walk against a type of every shape.
func TestKeyPaths(t *testing.T) {
	type leaf struct {
		A string   `yaml:"a"`
		B []string `yaml:"b"`
	}
	got := keyPaths(reflect.TypeFor[struct {
		One  leaf            `yaml:"one"`
		Some []leaf          `yaml:"some"`
		Map  map[string]leaf `yaml:"map"`
		Ptr  *leaf           `yaml:"ptr"`
		Free map[string]any  `yaml:"free"`
		Deep [][]string      `yaml:"deep"`
		Not  string          `yaml:"-"`
		leaf `yaml:",inline"`
	}](), "")
	want := "one.a one.b some.*.a some.*.b map.*.a map.*.b ptr.a ptr.b free deep a b"
	if strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// keyPorts are the ports that a case does not care about.
var keyPorts = []string{"eventHubs.amqpPort", "eventHubs.amqpsPort", "cosmos.port", "functions.port", "portal.port", "identity.port", "storage.blobPort", "storage.queuePort", "storage.tablePort", "gateway.port", "applicationInsights.port"}

// projectFile is the text of a case's project file: with free ports, and
// without the key if so.
func (c keyCase) projectFile(t *testing.T, key string, port int, without bool) []byte {
	t.Helper()
	tree := map[string]any{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(c.yaml, "PORT", fmt.Sprint(port))), &tree); err != nil {
		t.Errorf("%s: %v", c.yaml, err)
	}
	for _, free := range keyPorts {
		section, name, _ := strings.Cut(free, ".")
		in, ok := tree[section].(map[string]any)
		if !ok {
			in = map[string]any{}
			tree[section] = in
		}
		if _, given := in[name]; !given {
			in[name] = 0
		}
	}
	if without && cut(tree, strings.Split(key, ".")) == 0 {
		t.Errorf("the case's project file has no %s", key)
	}
	text, err := yaml.Marshal(tree)
	if err != nil {
		t.Error(err)
	}
	return text
}

// cut takes a key out of a YAML tree and says how often it was there.
func cut(tree any, path []string) int {
	n := 0
	switch in := tree.(type) {
	case map[string]any:
		if len(path) == 1 {
			_, there := in[path[0]]
			delete(in, path[0])
			return map[bool]int{true: 1}[there]
		}
		for name, below := range in {
			if path[0] == "*" || path[0] == name {
				n += cut(below, path[1:])
			}
		}
	case []any:
		for _, below := range in {
			n += cut(below, path[1:])
		}
	}
	return n
}

// TestMain is the worker of the function app in these tests where a functions
// host started it.
func TestMain(m *testing.M) {
	if os.Getenv("FUNCTIONS_WORKER_DIRECTORY") != "" && !slices.Contains(os.Args, bellRinger) && !slices.ContainsFunc(os.Args, func(a string) bool { return a == siteHandler || a == behindHandler || a == insightsHandler }) {
		keysWorker(functions.New())
	}
	os.Exit(m.Run())
}

// TestEveryKeyIsInTheGuides: what the project file can say, both guides show,
// in code.
func TestEveryKeyIsInTheGuides(t *testing.T) {
	code := regexp.MustCompile("(?s)```yaml\n.*?```|`[^`\n]+`")
	for _, guide := range []string{"project-file.md", "ko/project-file.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(guide)))
		if err != nil {
			t.Fatal(err)
		}
		shown := strings.Join(code.FindAllString(string(text), -1), "\n")
		for _, key := range keyPaths(reflect.TypeFor[config.Config](), "") {
			if last := key[strings.LastIndex(key, ".")+1:]; !regexp.MustCompile(`\b` + last + `\b`).MatchString(shown) {
				t.Errorf("docs/%s does not show %s", guide, key)
			}
		}
	}
}
