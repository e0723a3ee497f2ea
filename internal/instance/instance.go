// Package instance is how the commands find a running lazuli.
//
// `lazuli up` writes one file in its data folder (run.json) and one in a folder
// that all instances of this user share. A command reaches the instance of the
// project that it was told (Find), and no other; told none, that of its own
// folder, then the only one that runs (Here). The files hold addresses, a
// process id and, where services ask for one, the tokens that open them to the
// commands; so they are their user's alone (0600).
package instance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is the instance file's name in the data folder.
const File = "run.json"

// Info describes a running instance.
type Info struct {
	PID       int               `json:"pid"`
	Version   string            `json:"version"`
	Name      string            `json:"name"`
	Dir       string            `json:"dir"`     // the project's folder
	DataDir   string            `json:"dataDir"` //
	StartedAt time.Time         `json:"startedAt"`
	Ready     bool              `json:"ready"`
	Addresses map[string]string `json:"addresses"` // service -> host:port; see the constants
	// Tokens open what asks for them, by the same names: the portal's is a bearer
	// token, a function app's its master key. Empty where nothing is asked.
	Tokens   map[string]string `json:"tokens,omitempty"`
	Accounts []Account         `json:"accounts,omitempty"`
	// Private is the second IP address of all listeners, which plays the private
	// endpoints; "" where there is none.
	Private string `json:"private,omitempty"`
	// Subscription and Tenant are those of Resource Manager, on the issuer's port; ""
	// where it is off.
	Subscription string `json:"subscription,omitempty"`
	Tenant       string `json:"tenant,omitempty"`

	// Telemetry are Azure's own host names that lead to the service Insights under
	// `lazuli exec`.
	Telemetry []string `json:"telemetry,omitempty"`

	CAFile   string `json:"caFile"`   // the local certificate authority
	CABundle string `json:"caBundle"` // that, and the authorities that the machine trusts
}

// Account is something with a host name of its own that the instance serves.
type Account struct {
	Type  string   `json:"type"` // as Azure writes it: Microsoft.EventHub/namespaces
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"` // its names in Azure: NAME.servicebus.windows.net
	// Services are the services, as in Info.Addresses, that answer for each of Hosts.
	Services []string `json:"doors"`
	// Key opens all of it to our commands, and is empty where keys open nothing;
	// Rule is the name of the shared access policy that it belongs to.
	Rule string `json:"rule,omitempty"`
	Key  string `json:"key,omitempty"`
}

// Default reports whether the account is one that localhost means.
func (a Account) Default() bool {
	return a.Name == DefaultAccount || a.Type == StorageAccounts && a.Name == DefaultStorage
}

// The types of accounts that clients are told of.
const (
	Namespaces     = "Microsoft.EventHub/namespaces"
	CosmosAccounts = "Microsoft.DocumentDB/databaseAccounts"
	Sites          = "Microsoft.Web/sites"

	StorageAccounts = "Microsoft.Storage/storageAccounts"
	Gateways        = "Microsoft.ApiManagement/service"
	Components      = "Microsoft.Insights/components"
)

// DefaultAccount is the name of what localhost means.
const (
	DefaultAccount = "default"
	DefaultStorage = "devstoreaccount1" // which has a name of its own even there
)

// Account finds an account by its type and name, without case; "" is the one that
// localhost means. It also takes one of its host names.
func (i Info) Account(typ, name string) (Account, bool) {
	if name == "" {
		name = DefaultAccount
		if typ == StorageAccounts {
			name = DefaultStorage
		}
	}
	for _, a := range i.Accounts {
		if a.Type != typ {
			continue
		}
		if strings.EqualFold(a.Name, name) || slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
			return a, true
		}
	}
	return Account{}, false
}

// The services in Info.Addresses.
const (
	AMQP   = "amqp"
	AMQPS  = "amqps"
	Cosmos = "cosmos"
	// CosmosCompute is the second, lenient Cosmos DB listener.
	CosmosCompute = "cosmos-compute"
	Portal        = "portal"
	// The services of storage accounts.
	Blob, Queue, Table = "blob", "queue", "table"
	// Insights takes telemetry and answers queries about it; its token opens them.
	Insights = "insights"
	// Gateway is the API gateway; its token opens traces of policies.
	Gateway = "gateway"
	// Identity is the token issuer; its token is the header that the managed
	// identity endpoint asks of who runs the project.
	Identity = "identity"
	// Function apps stand under FunctionsPrefix + name.
	FunctionsPrefix = "functions/"
)

// Functions returns the address of the HTTP front of each function app.
func (i Info) Functions() map[string]string {
	apps := map[string]string{}
	for service, addr := range i.Addresses {
		if name, ok := strings.CutPrefix(service, FunctionsPrefix); ok {
			apps[name] = addr
		}
	}
	return apps
}

// Alive reports whether the instance's process still runs.
func (i Info) Alive() bool {
	return i.PID > 0 && alive(i.PID)
}

// Write publishes the instance; it replaces what it wrote before.
func Write(i Info) error {
	data, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	shared, err := sharedFile(i.DataDir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(shared), 0o700); err != nil {
		return err
	}
	var errs []error // of the two, one may be on a disk that is full
	// The data folder's comes last: who sees it change finds the other one changed.
	for _, path := range []string{shared, filepath.Join(i.DataDir, File)} {
		tmp := fmt.Sprintf("%s.%d", path, i.PID)
		err := os.WriteFile(tmp, data, 0o600)
		if err == nil {
			err = os.Rename(tmp, path)
		}
		if err != nil {
			errs = append(errs, err, removed(tmp))
		}
	}
	return errors.Join(errs...)
}

// removed removes a file that may not be there.
func removed(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Remove takes the instance's files away.
func Remove(i Info) error {
	shared, err := sharedFile(i.DataDir)
	if err != nil {
		return err
	}
	return errors.Join(removeFile(filepath.Join(i.DataDir, File)), removeFile(shared))
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// ErrNone says that no instance runs.
var ErrNone = errors.New("no lazuli is running here; start one with `lazuli up`")

// projectFile marks a folder as a project of its own.
const projectFile = "lazuli.yaml"

// Find returns the instance that runs the project in dir, which somebody named:
// that one and no other. dir is the project's folder, one below it that belongs
// to no other project, its project file, or its data folder.
func Find(dir string) (Info, error) {
	all, err := All()
	if err != nil {
		return Info{}, err
	}
	folder, err := projectFolder(dir)
	if err != nil {
		return Info{}, fmt.Errorf("project folder: %w", err)
	}
	if i, _, found := owner(all, folder); found {
		return i, nil
	}
	return Info{}, standsStill(dir, all)
}

// Here returns the instance of the folder dir in which somebody stands, without
// having named a project: the folder's own; failing that, where no project
// begins there, the only instance that runs. With several, it is an error that
// lists them.
func Here(dir string) (Info, error) {
	all, err := All()
	if err != nil {
		return Info{}, err
	}
	folder, err := projectFolder(dir)
	if err != nil {
		return Info{}, err
	}
	i, root, found := owner(all, folder)
	switch {
	case found:
		return i, nil
	case len(all) == 0:
		return Info{}, ErrNone
	case root != "":
		return Info{}, standsStill(root, all)
	case len(all) == 1:
		return all[0], nil
	}
	return Info{}, fmt.Errorf("%d instances run (%s); choose one with --project DIR", len(all), dirs(all))
}

func standsStill(dir string, all []Info) error {
	err := fmt.Errorf("the project in %s does not run; start it with `lazuli up %s`", dir, dir)
	if len(all) > 0 {
		err = fmt.Errorf("%w, or name one that runs with --project: %s", err, dirs(all))
	}
	return err
}

func dirs(all []Info) string {
	var names []string
	for _, i := range all {
		names = append(names, i.Dir)
	}
	return strings.Join(names, ", ")
}

// projectFolder is the absolute folder that dir names, its links followed: one
// folder has one name.
func projectFolder(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", err
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		abs = filepath.Dir(abs)
	}
	return abs, nil
}

// owner is the instance whose data folder is the folder, or whose project holds
// it: a project below another one is not part of it. Without one, root is the
// project that the folder belongs to, or "".
func owner(all []Info, folder string) (i Info, root string, found bool) {
	for at := folder; ; at = filepath.Dir(at) {
		for _, i := range all {
			if at == linked(i.Dir) || folder == linked(i.DataDir) {
				return i, at, true
			}
		}
		if _, err := os.Stat(filepath.Join(at, projectFile)); err == nil {
			return Info{}, at, false
		}
		if at == filepath.Dir(at) {
			return Info{}, "", false
		}
	}
}

// linked is the path with its links followed, where it exists.
func linked(path string) string {
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		return followed
	}
	return path
}

// All returns the instances of this user that run. Files that dead instances
// left are passed over.
func All() ([]Info, error) {
	folder, err := sharedFolder()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Info
	for _, f := range files {
		if i, err := read(f); err == nil && i.Alive() {
			all = append(all, i)
		}
	}
	return all, nil
}

func read(path string) (Info, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Info{}, err
	}
	var i Info
	return i, json.Unmarshal(data, &i)
}

// Folder is where this user's running instances are found.
func Folder() (string, error) { return sharedFolder() }

func sharedFolder() (string, error) {
	if dir := os.Getenv("LAZULI_RUN_DIR"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("folder of running instances: %w (set LAZULI_RUN_DIR)", err)
	}
	return filepath.Join(cache, "lazuli", "run"), nil
}

func sharedFile(dataDir string) (string, error) {
	folder, err := sharedFolder()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(dataDir))
	return filepath.Join(folder, hex.EncodeToString(sum[:8])+".json"), nil
}
