package site

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Status is how far a deployment is, by Kudu's numbers.
type Status int

// The statuses.
const (
	StatusPending   Status = 0
	StatusBuilding  Status = 1
	StatusDeploying Status = 2
	StatusFailed    Status = 3
	StatusSuccess   Status = 4
)

// Done reports a deployment that has ended.
func (s Status) Done() bool { return s == StatusFailed || s == StatusSuccess }

// Deployment is what was deployed once.
type Deployment struct {
	ID       string    `json:"id"`
	Status   Status    `json:"status"`
	Author   string    `json:"author"`
	Deployer string    `json:"deployer"`
	Message  string    `json:"message"`
	Received time.Time `json:"received"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
	Why      string    `json:"why,omitempty"` // with StatusFailed
	Log      []Line    `json:"log"`
	Active   bool      `json:"active"` // it is what runs
	Build    bool      `json:"build,omitempty"`
}

// Line is a line of a deployment's log.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Bounds of what is kept of deployments.
const (
	keptDeployments = 20
	keptLines       = 400
)

// Upload is what is deployed.
type Upload struct {
	Body io.Reader // a zip
	Size int64     // -1: not known
	// Build says whether what the package needs is made; nil: as the settings say.
	Build            *bool
	Deployer, Author string
	Message          string
}

// Deploy takes a package to its end, and begins to deploy it. It is fault.Conflict while
// another deployment is under way. Wait tells how it ends.
func (s *Sites) Deploy(_ context.Context, name string, u Upload) (Deployment, error) {
	k, err := s.keeper(name)
	if err != nil {
		return Deployment{}, err
	}
	if !k.begin() {
		return Deployment{}, fault.New(fault.Conflict, "site "+k.name, "There is a deployment currently in progress. Please try again when it completes.")
	}
	pack, err := k.receive(u.Body, u.Size, nil)
	if err != nil {
		k.release()
		return Deployment{}, err
	}
	spec := k.spec()
	d := Deployment{
		ID: uuid.New(), Author: cmp.Or(u.Author, "N/A"), Deployer: cmp.Or(u.Deployer, "ZipDeploy"), Message: cmp.Or(u.Message, "Created via a push deployment"),
		Received: time.Now().UTC(), Build: spec.builds(),
	}
	if u.Build != nil {
		d.Build = *u.Build
	}
	if err := k.record(&d); err != nil {
		k.release()
		return d, errors.Join(err, os.Remove(pack.path))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || k.ctx.Err() != nil {
		k.release()
		return d, errors.Join(fault.New(fault.Unavailable, "site "+k.name, "the instance is stopping"), os.Remove(pack.path))
	}
	ctx, begun := k.ctx, d
	s.work.Go(func() {
		defer k.deploying.Unlock()
		k.deploy(ctx, &begun, spec, pack)
	})
	return d, nil
}

// begin takes the site for a deployment; false while another is under way. One that has
// told its end is waited for.
func (k *keeper) begin() bool {
	for !k.deploying.TryLock() {
		if k.busy.Load() {
			return false
		}
		runtime.Gosched()
	}
	k.busy.Store(true)
	return true
}

func (k *keeper) release() {
	k.busy.Store(false)
	k.deploying.Unlock()
}

// Wait waits until a deployment has ended.
func (s *Sites) Wait(ctx context.Context, name, id string) (Deployment, error) {
	for {
		changed := s.Changed()
		d, err := s.Deployment(name, id)
		if err != nil || d.Status.Done() {
			return d, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return d, ctx.Err()
		}
	}
}

// Deployment is one of the site's: by its id, or "latest".
func (s *Sites) Deployment(name, id string) (Deployment, error) {
	all, err := s.Deployments(name)
	if err != nil {
		return Deployment{}, err
	}
	if id == "latest" && len(all) > 0 {
		return all[0], nil
	}
	if n := slices.IndexFunc(all, func(d Deployment) bool { return d.ID == id }); n >= 0 {
		return all[n], nil
	}
	return Deployment{}, fault.New(fault.NotFound, "deployment "+id, "Deployment '%s' not found.", id)
}

// Deployments are the site's, the newest first.
func (s *Sites) Deployments(name string) ([]Deployment, error) {
	k, err := s.keeper(name)
	if err != nil {
		return nil, err
	}
	k.records.Lock()
	defer k.records.Unlock()
	return k.readDeployments()
}

func (k *keeper) deploymentsFolder() string { return filepath.Join(k.home(), "deployments") }

func (k *keeper) readDeployments() ([]Deployment, error) {
	files, err := os.ReadDir(k.deploymentsFolder())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Unavailable, "deployments", err, "read them")
	}
	var all []Deployment
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(k.deploymentsFolder(), f.Name()))
		var d Deployment
		if err == nil {
			err = json.Unmarshal(text, &d)
		}
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "deployment "+f.Name(), err, "it cannot be read")
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Deployment) int { return b.Received.Compare(a.Received) })
	return all, nil
}

// record keeps a deployment as it is now, and tells of it.
func (k *keeper) record(d *Deployment) error {
	k.records.Lock()
	defer k.records.Unlock()
	if err := os.MkdirAll(k.deploymentsFolder(), 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, "deployments", err, "make their folder")
	}
	if len(d.Log) > keptLines {
		d.Log = slices.Concat(d.Log[:keptLines/2], d.Log[len(d.Log)-keptLines/2:])
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(k.deploymentsFolder(), d.ID+".json"), text); err != nil {
		return err
	}
	k.s.tell()
	return k.tidy(d)
}

// tidy forgets old deployments; of two that are active the newer one is.
func (k *keeper) tidy(d *Deployment) error {
	all, err := k.readDeployments()
	if err != nil {
		return err
	}
	for n, old := range all {
		file := filepath.Join(k.deploymentsFolder(), old.ID+".json")
		switch {
		case n >= keptDeployments:
			err = errors.Join(err, os.Remove(file))
		case old.Active && d.Active && old.ID != d.ID:
			old.Active = false
			text, merr := json.Marshal(old)
			err = errors.Join(err, merr, writeFile(file, text))
		}
	}
	return err
}

// cutOff ends deployments that a crash cut off.
func (k *keeper) cutOff() error {
	all, err := k.readDeployments()
	if err != nil {
		return err
	}
	for _, d := range all {
		if !d.Status.Done() {
			d.Status, d.Why, d.Ended = StatusFailed, "lazuli ended while it was deployed; deploy it again", time.Now().UTC()
			if err := k.record(&d); err != nil {
				return err
			}
		}
	}
	return errors.Join(removeAll(filepath.Join(k.home(), "incoming")), k.forgetParts())
}

// forgetParts removes folders whose unpacking was cut off.
func (k *keeper) forgetParts() error {
	parts, err := filepath.Glob(filepath.Join(k.home(), "code", ".unpacking-*"))
	for _, p := range parts {
		err = errors.Join(err, removeAll(p))
	}
	return err
}

// deploy deploys a package.
func (k *keeper) deploy(ctx context.Context, d *Deployment, spec Spec, pack received) {
	defer os.Remove(pack.path)
	d.Started = time.Now().UTC()
	err := k.steps(ctx, d, spec, pack)
	if d.Ended = time.Now().UTC(); err == nil {
		d.Status, d.Active = StatusSuccess, true
		d.say("Deployment successful.")
	} else {
		d.Status, d.Why = StatusFailed, err.Error()
		d.say("Deployment failed: " + err.Error())
		k.log.Error("a deployment failed", "deployment", d.ID, "error", err)
	}
	k.busy.Store(false)
	if err := k.record(d); err != nil {
		k.log.Error("a deployment could not be put on record", "deployment", d.ID, "error", err)
	}
}

func (k *keeper) steps(ctx context.Context, d *Deployment, spec Spec, pack received) error {
	stage := func(s Status, text string) error {
		d.Status = s
		d.say(text)
		return k.record(d)
	}
	if err := stage(StatusBuilding, "Updating submodules."); err != nil {
		return err
	}
	d.say("Preparing deployment for commit id '" + d.ID[:10] + "'.")
	part, err := k.unpackBeside(ctx, pack.path)
	if err != nil {
		return err
	}
	defer os.RemoveAll(part)
	if d.Build {
		d.say("Running build.")
		at := Place{Home: k.home(), Code: part, Build: filepath.Join(k.home(), "build")}
		if err := k.s.o.Build(ctx, k.name, spec, at, d.say); err != nil {
			return err
		}
	}
	if err := stage(StatusDeploying, "Deploying the package of "+pack.sum[:12]+"."); err != nil {
		return err
	}
	if err := k.publish(ctx, spec, pack); err != nil {
		return err
	}
	if code := k.codeOf(pack); !exists(code) {
		if err := os.Rename(part, code); err != nil {
			return fault.Wrap(fault.Unavailable, code, err, "put the package in its place")
		}
	}
	if address, _, err := k.source(spec); err == nil && address != "" && spec.Container == nil {
		d.say("The setting " + RunFromPackage + " names a package elsewhere: that one runs, until the setting is 1.")
	}
	k.again()
	return nil
}

// publish puts the package where the site's packages are.
func (k *keeper) publish(ctx context.Context, spec Spec, pack received) error {
	if spec.Container == nil {
		return k.keepPackage(pack, time.Now().UTC().Format("20060102150405")+"-"+pack.sum[:8]+".zip")
	}
	address, as, err := k.source(spec)
	if err != nil {
		return err
	}
	f, err := os.Open(pack.path)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "package", err, "open it")
	}
	defer f.Close()
	if err := k.s.o.Blobs.Write(ctx, address, as, pack.size, f); err != nil {
		return fault.Wrap(fault.KindOf(err), "deployment storage", err, "write the package to %s", withoutQuery(address))
	}
	return nil
}

func (d *Deployment) say(text string) {
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		d.Log = append(d.Log, Line{time.Now().UTC(), line})
	}
}
