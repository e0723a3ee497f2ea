package functions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// KeyStore is where an app's keys are kept: in the blobs HOST/host.json and
// HOST/FUNCTION.json of the container azure-webjobs-secrets, where Azure's host has
// them, not encrypted, as it has them there.
type KeyStore struct {
	Blobs state.Blobs
	Host  string // see state.HostID
	Name  string // the site's host name, which the blobs tell
	// File had the keys before they were in blobs: they are taken over once.
	File string
}

// hostBlob and functionBlob are the blobs' content.
type (
	hostBlob struct {
		MasterKey    blobKey   `json:"masterKey"`
		FunctionKeys []blobKey `json:"functionKeys"`
		SystemKeys   []blobKey `json:"systemKeys"`
		blobOrigin
	}
	functionBlob struct {
		Keys []blobKey `json:"keys"`
		blobOrigin
	}
	blobKey struct {
		Name      string `json:"name"`
		Value     string `json:"value"`
		Encrypted bool   `json:"encrypted"`
	}
	blobOrigin struct {
		HostName        string `json:"hostName"`
		InstanceID      string `json:"instanceId"`
		Source          string `json:"source"`
		DecryptionKeyID string `json:"decryptionKeyId"`
	}
)

// masterName is what the master key is called in its blob.
const masterName = "master"

// keyStore is the blobs as they were last read or written.
type keyStore struct {
	KeyStore
	etags map[string]string // by blob; guarded by the mu of the keys
}

// OpenKeys reads the keys of an app, or makes them and stores them. Several may do so
// at a time, as hosts that share the blobs do, or an app that starts while somebody asks
// for its keys: those who come too late take what the first has stored.
func OpenKeys(ctx context.Context, at KeyStore) (*Keys, error) {
	k, err := openOrMake(ctx, at)
	if fault.Is(err, fault.PreconditionFailed) {
		k, err = openOrMake(ctx, at)
	}
	return k, err
}

func openOrMake(ctx context.Context, at KeyStore) (*Keys, error) {
	s := &keyStore{at, map[string]string{}}
	k, err := s.read(ctx)
	if err != nil || k != nil {
		return k, err
	}
	if k, err = s.takeOver(); err != nil {
		return nil, err
	}
	if k == nil {
		k = NewKeys("")
	}
	k.store = s
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, scope := range slices.Sorted(maps.Keys(k.scopes)) {
		if strings.HasPrefix(scope, functionPrefix) {
			if err := s.save(ctx, k, scope); err != nil {
				return nil, err
			}
		}
	}
	if err := s.save(ctx, k, hostScope); err != nil { // last: it says that all is there
		return nil, err
	}
	return k, s.dropFile()
}

func (s *keyStore) blob(scope string) string {
	if name, ok := strings.CutPrefix(scope, functionPrefix); ok {
		return s.Host + "/" + name + ".json"
	}
	return s.Host + "/host.json"
}

// read reads all blobs; nil when there is none of the host.
func (s *keyStore) read(ctx context.Context) (*Keys, error) {
	var host hostBlob
	found, err := s.load(ctx, s.blob(hostScope), &host)
	if err != nil || !found {
		return nil, err
	}
	k := &Keys{store: s, own: newKey(), master: host.MasterKey.Value, scopes: map[string]map[string]string{
		hostScope: values(host.FunctionKeys), systemScope: values(host.SystemKeys),
	}}
	if k.master == "" || anyEncrypted(append(slices.Concat(host.FunctionKeys, host.SystemKeys), host.MasterKey)) {
		return nil, s.unreadable(s.blob(hostScope), nil)
	}
	all, err := s.Blobs.Marks(ctx, state.HostSecrets, s.Host+"/")
	if err != nil {
		return nil, fmt.Errorf("access keys: %w", err)
	}
	for _, m := range all {
		function, ok := strings.CutSuffix(strings.TrimPrefix(m.Name, s.Host+"/"), ".json")
		if !ok || strings.ContainsAny(function, "./") || m.Name == s.blob(hostScope) {
			continue // snapshots
		}
		var f functionBlob
		if _, err := s.load(ctx, m.Name, &f); err != nil {
			return nil, err
		}
		if anyEncrypted(f.Keys) {
			return nil, s.unreadable(m.Name, nil)
		}
		k.scopes[functionScope(function)] = values(f.Keys)
	}
	return k, s.dropFile()
}

func (s *keyStore) load(ctx context.Context, blob string, to any) (found bool, err error) {
	text, etag, err := s.Blobs.Text(ctx, state.HostSecrets, blob)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("access keys: %w", err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return false, s.unreadable(blob, err)
	}
	s.etags[blob] = etag
	return true, nil
}

func (s *keyStore) unreadable(blob string, err error) error {
	what := fault.New(fault.Invalid, "access keys", "blob %s/%s is damaged or encrypted; delete it to have new keys made", state.HostSecrets, blob)
	what.Err = err
	return what
}

func anyEncrypted(all []blobKey) bool {
	return slices.ContainsFunc(all, func(k blobKey) bool { return k.Encrypted })
}

func values(all []blobKey) map[string]string {
	out := make(map[string]string, len(all))
	for _, k := range all {
		out[k.Name] = k.Value
	}
	return out
}

func listed(keys map[string]string) []blobKey {
	out := make([]blobKey, 0, len(keys))
	for name, value := range keys {
		out = append(out, blobKey{Name: name, Value: value})
	}
	slices.SortFunc(out, func(a, b blobKey) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// save writes the blob that a scope is in. What somebody else has changed there since
// it was read is not written over. The caller holds the mu of k.
func (s *keyStore) save(ctx context.Context, k *Keys, scope string) error {
	origin := blobOrigin{HostName: s.Name, InstanceID: s.Host, Source: "runtime"}
	var content any = hostBlob{
		MasterKey: blobKey{Name: masterName, Value: k.master}, FunctionKeys: listed(k.scopes[hostScope]),
		SystemKeys: listed(k.scopes[systemScope]), blobOrigin: origin,
	}
	if strings.HasPrefix(scope, functionPrefix) {
		content = functionBlob{Keys: listed(k.scopes[scope]), blobOrigin: origin}
	}
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	blob := s.blob(scope)
	etag, err := s.Blobs.SetText(ctx, state.HostSecrets, blob, text, cmp.Or(s.etags[blob], state.Missing))
	if fault.Is(err, fault.PreconditionFailed) {
		return fault.Wrap(fault.PreconditionFailed, "access keys", err, "another host or tool has changed the blob %s/%s; start the app again to have its keys", state.HostSecrets, blob)
	}
	if err != nil {
		return fmt.Errorf("access keys: %w", err)
	}
	s.etags[blob] = etag
	return nil
}

// takeOver reads the file that had the keys; nil when there is none.
func (s *keyStore) takeOver() (*Keys, error) {
	text, err := os.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("access keys: %w", err)
	}
	var old struct {
		Master string                       `json:"master"`
		Scopes map[string]map[string]string `json:"scopes"`
	}
	if err := json.Unmarshal(text, &old); err != nil || old.Master == "" {
		return nil, fmt.Errorf("access keys: %s is damaged; delete it to have new keys made", s.File)
	}
	if old.Scopes == nil {
		old.Scopes = map[string]map[string]string{}
	}
	return &Keys{own: newKey(), master: old.Master, scopes: old.Scopes}, nil
}

// dropFile removes the file once its keys are in blobs.
func (s *keyStore) dropFile() error {
	if err := os.Remove(s.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("access keys: %w", err)
	}
	return nil
}
