package functions

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// keyStoreOf is a store of keys over blobs, with no file of before.
func keyStoreOf(t *testing.T, b state.Blobs) KeyStore {
	return KeyStore{Blobs: b, Host: "app", Name: "app.azurewebsites.net", File: filepath.Join(t.TempDir(), "app.json")}
}

func openKeys(t *testing.T, at KeyStore) *Keys {
	t.Helper()
	k, err := OpenKeys(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// secrets is a blob's content.
func secrets(t *testing.T, b state.Blobs, blob string) string {
	t.Helper()
	text, _, err := b.Text(t.Context(), state.HostSecrets, blob)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestKeysOpenedAtOnce: whoever opens the keys of a new app beside others has the same.
func TestKeysOpenedAtOnce(t *testing.T) {
	at := keyStoreOf(t, endtest.New(1).Blobs())
	masters := make([]string, 8)
	var all sync.WaitGroup
	for i := range masters {
		all.Go(func() {
			k, err := OpenKeys(t.Context(), at)
			if err != nil {
				t.Error(err)
				return
			}
			masters[i] = k.master
		})
	}
	all.Wait()
	if slices.Sort(masters); masters[0] == "" || masters[0] != masters[7] {
		t.Errorf("master keys %q", masters)
	}
}

// TestKeysAreKept: clients have their keys in their settings, so a restart must
// not change them; Azure's tools find them where Azure's host has them.
func TestKeysAreKept(t *testing.T) {
	blobs := endtest.New(1).Blobs()
	at := keyStoreOf(t, blobs)
	first := openKeys(t, at)
	if _, created, err := first.set(t.Context(), functionScope("Hello"), "mine", "abc"); err != nil || !created {
		t.Fatal(created, err)
	}
	if _, _, err := first.set(t.Context(), hostScope, MasterKey, "changed"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.set(t.Context(), hostScope, "default", "def"); err != nil {
		t.Fatal(err)
	}
	for blob, want := range map[string]string{
		"app/host.json": `{"masterKey":{"name":"master","value":"changed","encrypted":false},` +
			`"functionKeys":[{"name":"default","value":"def","encrypted":false}],"systemKeys":[],` +
			`"hostName":"app.azurewebsites.net","instanceId":"app","source":"runtime","decryptionKeyId":""}`,
		"app/hello.json": `{"keys":[{"name":"mine","value":"abc","encrypted":false}],` +
			`"hostName":"app.azurewebsites.net","instanceId":"app","source":"runtime","decryptionKeyId":""}`,
	} {
		var got, wanted any
		if err := json.Unmarshal([]byte(secrets(t, blobs, blob)), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: %s", blob, diff)
		}
	}
	again := openKeys(t, at)
	if again.Master() != "changed" || again.Host() != first.Host() || again.scopes[functionScope("hello")]["mine"] != "abc" {
		t.Errorf("read again: %+v", again.scopes)
	}
	if ok, err := again.delete(t.Context(), functionScope("hello"), "mine"); !ok || err != nil {
		t.Error(ok, err)
	}
	if last := openKeys(t, at); len(last.scopes[functionScope("hello")]) != 0 {
		t.Errorf("deleted, and read again: %v", last.scopes)
	}
}

// TestKeysOfAFileAreTakenOver: once, with all functions' keys, and then the file is
// gone.
func TestKeysOfAFileAreTakenOver(t *testing.T) {
	blobs := endtest.New(1).Blobs()
	at := keyStoreOf(t, blobs)
	text := `{"master":"m","scopes":{"functionkeys":{"default":"d"},"systemkeys":{"s":"x"},"function:hello":{"mine":"abc"}}}`
	if err := os.WriteFile(at.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		k := openKeys(t, at)
		if k.Master() != "m" || k.Host() != "d" || k.scopes[systemScope]["s"] != "x" || k.scopes[functionScope("Hello")]["mine"] != "abc" {
			t.Errorf("%q %v", k.Master(), k.scopes)
		}
		if _, err := os.Stat(at.File); !os.IsNotExist(err) {
			t.Errorf("the file is still there: %v", err)
		}
	}
}

// TestUnwrittenKeysAreNotInForce: what a restart would forget must not open
// anything now. Here another host has changed the keys meanwhile.
func TestUnwrittenKeysAreNotInForce(t *testing.T) {
	blobs := endtest.New(1).Blobs()
	k := openKeys(t, keyStoreOf(t, blobs))
	if _, err := blobs.SetText(t.Context(), state.HostSecrets, "app/host.json", []byte("{}"), state.Any); err != nil {
		t.Fatal(err)
	}
	host, master := k.Host(), k.Master()
	_, _, e1 := k.set(t.Context(), hostScope, "new", "x")
	_, _, e2 := k.set(t.Context(), hostScope, "default", "x")
	_, _, e3 := k.set(t.Context(), hostScope, MasterKey, "x")
	_, e4 := k.delete(t.Context(), hostScope, "default")
	for i, err := range []error{e1, e2, e3, e4} {
		if !fault.Is(err, fault.PreconditionFailed) {
			t.Errorf("change %d was taken: %v", i, err)
		}
	}
	if k.Host() != host || k.Master() != master || len(k.list(hostScope)) != 1 {
		t.Errorf("in force: %v", k.list(hostScope))
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	good := `{"masterKey":{"name":"master","value":"m","encrypted":false}}`
	for blob, texts := range map[string][]string{
		"app/host.json": {
			"", "{", "{}", "[]", `{"masterKey":{"name":"master","value":"CfDJ8","encrypted":true}}`,
			`{"masterKey":{"value":"m"},"functionKeys":[{"name":"default","value":"CfDJ8","encrypted":true}]}`,
		},
		"app/hello.json": {"", "[]", `{"keys":[{"name":"default","value":"CfDJ8","encrypted":true}]}`},
	} {
		for _, text := range texts {
			blobs := endtest.New(1).Blobs()
			for name, content := range map[string]string{"app/host.json": good, blob: text} {
				if name == "app/host.json" && blob == name {
					content = text
				}
				if _, err := blobs.SetText(t.Context(), state.HostSecrets, name, []byte(content), state.Any); err != nil {
					t.Fatal(err)
				}
			}
			_, err := OpenKeys(t.Context(), keyStoreOf(t, blobs))
			if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), blob) {
				t.Errorf("%s %q: %v", blob, text, err)
			}
		}
	}
	at := keyStoreOf(t, endtest.New(1).Blobs())
	for _, text := range []string{"", "{", "{}", "[]"} {
		if err := os.WriteFile(at.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeys(t.Context(), at); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
