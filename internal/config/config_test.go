package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

const telemetry = `
name: telemetry
eventHubs:
  hubs:
    telemetry_events: {partitions: 2, retention: 24h, consumerGroups: [dashboard]}
    device_events: {}
cosmos:
  databases:
    serverless_db:
      containers:
        events: {partitionKey: /deviceId}
        tree:   {partitionKey: [/tenant, /user]}
functions:
  apps:
    telemetry: {path: .}
`

func TestParseFillsDefaults(t *testing.T) {
	cfg, err := Parse([]byte(telemetry), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Hub{
		"telemetry_events": {Partitions: 2, Retention: DefaultRetention, ConsumerGroups: []string{"dashboard"}},
		"device_events":    {Partitions: DefaultPartitions, Retention: DefaultRetention},
	}
	if diff := cmp.Diff(want, cfg.EventHubs.Hubs); diff != "" {
		t.Errorf("hubs (-want +got):\n%s", diff)
	}
	containers := cfg.Cosmos.Databases["serverless_db"].Containers
	if diff := cmp.Diff(StringList{"/tenant", "/user"}, containers["tree"].PartitionKey); diff != "" {
		t.Errorf("hierarchical key (-want +got):\n%s", diff)
	}
	if cfg.EventHubs.AMQPPort != 5672 || cfg.Cosmos.Port != 8081 || cfg.Functions.Port != 7071 {
		t.Errorf("ports lost: %d %d %d", cfg.EventHubs.AMQPPort, cfg.Cosmos.Port, cfg.Functions.Port)
	}
	if cfg.HubsAutoCreated(DefaultAccount) || cfg.ContainersAutoCreated(DefaultAccount) {
		t.Error("a project with a file must not create resources by itself")
	}
}

func TestNoFileIsAnEmptyProject(t *testing.T) {
	cfg, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.HubsAutoCreated(DefaultAccount) || cfg.HasFile {
		t.Error("without a file, hubs are created on first use")
	}
	if cfg.HubsAutoCreated("shop-evhns") || cfg.ContainersAutoCreated("shop-cosmos") {
		t.Error("what Resource Manager made has only what was made in it")
	}
	yes := true
	cfg.EventHubs.AutoCreate, cfg.Cosmos.AutoCreate = &yes, &yes
	if !cfg.HubsAutoCreated("shop-evhns") || !cfg.ContainersAutoCreated("shop-cosmos") {
		t.Error("who says autoCreate has it everywhere")
	}
}

func TestLoadTakesAFolderOrAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, []byte("name: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{dir, file} {
		cfg, err := Load(arg)
		if err != nil || cfg.Name != "x" || cfg.Dir != dir {
			t.Errorf("Load(%s) = %q in %q, %v", arg, cfg.Name, cfg.Dir, err)
		}
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing folder was accepted")
	}
}

// TestWhatIsCommentedOutKeepsItsDefault: a file or a section without anything
// in it is what it says, nothing.
func TestWhatIsCommentedOutKeepsItsDefault(t *testing.T) {
	for _, text := range []string{
		"", "\n", "# later\n", "---\n", "---\n# later\n...\n", "{}\n",
		"cosmos:\n", "cosmos:\n  # port: 1\neventHubs:\n",
		"cosmos:\n  port:\n  databases:\n", "data: {sync: }\n", "eventHubs:\n  hubs:\n    # a: {}\n",
	} {
		dir := t.TempDir()
		want := Default(dir)
		want.HasFile = true
		got, err := Parse([]byte(text), dir)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	cfg, err := Parse([]byte("eventHubs:\n  hubs:\n    a:\n    b: # all defaults\n"), t.TempDir())
	if err != nil || cfg.EventHubs.Hubs["a"].Partitions != DefaultPartitions || len(cfg.EventHubs.Hubs) != 2 {
		t.Errorf("hubs without settings: %+v, %v", cfg.EventHubs.Hubs, err)
	}
}

// TestRetentionForEver: 0 is no limit, and not what is missing.
func TestRetentionForEver(t *testing.T) {
	cfg, err := Parse([]byte("eventHubs: {hubs: {ever: {retention: 0}, zero: {retention: 0s, partitions: 2}, day: {partitions: 3}}}"), t.TempDir())
	want := map[string]Hub{
		"ever": {Partitions: DefaultPartitions}, "zero": {Partitions: 2}, "day": {Partitions: 3, Retention: DefaultRetention},
	}
	if diff := cmp.Diff(want, cfg.EventHubs.Hubs); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// TestFaultsNameTheirPath holds the texts a user sees: each begins with the
// path of the key, or shows the line.
func TestFaultsNameTheirPath(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown key", "evnetHubs: {}", "[1:1] evnetHubs: there is no such key; did you mean eventHubs?"},
		{"a mark of a Windows editor", "\ufeffevnetHubs: {}", "[1:1] evnetHubs: there is no such key; did you mean eventHubs?"},
		{"unknown key without a value", "cosmos:\n  prot:\n", "[2:3] cosmos.prot: there is no such key; did you mean port?"},
		{"a tab", "eventHubs:\n\thubs: {}", "[2:1] there is a tab; YAML indents by blanks"},
		{"wrong type", "eventHubs: {amqpPort: many}", "amqpPort"},
		{"no partitions", "eventHubs: {hubs: {a: {partitions: 0}}}", "eventHubs.hubs.a.partitions: is 0; must be from 1 to 1024"},
		{"unknown key of a hub", "eventHubs:\n  hubs:\n    a: {partition: 2}", "[3:9] eventHubs.hubs.a.partition: there is no such key; did you mean partitions?"},
		{"a hub that is none", "eventHubs: {hubs: {a: [1]}}", "[1:23] eventHubs.hubs.a: must hold keys, as in key: value; it is a list"},
		{"another case", "eventhubs: {}", "[1:1] eventhubs: there is no such key; did you mean eventHubs?"},
		{"neighbours that changed places twice", "cosmos: {databases: {d: {containers: {c: {aprtitionkye: /a}}}}}", "did you mean partitionKey?"},
		{"three letters of many", "cosmos: {databases: {d: {containers: {c: {indxingPollicies: {}}}}}}", "did you mean indexingPolicy?"},
		{"one for many", "streams: {}", "streams: there is no such key; did you mean stream?"},
		{"hub", "eventHubs: {hub: {}}", "eventHubs.hub: there is no such key; did you mean hubs?"},
		{"key's case", "cosmos: {databases: {d: {containers: {c: {partitionkey: /a}}}}}", "partitionkey: there is no such key; did you mean partitionKey?"},
		{"nothing near", "portal: {colour: blue}", "portal.colour: there is no such key; there are password, port"},
		{"a text for keys", "eventHubs: many", "[1:12] eventHubs: must hold keys, as in key: value; it is \"many\""},
		{"a word for a switch", "eventHubs: {autoCreate: maybe}", "[1:25] eventHubs.autoCreate: must be true or false"},
		{"keys for a text", "name: {a: b}", "name: must be a text; it is keys and values"},
		{"a text for a list", "hostNames: a", "[1:12] hostNames: must be a list, as in [a, b]; it is \"a\""},
		{"days", "eventHubs:\n  hubs:\n    a: {retention: 1 day}", "[3:20] eventHubs.hubs.a.retention: \"1 day\" is not a duration"},
		{"place of a fault", "cosmos:\n  consistency: Weird", "[2:16] cosmos.consistency: \"Weird\" is not one of"},
		{"place of what is missing", "functions:\n  apps:\n    a: {}", "[3:5] functions.apps.a.path: is missing"},
		{"place in a list", "eventHubs:\n  rules:\n    - {name: r, key: k, rights: [Read]}", "[3:25] eventHubs.rules[0].rights: "},
		{"half a partition", "eventHubs: {hubs: {a: {partitions: 1.5}}}", `eventHubs.hubs.a.partitions: "1.5" is not a whole number`},
		{"size beyond bytes", "eventHubs: {hubs: {a: {retentionMiB: 9000000000000}}}", "eventHubs.hubs.a.retentionMiB: is 9000000000000; must be from 0 to 16777216"},
		{"size beyond 64 bits", "eventHubs: {hubs: {a: {retentionMiB: 99999999999999999999}}}", "retentionMiB: is 99999999999999999999; must be"},
		{"ttl beyond 32 bits", "cosmos: {databases: {d: {containers: {c: {partitionKey: /a, defaultTtl: 4294967296}}}}}", "defaultTtl: is 4294967296; must be from -1 to 2147483647"},
		{"ttl below", "cosmos: {databases: {d: {containers: {c: {partitionKey: /a, defaultTtl: -2}}}}}", "defaultTtl: is -2; must be from -1"},
		{"port", "cosmos: {port: 70000}", "cosmos.port: is 70000; must be from 0 to 65535"},
		{"partitions", "eventHubs: {hubs: {a: {partitions: 5000}}}", "eventHubs.hubs.a.partitions: is 5000; must be from 1 to 1024"},
		{"hub name", "eventHubs: {hubs: {'a b': {}}}", "eventHubs.hubs.a b: a hub's name"},
		{"case twins", "eventHubs: {hubs: {a: {}, A: {}}}", "eventHubs.hubs.a: differs from A only in case"},
		{"default group", "eventHubs: {hubs: {a: {consumerGroups: [$default]}}}", "eventHubs.hubs.a.consumerGroups[0]: $Default is always there"},
		{"duration", "eventHubs: {hubs: {a: {retention: soon}}}", `"soon" is not a duration`},
		{"rights", "eventHubs: {rules: [{name: r, key: k, rights: [Read]}]}", `eventHubs.rules[0].rights: "Read" is not one of`},
		{"no key", "cosmos: {databases: {d: {containers: {c: {}}}}}", "cosmos.databases.d.containers.c.partitionKey: is missing"},
		{"key path", "cosmos: {databases: {d: {containers: {c: {partitionKey: deviceId}}}}}", "cosmos.databases.d.containers.c.partitionKey: \"deviceId\" is not a path"},
		{"ttl", "cosmos: {databases: {d: {containers: {c: {partitionKey: /a, defaultTtl: 0}}}}}", "cosmos.databases.d.containers.c.defaultTtl: is 0"},
		{"account key", "cosmos: {key: '*'}", "cosmos.key: is not base64"},
		{"consistency", "cosmos: {consistency: Weird}", `cosmos.consistency: "Weird" is not one of Strong, BoundedStaleness, Session`},
		{"endpoint", "cosmos: {endpoint: db.example.org}", `cosmos.endpoint: "db.example.org" is not a URL such as https://db.example.org:8081/`},
		{"job group", "stream: {jobs: {j: {inputs: {i: {consumerGroup: g, reference: {file: f}}}}}}", "stream.jobs.j.inputs.i.consumerGroup: belongs to a hub"},
		{"sync", "data: {sync: often}", `data.sync: "often" is not one of always, interval, none`},
		{"address", "listen: everywhere", `listen: "everywhere" is not an IP address`},
		{"portal password", "portal: {password: secret}", "portal.password: has 6 characters; at least 12"},
		{"host name", "hostNames: ['http://x']", `hostNames[0]: "http://x" is not a host name`},
		{"everybody's names", "hostNames: [ok.example.org, '*.example.org', '*.lan', '*.com']", `hostNames[3]: "*.com" are names of everybody`},
		{"a registry's names", "hostNames: ['*.co.uk']", `hostNames[0]: "*.co.uk" are names of everybody`},
		{"a hoster's names", "hostNames: ['*.GitHub.io']", `hostNames[0]: "*.GitHub.io" are names of everybody`},
		{"public cosmos key", "listen: 0.0.0.0", "cosmos.key: the emulator's well-known key is refused on 0.0.0.0"},
		{"public SAS key", "listen: 0.0.0.0", "eventHubs.rules[0].key: the emulator's well-known key is refused on 0.0.0.0"},
		{"app path", "functions: {apps: {a: {}}}", "functions.apps.a.path: is missing"},
		{"app folder", "functions: {apps: {a: {path: ./nowhere}}}", "functions.apps.a.path: there is no folder "},
		{"job limits", "stream: {jobs: {j: {limits: {keys: -1}}}}", "stream.jobs.j.limits.keys: is -1; must be from 0 to 2147483647"},
		{"job state", "stream: {jobs: {j: {limits: {stateMB: 4096}}}}", "stream.jobs.j.limits.stateMB: 4096 is more than 3072"},
		{"job functions", "stream: {jobs: {j: {functions: [none.js]}}}", "stream.jobs.j.functions[0]: there is no file "},
		{"job function folder", "stream: {jobs: {j: {functions: [.]}}}", "stream.jobs.j.functions[0]: . is not a .js file"},
		{"job partition key", "stream: {jobs: {j: {inputs: {i: {partitionKey: k, reference: {file: f}}}}}}", "stream.jobs.j.inputs.i.partitionKey: belongs to a hub"},
		{"job query", "stream: {jobs: {j: {inputs: {i: {hub: h}}, outputs: {o: {hub: h}}}}}", "stream.jobs.j.query: is missing"},
		{"job inputs", "stream: {jobs: {j: {query: none.asaql}}}", "stream.jobs.j.inputs: is missing"},
		{"job input", "stream: {jobs: {j: {inputs: {i: {}}}}}", "stream.jobs.j.inputs.i: needs one of hub, blob and reference"},
		{"job reference", "stream: {jobs: {j: {inputs: {i: {reference: {}}}}}}", "stream.jobs.j.inputs.i.reference: needs one of file, container and blob"},
		{"job output", "stream: {jobs: {j: {outputs: {o: {hub: h, file: f}}}}}", "stream.jobs.j.outputs.o: needs one of container, hub, function, dataset, blob and file"},
		{"job container", "stream: {jobs: {j: {outputs: {o: {container: c}}}}}", `stream.jobs.j.outputs.o.container: "c" is not database/container`},
		{"job function", "stream: {jobs: {j: {outputs: {o: {function: {app: a, route: r}}}}}}", `stream.jobs.j.outputs.o.function.app: "a" is not an app`},
		{"job id", "stream: {jobs: {j: {outputs: {o: {hub: h, id: x}}}}}", "stream.jobs.j.outputs.o.id: belongs to a container"},
		{"job start", "stream: {jobs: {j: {start: soon}}}", `stream.jobs.j.start: "soon" is not one of last, now, all`},
		{"job errors", "stream: {jobs: {j: {errors: ignore}}}", `stream.jobs.j.errors: "ignore" is not one of retry, drop`},
		{"job checkpoint", "stream: {jobs: {j: {checkpoint: 2h}}}", "stream.jobs.j.checkpoint: 2h0m0s is more than 1h0m0s"},
		{"job format", "stream: {jobs: {j: {outputs: {o: {hub: h, format: avro}}}}}", `stream.jobs.j.outputs.o.format: "avro" is not one of json, array, csv`},
		{"job format of a file", "stream: {jobs: {j: {outputs: {o: {file: f, format: csv}}}}}", "stream.jobs.j.outputs.o.format: belongs to a hub"},
		{"blob pattern", "stream: {jobs: {j: {inputs: {i: {blob: 'logs/{site}'}}}}}", "stream.jobs.j.inputs.i.blob: character 6: {site} is not known here"},
		{"blob container", "stream: {jobs: {j: {outputs: {o: {blob: Logs/x}}}}}", `stream.jobs.j.outputs.o.blob: "Logs" is no container`},
		{"blob dates", "stream: {jobs: {j: {outputs: {o: {blob: 'logs/{date}', dateFormat: YYYY}}}}}", `stream.jobs.j.outputs.o.dateFormat: the date format "YYYY" is not`},
		{"blob times", "stream: {jobs: {j: {inputs: {i: {reference: {blob: 'logs/{date}/{time}', timeFormat: mm}}}}}}", `stream.jobs.j.inputs.i.reference.timeFormat: the time format "mm" is not one of`},
		{"blob container of a column", "stream: {jobs: {j: {outputs: {o: {blob: '{site}/x'}}}}}", "stream.jobs.j.outputs.o.blob: the container's name \"{site}\" has a brace"},
		{"blob of reference data", "stream: {jobs: {j: {inputs: {i: {reference: {blob: tables}}}}}}", "stream.jobs.j.inputs.i.reference.blob: \"tables\" names a container alone"},
		{"blob format", "stream: {jobs: {j: {outputs: {o: {blob: logs/x, format: parquet}}}}}", `stream.jobs.j.outputs.o.format: "parquet" is not one of json, array, csv`},
		{"blob input format", "stream: {jobs: {j: {inputs: {i: {blob: logs/x, format: avro}}}}}", `stream.jobs.j.inputs.i.format: "avro" is not one of json, csv`},
		{"blob compression", "stream: {jobs: {j: {inputs: {i: {blob: logs/x, compression: zip}}}}}", `stream.jobs.j.inputs.i.compression: "zip" is not one of none, gzip, deflate`},
		{"blob partitions", "stream: {jobs: {j: {inputs: {i: {blob: logs/x, partitions: 4}}}}}", "stream.jobs.j.inputs.i.partitions: needs {partition} in the blob's path"},
		{"blob delimiter", "stream: {jobs: {j: {outputs: {o: {blob: logs/x, delimiter: ','}}}}}", "stream.jobs.j.outputs.o.delimiter: \",\" is not one of comma"},
		{"blob account", "stream: {jobs: {j: {outputs: {o: {blob: logs/x, account: other}}}}}", `stream.jobs.j.outputs.o.account: "other" is not in this file`},
		{"blob write mode", "stream: {jobs: {j: {outputs: {o: {blob: logs/x, writeMode: once}}}}}", "stream.jobs.j.outputs.o.writeMode: there is no such key"},
		{"delimiter of a hub", "stream: {jobs: {j: {outputs: {o: {hub: h, delimiter: tab}}}}}", "stream.jobs.j.outputs.o.delimiter: belongs to a blob"},
		{"compression of a hub", "stream: {jobs: {j: {inputs: {i: {hub: h, compression: gzip}}}}}", "stream.jobs.j.inputs.i.compression: belongs to a blob"},
		{"job properties", "stream: {jobs: {j: {outputs: {o: {hub: h, format: csv, properties: [a]}}}}}", "stream.jobs.j.outputs.o.properties: belong to a hub whose format is json"},
		{"process", "processes: {p: {}}", "processes.p.path: is missing"},
		{"process folder", "processes: {p: {path: ./nowhere}}", "processes.p.path: there is no folder "},
		{"broken", "name: [", "1 |"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.yaml), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want one with %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "Go struct") || strings.Contains(err.Error(), "Go value") || strings.Contains(err.Error(), "config.") {
				t.Errorf("the error speaks of this program: %v", err)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"7d": 7 * 24 * time.Hour, "90s": 90 * time.Second, "0.5d": 12 * time.Hour} {
		if d, err := parseDuration(text); err != nil || time.Duration(d) != want {
			t.Errorf("%s = %v, %v; want %v", text, time.Duration(d), err, want)
		}
	}
	for _, text := range []string{"-1s", "d", "", "1 week", "NaNd", "40000d"} {
		if d, err := parseDuration(text); err == nil {
			t.Errorf("%q was accepted as %v", text, time.Duration(d))
		}
	}
}

// TestNoRawNumbers: a whole number of the project file has a type with bounds.
func TestNoRawNumbers(t *testing.T) {
	var walk func(path string, typ reflect.Type)
	walk = func(path string, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(path, typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if f := typ.Field(i); f.Tag.Get("yaml") != "-" {
					walk(path+"."+f.Name, f.Type)
				}
			}
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float64:
			if _, bounded := reflect.New(typ).Interface().(yaml.NodeUnmarshaler); !bounded {
				t.Errorf("%s is a %v: anything of that size is accepted; use or add a type in values.go", path, typ)
			}
		}
	}
	walk("Config", reflect.TypeFor[Config]())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(telemetry))
	f.Add([]byte("name: ["))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = Parse(text, dir)
	})
}
