package cosmos

import (
	"sync"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// containerInfo is what every request in a container needs and what never
// changes while the container lives.
type containerInfo struct {
	rid      string
	keyPaths []string // the partition key's
	keySpec  docstore.PartitionKeySpec

	// Header values, shared by replies; nobody writes them.
	contentPath []string // the _rid
	altPath     []string // dbs/{name}/colls/{name}
}

// infoCache keeps the infos of live containers.
type infoCache struct{ m sync.Map } // *docstore.Container to *containerInfo

func (c *infoCache) get(db *docstore.Database, coll *docstore.Container) *containerInfo {
	if info, ok := c.m.Load(coll); ok {
		return info.(*containerInfo)
	}
	rid, spec := coll.Resource().RID, coll.Spec().PartitionKey
	info := &containerInfo{
		rid: rid, keyPaths: spec.Paths, keySpec: spec,
		contentPath: []string{rid}, altPath: []string{"dbs/" + db.ID() + "/colls/" + coll.ID()},
	}
	c.m.Store(coll, info)
	return info
}

// clear forgets all infos. Deleting a container does it; the living ones are
// looked up again.
func (c *infoCache) clear() { c.m.Clear() }
