package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/outside"
)

// The ports that clients of Azure assume.
const (
	httpsPort = 443
	amqpsPort = 5671
)

// world is the running instance as programs outside are to find it.
// choice says whose connection strings they are given, private which accounts they
// reach by their private endpoints.
func (s *session) world(choice connect.Choice, private []string) (outside.World, error) {
	info, err := s.instance()
	if err != nil {
		return outside.World{}, err
	}
	inside, err := privateHosts(info, private)
	if err != nil {
		return outside.World{}, err
	}
	facts, err := connect.Of(info, choice)
	if err != nil {
		return outside.World{}, err
	}
	authority, err := os.ReadFile(info.CAFile)
	if err != nil {
		return outside.World{}, err
	}
	w := outside.World{
		Names: azureNames(info), Within: cloudNames(info), Local: localNames(info), Authority: authority,
		Later: later(info),
		Standard: []outside.Port{
			{Number: amqpsPort, ByName: len(inside) > 0, To: func(name string) string {
				i := now(info)
				return inside.at(i, name, i.Addresses[instance.AMQPS])
			}},
			{Number: httpsPort, ByName: true, To: func(name string) string {
				i := now(info)
				return inside.at(i, name, byName(i, name))
			}},
		},
	}
	for service, address := range info.Addresses {
		if port := portNumber(address); port != 0 {
			w.Listeners = append(w.Listeners, address)
			w.Own = append(w.Own, outside.Port{Number: port, To: func(string) string { return reachable(now(info).Addresses[service]) }})
		}
	}
	w.Set, w.Unset = execVariables(facts, info)
	w.StandIns, err = standIns(info)
	return w, err
}

// execVariables are those of `lazuli env` that are no matter of trust, and
// those of identity. One that names an account of ours by its name in Azure stays as
// it is: it means that account, and leads here.
func execVariables(facts connect.Facts, info instance.Info) (set []outside.Variable, unset []string) {
	identity := connect.Identity(info)
	manage := connect.Manage(info)
	for _, v := range slices.Concat(facts.Variables(), identity, manage) {
		if len(manage) > 0 && v.Name == storageConnection { // az takes it in place of --account-name
			continue
		}
		if v.Value != info.CAFile && v.Value != info.CABundle && !namesOurs(info, os.Getenv(v.Name)) {
			set = append(set, outside.Variable(v))
		}
	}
	for i, v := range set {
		if v.Name == connect.Given {
			set[i].Value = given(v.Value, set)
		}
	}
	set = append(set, outside.Variable{Name: projectVariable, Value: info.Dir, Note: "lazuli's own commands talk to this project"})
	if len(identity) > 0 {
		unset = connect.Stray(os.Getenv, isTenant(info, os.Getenv("AZURE_TENANT_ID")))
	}
	return set, unset
}

// given are those of some names that are set.
func given(names string, set []outside.Variable) string {
	all := slices.DeleteFunc(strings.Split(names, ","), func(name string) bool {
		return !slices.ContainsFunc(set, func(v outside.Variable) bool { return v.Name == name })
	})
	return strings.Join(all, ",")
}

// namesOurs reports whether a setting has the host name of something that is here.
func namesOurs(info instance.Info, value string) bool {
	words := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
	return slices.ContainsFunc(append(azureNames(info), info.Telemetry...), func(host string) bool { return slices.Contains(words, strings.ToLower(host)) })
}

// isTenant asks the issuer whether a tenant is the project's.
func isTenant(info instance.Info, tenant string) bool {
	if tenant == "" {
		return false
	}
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	address := url.URL{Scheme: "http", Host: reachable(info.Addresses[instance.Identity]), Path: "/" + tenant + "/v2.0/.well-known/openid-configuration"}
	res, err := client.Get(address.String())
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// cloudHosts are Azure's own: where programs sign in that name no authority of
// their own, where resources are managed, and where people and applications are
// looked up. They mean this lazuli under `lazuli exec` alone, and not in the
// machine's hosts file: there, signing in to Azure itself would end.
var cloudHosts = []string{"login.microsoftonline.com", "management.azure.com", "graph.microsoft.com"}

// cloudNames are those of cloudHosts that are here.
func cloudNames(info instance.Info) []string {
	var names []string
	if info.Addresses[instance.Identity] != "" {
		names = slices.Clone(cloudHosts)
	}
	if info.Addresses[instance.Insights] != "" {
		names = append(names, info.Telemetry...)
	}
	return names
}

func isCloudHost(name string) bool {
	return slices.ContainsFunc(cloudHosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// later tells the names that an instance has now, and reads its file only where
// that was written anew.
func later(was instance.Info) func() (names, below []string) {
	var read os.FileInfo
	return func() (names, below []string) {
		file, err := os.Stat(filepath.Join(was.DataDir, instance.File))
		if err != nil || read != nil && os.SameFile(file, read) && file.ModTime().Equal(read.ModTime()) && file.Size() == read.Size() {
			return nil, nil
		}
		read = file
		info := now(was)
		return azureNames(info), localNames(info)
	}
}

// azureNames are the host names of what exists.
func azureNames(info instance.Info) []string {
	var names []string
	for _, a := range info.Accounts {
		names = append(names, a.Hosts...)
	}
	return names
}

// localNames are the names of namespaces and accounts on lazuli's own ports. Few
// machines know a name below localhost.
func localNames(info instance.Info) []string {
	var names []string
	for _, a := range info.Accounts {
		name := strings.ToLower(a.Name) + ".localhost"
		if a.Type != instance.Sites && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// byName is the listener that answers, over TLS, for a host name of Azure's; ""
// when none does. A client that names no host means the documents, which are
// the only service of the default port.
func byName(info instance.Info, name string) string {
	if isCloudHost(name) {
		return info.Addresses[instance.Identity]
	}
	if slices.ContainsFunc(info.Telemetry, func(h string) bool { return strings.EqualFold(h, name) }) {
		return info.Addresses[instance.Insights]
	}
	if !strings.Contains(name, ".") {
		return info.Addresses[instance.Cosmos]
	}
	for _, a := range info.Accounts {
		for i, host := range a.Hosts {
			if strings.EqualFold(host, name) && a.Services[i] != instance.AMQPS { // which speaks no HTTP
				return info.Addresses[a.Services[i]]
			}
		}
	}
	return ""
}

// now is the instance as it runs at this moment: it may have been started anew,
// on other ports. While it does not, it is as it was.
func now(was instance.Info) instance.Info {
	if info, err := instance.Find(was.DataDir); err == nil {
		return info
	}
	return was
}

// hostSet is host names in lower case.
type hostSet map[string]bool

// privateHosts are the host names of the accounts that are named, by a name or a
// host name of theirs.
func privateHosts(info instance.Info, names []string) (hostSet, error) {
	hosts := hostSet{}
	if len(names) > 0 && info.Private == "" {
		return nil, errors.New("--private: this project has no private address; privateListen in lazuli.yaml gives it one")
	}
	for _, name := range names {
		found := false
		for _, a := range info.Accounts {
			if strings.EqualFold(a.Name, name) || slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
				found = true
				for _, h := range a.Hosts {
					hosts[strings.ToLower(h)] = true
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("--private %s: there is no such namespace, account or function app; `lazuli hosts` lists the names", name)
		}
	}
	return hosts, nil
}

// at is where a listener is reached for a host name.
func (h hostSet) at(info instance.Info, name, listener string) string {
	if _, port, err := net.SplitHostPort(listener); err == nil && h[strings.ToLower(name)] {
		return net.JoinHostPort(info.Private, port)
	}
	return reachable(listener)
}

// reachable is a listener's address as one can connect to it.
func reachable(listener string) string {
	host, port, err := net.SplitHostPort(listener)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func portNumber(address string) uint16 {
	_, port, _ := net.SplitHostPort(address)
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}
