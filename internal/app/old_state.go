package app

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// movedState makes blobs of the checkpoints and timers of a data folder that had
// them in the key-value store: in the account that localhost means, where all apps
// had theirs in common. Rows are container, a zero byte, blob name; the metadata as a
// JSON object. A crash between leaves the rows, and they are moved again.
func movedState(e *env) (parts, error) {
	db := e.Storage.kv
	if !db.Old() {
		return parts{}, nil
	}
	space := db.Space(kv.OldBlobMetadata)
	it, err := db.Iter(space.Bounds(nil))
	if err != nil {
		return parts{}, err
	}
	to, moved := e.stateIn(e.Storage.blobs), 0
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		container, blob, _ := strings.Cut(string(it.Key()[len(space.Key(nil)):]), "\x00")
		err = e.moveState(to, container, blob, it.Value())
		moved++
	}
	if err = errors.Join(err, it.Error(), it.Close()); err == nil {
		err = db.Moved()
	}
	if err != nil {
		return parts{}, fault.Wrap(fault.KindOf(err), "data folder", err, "the checkpoints of the version before could not be moved to blobs")
	}
	e.Log.Info("checkpoints and timers are blobs now", "account", e.Storage.blobs.Name, "moved", moved)
	return parts{}, nil
}

func (e *env) moveState(to state.Blobs, container, blob string, row []byte) error {
	var metadata map[string]string
	if err := json.Unmarshal(row, &metadata); err != nil {
		return fault.Wrap(fault.Internal, "blob "+container+"/"+blob, err, "stored metadata")
	}
	var err error
	if timer := oldTimer(blob); container == state.Hosts && timer != "" {
		_, err = to.SetText(e.Context, container, timer, []byte(metadata["status"]), state.Any)
	} else {
		_, err = to.SetMark(e.Context, container, blob, metadata, state.Any)
	}
	return err
}

// oldTimer is the blob of a timer that was named by the app and a hash of its folder;
// "" of another blob.
func oldTimer(blob string) string {
	name := regexp.MustCompile(`^timers/(.+)-[0-9a-f]{12}/([^/]+)/status$`).FindStringSubmatch(blob)
	if name == nil {
		return ""
	}
	return "timers/" + state.HostID(settings.New(), name[1]) + "/" + state.FunctionID(name[2]) + "/status"
}
