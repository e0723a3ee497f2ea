package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// workerApp is a function app that answers /api/who with its process id and a word,
// and the same handler as a program of its own.
type workerApp struct {
	name   string
	files  map[string]string // of the app, by path; WORD is the word
	source string            // the file whose change changes the answer; "": none
	peer   string            // the file of the bare program
	text   string
	also   string   // another function, which does the same in another way
	run    []string // how it is run; the port is the last argument
}

// workerApps are the apps, one per language.
func workerApps() []workerApp {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []workerApp{
		{
			name: "Go", source: "main.go", run: []string{self},
			files: map[string]string{"host.json": hostJSON, "main.go": goApp},
		},
		{
			name: "Python", source: "function_app.py", peer: "bare.py", text: barePython, run: []string{"python3", "bare.py"}, also: "later",
			files: map[string]string{"host.json": hostJSON, "function_app.py": pythonApp, "requirements.txt": "azure-functions\n"},
		},
		{
			name: "Node", source: "index.js", peer: "bare.js", text: bareNode, run: []string{"node", "bare.js"},
			files: map[string]string{"host.json": hostJSON, "index.js": nodeApp, "package.json": `{"name": "app", "main": "index.js", "dependencies": {"@azure/functions": "^4.5.0"}}`},
		},
		{
			name: "custom handler (Go), forwarded", run: []string{self},
			files: map[string]string{
				"host.json":         fmt.Sprintf(`{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": %q, "arguments": ["serve-bare"]}, "enableForwardingHttpRequest": true}}`, self),
				"who/function.json": `{"bindings": [{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous"}, {"type": "http", "direction": "out", "name": "$return"}]}`,
			},
		},
	}
}

const hostJSON = `{"version": "2.0"}`

const goApp = `package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/lazuli-dev/lazuli/functions"
)

func main() {
	app := functions.New()
	app.HTTP("who", functions.HTTPTrigger{Auth: functions.AuthAnonymous}, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getpid(), " WORD")
	})
	app.Main()
}
`

const pythonApp = `import os
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="who")
def who(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("%d WORD" % os.getpid())


@app.route(route="later")
async def later(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("%d WORD" % os.getpid())
`

const nodeApp = `const { app } = require('@azure/functions');
app.http('who', { authLevel: 'anonymous', handler: async () => ({ body: process.pid + ' WORD' }) });
`

const barePython = `import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, else Nagle makes them 40 ms

    def do_GET(self):
        body = b"%d one" % os.getpid()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
`

const bareNode = `require('http').createServer((_, res) => res.end(process.pid + ' one')).listen(Number(process.argv[2]), '127.0.0.1');
`

// serveBare is this program as a handler in Go, bare or custom; ok is false when it
// is none.
func serveBare() (ok bool, err error) {
	var port string
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve-bare":
		port = os.Args[2]
	case len(os.Args) == 2 && os.Args[1] == "serve-bare":
		port = os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	default:
		return false, nil
	}
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getpid(), " one")
	})}
	return true, server.ListenAndServe()
}

// bare runs the bare program and measures it in the same way.
func (a workerApp) bare(ctx context.Context, l *lab) ([]time.Duration, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	free.Close()
	args := append(append([]string{}, a.run...), port)
	if a.peer == "" {
		args = []string{a.run[0], "serve-bare", port}
	} else if err := os.WriteFile(filepath.Join(l.dir, a.peer), []byte(a.text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = l.dir
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill() // it serves for ever
		_ = cmd.Wait()
	}()
	url := "http://127.0.0.1:" + port + "/"
	if _, err := awaitAnswer(ctx, url, func(string) bool { return true }); err != nil {
		return nil, err
	}
	return latencies(url, workerRequests)
}
