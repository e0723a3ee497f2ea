package nodeworker

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// Settings of the app, as in Azure's tools.
const (
	ExecutableSetting = "languageWorkers__node__defaultExecutablePath" // which Node
	ArgumentsSetting  = "languageWorkers__node__arguments"             // before the worker's file, such as --inspect
)

// oldest is the first version of Node that @azure/functions runs on.
const oldest = 20

// wayOut says what to do about a missing or unfit Node.
const wayOut = "install Node 20 or newer (https://nodejs.org), or name one in the setting " + ExecutableSetting

// probeLimit bounds how long Node may take to say its version.
const probeLimit = 20 * time.Second

// findNode takes the Node that a setting names, else the one on the PATH.
func findNode(ctx context.Context, app language.App) (string, error) {
	named := app.Setting(ExecutableSetting)
	path, err := exec.LookPath(named)
	switch {
	case named != "" && err != nil:
		return "", fault.New(fault.NotFound, "node", "%s says %q, which is no program here", ExecutableSetting, named)
	case named == "":
		if path, err = exec.LookPath("node"); err != nil {
			return "", fault.New(fault.NotFound, "node", "no node is on the PATH; %s", wayOut)
		}
	}
	key := ""
	if !language.IsScript(path) {
		key = language.Identity(path)
	}
	file := filepath.Join("node", "version.json")
	version, known := language.Recall[string](app, file, key)
	if !known {
		if version, err = askVersion(ctx, path, app.Env); err != nil {
			return "", err
		}
		language.Remember(app, file, key, version)
	}
	return path, checkVersion(version, path)
}

func askVersion(ctx context.Context, path string, env []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = env
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fault.New(fault.Unavailable, path, "it does not run as Node: %v: %s", err, lastLine(said.String()))
	}
	return strings.TrimSpace(said.String()), nil
}

// checkVersion refuses what @azure/functions does not run on.
func checkVersion(version, path string) error {
	major := 0
	if _, err := fmt.Sscanf(version, "v%d.", &major); err != nil {
		return fault.New(fault.Invalid, path, "it says that its version is %q, which none of Node's is", version)
	}
	if major < oldest {
		return fault.New(fault.Invalid, "node", "Node %s (%s) is too old for function apps; %s", strings.TrimPrefix(version, "v"), path, wayOut)
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
