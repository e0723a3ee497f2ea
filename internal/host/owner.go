package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// ownerFile, in Options.BuildDir, holds the number of this host among all that may
// share an account with it.
const ownerFile = "host-number"

// ownerOf is a host's identity in checkpoints, claims and leases: the same at every
// start, so that a host has its own back at once, and no other host's. Hosts of one
// app may run in folders of one name on several machines, in containers above all, or
// in copies of one folder: so a random number, the machine's name and the folder make
// it together.
func ownerOf(name, dir, buildDir string) (string, error) {
	number := ""
	if buildDir != "" {
		path := filepath.Join(buildDir, ownerFile)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			text = []byte(uuid.New())
			if err = os.MkdirAll(buildDir, 0o700); err == nil {
				err = os.WriteFile(path, text, 0o600)
			}
		}
		if err != nil {
			return "", fmt.Errorf("the host's number among those of its app: %w", err)
		}
		number = string(text)
	}
	machine, err := os.Hostname()
	if err != nil {
		machine = "" // the number is enough
	}
	sum := sha256.Sum256([]byte(dir + "\x00" + machine + "\x00" + number))
	return name + "-" + hex.EncodeToString(sum[:6]), nil
}
