package host

import (
	"context"
	"net"
	"path/filepath"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Deployed says of an app that was deployed what an app that is developed in its folder
// is not told. Its local.settings.json is not read, as on Azure.
type Deployed struct {
	// HostName is the app's name, which it is told as WEBSITE_HOSTNAME.
	HostName string
	// Home is the folder that stays when a deployment puts the code into another one:
	// what the host has claimed is its own again then.
	Home string
}

// home is the folder by which the host knows itself again.
func (h *Host) home() string {
	if h.o.Deployed != nil {
		return h.o.Deployed.Home
	}
	return h.o.Dir
}

func (h *Host) readLocal() (settings.Local, error) {
	if h.o.Deployed != nil {
		return settings.Local{}, nil
	}
	return settings.ReadLocal(filepath.Join(h.o.Dir, settings.LocalFile))
}

// tellWhere puts where the app runs into a worker's environment.
func (h *Host) tellWhere(env map[string]string) {
	if h.o.Deployed != nil {
		env["WEBSITE_HOSTNAME"] = h.o.Deployed.HostName
		return
	}
	env["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
	if _, port, err := net.SplitHostPort(h.o.HTTPAddress); err == nil {
		env["WEBSITE_HOSTNAME"] = "localhost:" + port
	}
}

// Prepare makes what an app needs before it can start (its program, the packages of its
// language) and starts nothing: a host of the same options then finds it made.
// Listeners are told of progress.
func Prepare(ctx context.Context, o Options) error {
	h, err := New(o)
	if err != nil {
		return err
	}
	defer h.discard()
	h.started = time.Time{} // what another host of the app uses is not old
	return h.build(ctx, h.workerPath())
}

// discard lets go of what a host that will not run holds.
func (h *Host) discard() {
	h.abortNow()
	if h.warm != nil {
		h.warm.Close()
	}
	if h.server == nil {
		return
	}
	over, end := context.WithCancel(context.Background())
	end()
	if err := h.server.Run(over); err != nil {
		h.log.Debug("worker endpoint", "error", err)
	}
}
