package cosmos

import (
	"net/url"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// containerInfo is what every request in a container needs and what never
// changes while the container lives.
type containerInfo struct {
	rid      string
	keyPaths []string // the partition key's
	keySpec  docstore.PartitionKeySpec

	self  owner // of what is in the container
	above owner // of the container itself: its database
}

// owner is what replies say of the parent of the resource they are about. The
// Java SDK builds a resource's name link from it and the id; session caches of
// all SDKs key on it. Its values are shared by replies; nobody writes them.
type owner struct {
	path []string // x-ms-alt-content-path: dbs/{name} or dbs/{name}/colls/{name}, names escaped
	rid  []string // x-ms-content-path: its _rid
}

func ownerDatabase(db *docstore.Database) owner {
	return owner{[]string{"dbs/" + escapeName(db.ID())}, []string{db.Resource().RID}}
}

// escapeName is a name as a reply's header has it. The Java SDK decodes it as a
// form's value, in which "+" is a blank (StoreResponse: HttpUtils.urlDecode).
func escapeName(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), "+", "%2B")
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
		self:  owner{[]string{"dbs/" + escapeName(db.ID()) + "/colls/" + escapeName(coll.ID())}, []string{rid}},
		above: ownerDatabase(db),
	}
	c.m.Store(coll, info)
	return info
}

// clear forgets all infos. Deleting a container does it; the living ones are
// looked up again.
func (c *infoCache) clear() { c.m.Clear() }
