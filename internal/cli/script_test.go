package cli

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/outside"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == outside.StageVerb {
		os.Exit(outside.Stage(os.Args[2:]))
	}
	testscript.Main(m, map[string]func(){
		"lazuli":  func() { os.Exit(Main(os.Args[1:])) },
		"greeter": greeter,
		"relayer": relayer,
		"patient": patient,
	})
}

// relayer is a custom handler: each event becomes a document, a blob, a message and a row,
// where the function has outputs for them.
func relayer() {
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Data struct{ Event json.RawMessage }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return // it is asked whether it is there
		}
		outputs := map[string]any{
			"document": map[string]string{"id": "relayed"}, "copy": string(in.Data.Event), "message": "relayed",
			"row": map[string]string{"PartitionKey": "p", "RowKey": rand.Text()},
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"Outputs": outputs}); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// patient is a custom handler: fill gives out three hundred messages, and each of them is
// noted in a file beside the app once there is no file hold there.
func patient() {
	var noting sync.Mutex
	http.HandleFunc("/fill", func(w http.ResponseWriter, _ *http.Request) {
		orders := make([]string, 300)
		for i := range orders {
			orders[i] = fmt.Sprintf("order %d", i)
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"Outputs": map[string]any{"orders": orders}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	http.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Data struct{ Order json.RawMessage }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for {
			if _, err := os.Stat(filepath.Join("..", "hold")); err != nil {
				break
			}
			<-time.After(20 * time.Millisecond)
		}
		noting.Lock()
		defer noting.Unlock()
		f, err := os.OpenFile(filepath.Join("..", "handled.txt"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintf(f, "%s\n", in.Data.Order)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), nil)
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// greeter is a custom handler: each function answers with its name and the headers
// that say who calls, and writes two lines to its log.
func greeter() {
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Data struct {
				Req *struct{ Headers map[string][]string } // nil for what is no request
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return // it is asked whether it is there
		}
		answer := map[string]any{"Logs": []string{"a line of " + r.URL.Path, "a second one"}}
		if in.Data.Req != nil {
			body := strings.TrimPrefix(r.URL.Path, "/") + " greets"
			for name, values := range in.Data.Req.Headers {
				if strings.HasPrefix(strings.ToLower(name), "x-ms-") {
					body += " " + strings.ToLower(name) + "=" + values[0]
				}
			}
			answer["Outputs"] = map[string]any{"res": map[string]any{"statusCode": 200, "body": body}}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestScripts runs the command line as a user does: each script in
// testdata/script starts a lazuli of its own on free ports and talks to it.
//
// Beyond testscript's own commands: `ready` waits until the project in the
// current folder runs, `freeport VARIABLE ...` finds free ports, `put DB CONTAINER FILE [FIELD ...]` stores the documents
// of an NDJSON file under the partition key of these fields, `awaitfile FILE TEXT` waits until a file that a background command
// writes holds the text, `awaitrows DB CONTAINER N` until the container has N
// documents, `web` asks an HTTP door, `unzip` unpacks a file, `identity` starts a managed identity endpoint for what follows,
// `azmissing` takes an installed az out of PATH, `azcalls` makes the calls of testdata/azcalls.txt.
// The repository's examples are the folder examples.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("LAZULI_RUN_DIR", filepath.Join(env.WorkDir, ".run"))
			if home, err := os.UserHomeDir(); err == nil { // where rustup looks for its compilers
				env.Setenv("RUSTUP_HOME", cmp.Or(os.Getenv("RUSTUP_HOME"), filepath.Join(home, ".rustup")))
			}
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GORACE", os.Getenv("GORACE")) // how long each command waits for races when it ends
			env.Setenv("DOCUMENTS", "AccountEndpoint=https://default.documents.azure.com:443/;AccountKey="+config.EmulatorCosmosKey+";")
			env.Setenv("HUBS", "Endpoint=sb://default.servicebus.windows.net/;SharedAccessKeyName="+config.EmulatorSASKeyName+";SharedAccessKey="+config.EmulatorSASKey)
			for _, folder := range []string{"GOCACHE", "GOMODCACHE"} { // they are found by HOME
				out, err := exec.Command("go", "env", folder).Output()
				if err != nil {
					return err
				}
				env.Setenv(folder, strings.TrimSpace(string(out)))
			}
			examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
			if err != nil {
				return err
			}
			return os.Symlink(examples, filepath.Join(env.WorkDir, "examples"))
		},
		Condition: func(name string) (bool, error) {
			if name != "azure" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return azureCanBeHere()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":     scriptReady,
			"freeport":  scriptFreePort,
			"put":       scriptPut,
			"awaitfile": scriptAwaitFile,
			"awaitrows": scriptAwaitRows,
			"identity":  scriptIdentity,
			"web":       scriptWeb,
			"unzip":     scriptUnzip,
			"azmissing": scriptAzMissing,
			"azcalls":   scriptAzCalls,
		},
	})
}

// azureCanBeHere reports whether this machine lets a program have names, ports
// and a network of its own; the scripts are then about that, and else about what
// lazuli exec says.
func azureCanBeHere() (bool, error) {
	for _, network := range []outside.Network{outside.Private, outside.Auto} {
		room, err := outside.Open(context.Background(), outside.World{Names: []string{"a.example"}}, network, nil)
		if err != nil {
			return false, nil
		}
		missing := room.Names
		room.Close()
		if len(missing) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// scriptDeadline is how long a script waits for a server, which may have to build
// an app first.
const scriptDeadline = 3 * time.Minute

func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: ready")
	}
	for end := time.Now().Add(scriptDeadline); time.Now().Before(end); {
		if info, ok := scriptInstance(ts); ok && info.Ready {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	ts.Fatalf("lazuli is not ready after %v", scriptDeadline)
}

// scriptFreePort sets each variable that is named to a port nobody listens on.
func scriptFreePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport VARIABLE ...")
	}
	given := map[int]bool{}
	for _, name := range args {
		port, err := testkit.FreePort()
		for ; err == nil && given[port]; port, err = testkit.FreePort() {
		}
		ts.Check(err)
		given[port] = true
		ts.Setenv(name, strconv.Itoa(port))
	}
}

func scriptAwaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaitfile FILE TEXT")
	}
	for end := time.Now().Add(scriptDeadline); time.Now().Before(end); {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(text), args[1]) {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	ts.Fatalf("%s does not hold %q after %v", args[0], args[1], scriptDeadline)
}

func scriptAwaitRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: awaitrows DB CONTAINER N")
	}
	container := scriptContainer(ts, args[0], args[1])
	got := ""
	for end := time.Now().Add(scriptDeadline); time.Now().Before(end); {
		page, err := container.NewQueryItemsPager("SELECT VALUE COUNT(1) FROM c", azcosmos.NewPartitionKey(), nil).NextPage(context.Background())
		ts.Check(err)
		if got = string(bytes.Join(page.Items, nil)); got == args[2] {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	ts.Fatalf("%s/%s has %s documents after %v, want %s", args[0], args[1], got, scriptDeadline, args[2])
}

// scriptUnzip unpacks a zip into a folder, with the modes of its files.
func scriptUnzip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unzip FILE DIR")
	}
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	for _, f := range z.File {
		at := filepath.Join(ts.MkAbs(args[1]), filepath.FromSlash(f.Name))
		ts.Check(os.MkdirAll(filepath.Dir(at), 0o755))
		in, err := f.Open()
		ts.Check(err)
		text, err := io.ReadAll(in)
		ts.Check(err)
		ts.Check(os.WriteFile(at, text, f.Mode().Perm()))
	}
}

// scriptWeb asks as a browser or a program would: web METHOD SERVICE PATH
// STATUS [NAME:VALUE ...]. The body of a POST is {"input":"x"}, as JSON unless
// a header says otherwise; Host is a header too.
func scriptWeb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: web METHOD SERVICE PATH STATUS [NAME:VALUE ...]")
	}
	info, ok := scriptInstance(ts)
	if !ok {
		ts.Fatalf("no lazuli runs here")
	}
	req, err := http.NewRequest(args[0], "http://"+info.Addresses[args[1]]+args[2], strings.NewReader(`{"input":"x"}`))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range args[4:] {
		name, value, _ := strings.Cut(h, ":")
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value
		}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if got := strconv.Itoa(resp.StatusCode); got != args[3] {
		ts.Fatalf("%s: %s %s", strings.Join(args[:3], " "), got, body)
	}
}

// scriptContainer is a container of the project in the current folder.
func scriptContainer(ts *testscript.TestScript, db, name string) *azcosmos.ContainerClient {
	info, ok := scriptInstance(ts)
	if !ok {
		ts.Fatalf("no lazuli runs here")
	}
	local, err := connect.Of(info, connect.Choice{})
	ts.Check(err)
	client, err := localCosmos(info, local, &azcosmos.ClientOptions{})
	ts.Check(err)
	container, err := client.NewContainer(db, name)
	ts.Check(err)
	return container
}

// scriptInstance reads what `lazuli up` publishes in its data folder.
func scriptInstance(ts *testscript.TestScript) (info instance.Info, ok bool) {
	text, err := os.ReadFile(ts.MkAbs(filepath.Join(".lazuli", instance.File)))
	return info, err == nil && json.Unmarshal(text, &info) == nil
}

func scriptPut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: put DB CONTAINER FILE [FIELD ...]")
	}
	fields := args[3:]
	if len(fields) == 0 {
		fields = []string{"deviceId"}
	}
	container := scriptContainer(ts, args[0], args[1])
	ctx, cancel := context.WithTimeout(context.Background(), scriptDeadline)
	defer cancel()
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		var doc map[string]any
		ts.Check(json.Unmarshal([]byte(line), &doc))
		key := azcosmos.NewPartitionKey()
		for _, field := range fields {
			key = key.AppendString(text(doc[field]))
		}
		_, err := container.UpsertItem(ctx, key, []byte(line), nil)
		ts.Check(err)
	}
}
