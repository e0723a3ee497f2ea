package app

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	ownKey  = "bXkgb3duIGtleSwgd2hpY2ggaXMgbm90IHRoZSBlbXVsYXRvcidzCg=="
	oneHub  = "eventHubs: {hubs: {readings: {partitions: 1}}}\n"
	oneBase = "cosmos: {databases: {db: {containers: {docs: {partitionKey: /k}}}}}\n"
)

func certificatePool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// projectKeys are name, listen, hostNames, data and portal.
func projectKeys() map[string]keyCase {
	portalAt := func(r *rig) string { return r.code(instance.Portal, "/api/jobs") }
	return map[string]keyCase{
		"name": {yaml: "name: my project", want: "my project", probe: func(r *rig) string {
			var s portal.Summary
			named := func() string { return r.portal("GET", "/api/summary", "", &s) + s.Name }
			return r.until(named, func(name string) bool { return name != "" })
		}},
		"listen": {
			// where other machines may come, the portal asks who they are
			yaml: "{listen: 0.0.0.0, cosmos: {key: " + ownKey + "}, eventHubs: {rules: [{name: r, key: own, rights: [Send]}]}}",
			want: "401", probe: portalAt,
		},
		"hostNames": {yaml: "hostNames: [lazuli.example.org]", want: "200 403", probe: func(r *rig) string {
			return r.code(instance.Portal, "/api/jobs", "Host", "lazuli.example.org") + " " + r.code(instance.Portal, "/api/jobs", "Host", "other.example.org")
		}},
		"data.folder": {yaml: "data: {folder: elsewhere}\n" + oneHub, want: "elsewhere", probe: func(r *rig) string {
			r.send("readings", "x")
			return strings.Join(holding(r.dir, "hubs"), " ")
		}},
		"data.sync": {yaml: "data: {sync: none}\n" + oneHub + oneBase, want: "", probe: func(r *rig) string {
			return r.synced(200 * time.Millisecond)
		}},
		"data.syncInterval": {yaml: "data: {sync: interval, syncInterval: 1m}\n" + oneHub + oneBase, want: "", probe: func(r *rig) string {
			return r.synced(2 * time.Second) // the default's is 50 ms
		}},
		"portal.port": {yaml: "portal: {port: PORT}", want: "200", probe: func(r *rig) string {
			code, text := r.call("GET", fmt.Sprintf("http://127.0.0.1:%d/api/jobs", r.port), "")
			return orText(code, text)
		}},
		"portal.password": {yaml: "portal: {password: open sesame now}", want: "401 401 200", probe: func(r *rig) string {
			return portalAt(r) + " " + r.code(instance.Portal, "/api/jobs", "Authorization", "Bearer another one") + " " +
				r.code(instance.Portal, "/api/jobs", "Authorization", "Bearer open sesame now")
		}},
	}
}

func orText(code int, text string) string {
	if code == 0 {
		return text
	}
	return fmt.Sprint(code)
}

// holding names the folders in dir that hold a folder of the name.
func holding(dir, name string) []string {
	found, err := filepath.Glob(filepath.Join(dir, "*", name))
	if err != nil {
		return []string{err.Error()}
	}
	var all []string
	for _, path := range found {
		all = append(all, filepath.Base(filepath.Dir(path)))
	}
	return all
}

// synced stores an event and a document and says which of them storage made
// durable within the time.
func (r *rig) synced(within time.Duration) string {
	mark := r.calls.mark()
	r.send("readings", "x")
	if fault := r.portal("POST", r.databases()+"/db/containers/docs/items", `{"id":"1","k":"a"}`, nil); fault != "" {
		return fault
	}
	r.patience = min(r.patience, within)
	return strings.TrimSpace(r.fields(2, func() string {
		said := ""
		for _, part := range []string{"hubs", "kv"} {
			if r.calls.count(mark, part, vfs.OpSync, vfs.OpSyncData) > 0 {
				said += part + " "
			}
		}
		return said
	}))
}

// greeter is a program that says its argument and a variable of its environment.
const greeter = `package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	fmt.Println("hello", fmt.Sprint(os.Args[1:]), os.Getenv("GREETING"))
	time.Sleep(time.Hour)
}
`

// processKeys are the helper programs.
func processKeys() map[string]keyCase {
	files := map[string]string{"helper/main.go": greeter, "helper/go.mod": "module helper\n\ngo 1.26\n"}
	said := func(r *rig) string {
		r.patience = keyWait // it is built first
		return r.until(func() string {
			_, rest, _ := strings.Cut(r.log.String(), "hello ")
			line, _, _ := strings.Cut(rest, `"`)
			return line
		}, func(line string) bool { return line != "" })
	}
	one := "processes: {p: {path: helper, args: [a, b], env: {GREETING: you}}}"
	return map[string]keyCase{
		"processes.*.path": {yaml: one, files: files, want: "[a b] you", probe: said},
		"processes.*.args": {yaml: one, files: files, want: "[a b] you", probe: said},
		"processes.*.env":  {yaml: one, files: files, want: "[a b] you", probe: said},
		"processes.*.disabled": {
			yaml:  "processes: {p: {path: helper, args: [off], disabled: true}, q: {path: helper, args: [on]}}",
			files: files, want: "on",
			probe: func(r *rig) string {
				r.patience = keyWait
				both := func() string {
					text := ""
					for _, name := range []string{"off", "on"} {
						if strings.Contains(r.log.String(), "hello ["+name+"]") {
							text += name + " "
						}
					}
					return text
				}
				r.until(both, func(s string) bool { return strings.Contains(s, "on") })
				r.patience = 5 * time.Second // the other is built beside it
				return strings.TrimSpace(r.fields(2, both))
			},
		},
	}
}
