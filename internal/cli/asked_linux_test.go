package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"golang.org/x/sys/unix"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// onTerminal runs a command whose input and output are a terminal, on which somebody
// types. It returns what the terminal showed, what was typed included, and whether the
// command did well.
func onTerminal(t *testing.T, c *exec.Cmd, typed string) (string, bool) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd()) //nolint:gosec // a file descriptor
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	if _, err := master.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = shown.ReadFrom(master) // it ends with an error when the other side closes
	}()
	err = c.Run()
	slave.Close()
	<-read
	return strings.ReplaceAll(shown.String(), "\r\n", "\n"), err == nil
}

// document makes a database in the default document account.
func (r *storageRig) document(name string) {
	r.t.Helper()
	info, err := instance.Find(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	account, _ := info.Account(instance.CosmosAccounts, "")
	credential, err := azcosmos.NewKeyCredential(account.Key)
	if err != nil {
		r.t.Fatal(err)
	}
	client, err := azcosmos.NewClientWithKey("http://"+info.Addresses[instance.Cosmos], credential, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{}})
	if err == nil {
		_, err = client.CreateDatabase(r.t.Context(), azcosmos.DatabaseProperties{ID: name}, nil)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestDeleteAsks: on a terminal nothing is deleted before somebody says yes, and a
// name that others chose cannot rewrite the question.
func TestDeleteAsks(t *testing.T) {
	testkit.NoLeaks(t)
	r := newStorageRig(t)
	const foreign = "gone\u009b2K\u009b1GDelete nothing\u202e" // C1 controls, which terminals obey as escapes; bidi
	r.document("plain")
	r.document(foreign)
	for _, c := range []struct {
		name  string
		typed string
		flags []string
		done  bool
	}{
		{"plain", "n\n", nil, false},
		{"plain", "\n", nil, false},
		{"plain", "yes please\n", nil, false},
		{"plain", "\x04", nil, false}, // the end of the input
		{"plain", "Y\n", nil, true},
		{foreign, "no\n", nil, false},
		{foreign, "yes\n", nil, true},
	} {
		shown, did := onTerminal(t, r.command(append([]string{"delete", "cosmos/default/" + c.name}, c.flags...)...), c.typed)
		asks, tells := strings.Contains(shown, "Delete the database cosmos/default/"), strings.Contains(shown, "\ndeleted the database") || strings.Contains(shown, "] deleted the database")
		if did != c.done || !asks || !strings.Contains(shown, "That cannot be undone. [y/N]") || tells != c.done || strings.Contains(shown, "not deleted") == c.done {
			t.Errorf("%q, %q typed: done %v\n%q", c.name, c.typed, did, shown)
		}
		if strings.ContainsAny(shown, "\x1b\u009b\u202e") {
			t.Errorf("the name rewrites the terminal: %q", shown)
		}
	}
	r.document("plain")
	shown, did := onTerminal(t, r.command("delete", "cosmos/default/plain", "--yes"), "n\n")
	if !did || strings.Contains(shown, "[y/N]") || !strings.Contains(shown, "deleted the database") {
		t.Errorf("with --yes: done %v, %q", did, shown)
	}
}

// TestRegenerateSaysWhatHappens: on a terminal the new key has its name, and it is told
// what becomes of the old one; in a pipe there is the key alone.
func TestRegenerateSaysWhatHappens(t *testing.T) {
	testkit.NoLeaks(t)
	r := newStorageRig(t)
	shown, did := onTerminal(t, r.command("keys", "regenerate", "--storage", "devstoreaccount1", "--key", "key2"), "\x04")
	for _, want := range []string{"SERVICE", "Storage", "devstoreaccount1", "key2", "The old key opens nothing any more; what was opened with it is closed within seconds."} {
		if !did || !strings.Contains(shown, want) {
			t.Errorf("done %v; the terminal lacks %q:\n%s", did, want, shown)
		}
	}
	out, _ := r.run("keys", "regenerate", "--storage", "devstoreaccount1", "--key", "key2")
	if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); len(lines) != 1 || strings.Contains(shown, lines[0]) || len(lines[0]) != 88 {
		t.Errorf("in a pipe: %q", out)
	}
}
