package blob

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// scope is what the path names.
type scope uint8

const (
	inAccount scope = iota
	inContainer
	inBlob
)

// variant tells the operations apart that share method, path and comp; headers
// decide.
type variant uint8

const (
	plain    variant = iota
	fromURL          // x-ms-copy-source is there
	copying          // it is, and says nothing of a type: Copy Blob
	breaking         // x-ms-lease-action break
	version          // versionid is there
)

// operation is one row of the table of what is served.
type operation struct {
	method  string
	scope   scope
	comp    string
	variant variant
	right   storage.Operation
	run     func(*exchange) error
}

// Data actions of roles ("Azure permissions for Storage").
const (
	serviceActions   = "Microsoft.Storage/storageAccounts/blobServices/"
	containerActions = serviceActions + "containers/"
	blobActions      = containerActions + "blobs/"

	mayReadService     = serviceActions + "read"
	mayWriteService    = serviceActions + "write"
	mayDelegate        = serviceActions + "generateUserDelegationKey/action"
	mayReadContainer   = containerActions + "read"
	mayWriteContainer  = containerActions + "write"
	mayDeleteContainer = containerActions + "delete"
	mayGetACL          = containerActions + "getAcl/action"
	maySetACL          = containerActions + "setAcl/action"
	mayRead            = blobActions + "read"
	mayWrite           = blobActions + "write"
	mayAdd             = blobActions + "add/action"
	mayDelete          = blobActions + "delete"
	mayDeleteVersion   = blobActions + "deleteBlobVersion/action"
	mayDeleteForGood   = blobActions + "permanentDelete/action"
	mayReadTags        = blobActions + "tags/read"
	mayWriteTags       = blobActions + "tags/write"
	mayFilter          = blobActions + "filter/action"
	mayHold            = containerActions + "blobs/immutableStorage/runAsSuperUser/action"
)

// The shapes of rights: of the account, of containers, of blobs.
func service(name, permission string, writes bool, actions ...string) storage.Operation {
	return storage.Operation{Name: name, Permission: permission, Level: storage.ServiceLevel, AccountOnly: true, Writes: writes, Actions: actions}
}

func container(name, permission string, writes bool, actions ...string) storage.Operation {
	return storage.Operation{Name: name, Permission: permission, Level: storage.ContainerLevel, AccountOnly: true, Writes: writes, Actions: actions}
}

// listing is of what a container's own SAS opens too.
func listing(name, permission, public string, actions ...string) storage.Operation {
	return storage.Operation{Name: name, Permission: permission, Level: storage.ContainerLevel, Public: public, Actions: actions}
}

func reading(name, permission, public string, actions ...string) storage.Operation {
	return storage.Operation{Name: name, Permission: permission, Level: storage.ObjectLevel, Public: public, Actions: actions}
}

func writing(name, permission string, actions ...string) storage.Operation {
	return storage.Operation{Name: name, Permission: permission, Level: storage.ObjectLevel, Writes: true, Actions: actions}
}

// get, head, put, post and del shorten the table.
const (
	get  = http.MethodGet
	head = http.MethodHead
	put  = http.MethodPut
	post = http.MethodPost
	del  = http.MethodDelete
)

// operations is everything that this package serves or knowingly refuses. The most
// frequent come first, because the look-up walks.
var operations = []operation{
	{get, inBlob, "", plain, reading("blob.get", "r", storage.PublicBlob, mayRead), (*exchange).getBlob},
	{put, inBlob, "", plain, writing("blob.put", "wc", mayWrite, mayAdd), (*exchange).putBlob},
	{head, inBlob, "", plain, reading("blob.properties", "r", storage.PublicBlob, mayRead), (*exchange).headBlob},
	{put, inBlob, "block", plain, writing("block.put", "wc", mayWrite, mayAdd), (*exchange).putBlock},
	{put, inBlob, "blocklist", plain, writing("block.commit", "wc", mayWrite, mayAdd), (*exchange).commitBlocks},
	{put, inBlob, "lease", plain, writing("blob.lease", "w", mayWrite), (*exchange).leaseBlob},
	{put, inBlob, "lease", breaking, writing("blob.lease.break", "wd", mayWrite), (*exchange).leaseBlob},
	{put, inBlob, "metadata", plain, writing("blob.metadata.set", "w", mayWrite), (*exchange).setBlobMetadata},
	{put, inBlob, "appendblock", plain, writing("append.put", "aw", mayWrite, mayAdd), (*exchange).appendBlock},
	{put, inBlob, "page", plain, writing("page.put", "w", mayWrite), (*exchange).putPages},
	{del, inBlob, "", plain, writing("blob.delete", "d", mayDelete), (*exchange).deleteBlob},
	{del, inBlob, "", version, writing("blob.delete.version", "x", mayDeleteVersion), (*exchange).deleteBlob},
	{get, inContainer, "list", plain, listing("blob.list", "l", storage.PublicContainer, mayRead), (*exchange).listBlobs},

	{put, inBlob, "", fromURL, writing("blob.put.url", "wc", mayWrite, mayAdd), (*exchange).putBlobFromURL},
	{put, inBlob, "", copying, writing("blob.copy", "wc", mayWrite, mayAdd), (*exchange).copyBlob},
	{put, inBlob, "copy", plain, writing("blob.copy.abort", "w", mayWrite), (*exchange).abortCopy},
	{put, inBlob, "block", fromURL, writing("block.put.url", "wc", mayWrite, mayAdd), (*exchange).putBlockFromURL},
	{get, inBlob, "blocklist", plain, reading("block.list", "r", storage.PublicBlob, mayRead), (*exchange).listBlocks},
	{put, inBlob, "appendblock", fromURL, writing("append.put.url", "aw", mayWrite, mayAdd), (*exchange).appendFromURL},
	{put, inBlob, "seal", plain, writing("append.seal", "w", mayWrite), (*exchange).seal},
	{put, inBlob, "page", fromURL, writing("page.put.url", "w", mayWrite), (*exchange).putPagesFromURL},
	{get, inBlob, "pagelist", plain, reading("page.list", "r", storage.PublicBlob, mayRead), (*exchange).listPages},
	{put, inBlob, "properties", plain, writing("blob.properties.set", "w", mayWrite), (*exchange).setBlobProperties},
	{get, inBlob, "metadata", plain, reading("blob.metadata", "r", storage.PublicBlob, mayRead), (*exchange).headBlobMetadata},
	{head, inBlob, "metadata", plain, reading("blob.metadata", "r", storage.PublicBlob, mayRead), (*exchange).headBlobMetadata},
	{put, inBlob, "tier", plain, writing("blob.tier", "w", mayWrite), (*exchange).setBlobTier},
	{get, inBlob, "tags", plain, reading("blob.tags", "t", "", mayReadTags), (*exchange).getTags},
	{put, inBlob, "tags", plain, writing("blob.tags.set", "t", mayWriteTags), (*exchange).setTags},
	{put, inBlob, "snapshot", plain, writing("blob.snapshot", "wc", mayWrite, mayAdd), (*exchange).snapshot},
	{put, inBlob, "undelete", plain, writing("blob.undelete", "w", mayWrite), (*exchange).undelete},
	{put, inBlob, "incrementalcopy", plain, writing("page.copy", "w", mayWrite), refuse("Incremental Copy Blob", "Copy the snapshot with Copy Blob.")},
	{put, inBlob, "expiry", plain, writing("blob.expiry", "w", mayWrite), refuse("Set Blob Expiry, of accounts with a hierarchical namespace,", "Delete the blob when its time has come.")},
	{put, inBlob, "immutabilitypolicies", plain, writing("blob.immutability.set", "i", mayHold), refuse("An immutability policy", "Guard the blob with a lease that never ends.")},
	{del, inBlob, "immutabilitypolicies", plain, writing("blob.immutability.delete", "i", mayHold), refuse("An immutability policy", "There is none on the blob.")},
	{put, inBlob, "legalhold", plain, writing("blob.legalhold", "i", mayHold), refuse("A legal hold", "Guard the blob with a lease that never ends.")},
	{post, inBlob, "query", plain, reading("blob.query", "r", "", mayRead), refuse("Query Blob Contents", "Read the blob and filter it, or give it to a stream job.")},

	{put, inContainer, "", plain, container("container.create", "cw", true, mayWriteContainer), (*exchange).createContainer},
	{get, inContainer, "", plain, containerReading("container.properties"), (*exchange).containerProperties},
	{head, inContainer, "", plain, containerReading("container.properties"), (*exchange).containerProperties},
	{del, inContainer, "", plain, container("container.delete", "d", true, mayDeleteContainer), (*exchange).deleteContainer},
	{get, inContainer, "metadata", plain, containerReading("container.metadata"), (*exchange).containerMetadata},
	{head, inContainer, "metadata", plain, containerReading("container.metadata"), (*exchange).containerMetadata},
	{put, inContainer, "metadata", plain, container("container.metadata.set", "w", true, mayWriteContainer), (*exchange).setContainerMetadata},
	{get, inContainer, "acl", plain, container("container.acl", "", false, mayGetACL), (*exchange).getACL},
	{head, inContainer, "acl", plain, container("container.acl", "", false, mayGetACL), (*exchange).getACL},
	{put, inContainer, "acl", plain, container("container.acl.set", "", true, maySetACL), (*exchange).setACL},
	{put, inContainer, "lease", plain, container("container.lease", "w", true, mayWriteContainer), (*exchange).leaseContainer},
	{put, inContainer, "lease", breaking, container("container.lease.break", "wd", true, mayWriteContainer), (*exchange).leaseContainer},
	{put, inContainer, "undelete", plain, container("container.undelete", "w", true, mayWriteContainer), (*exchange).undeleteContainer},
	{put, inContainer, "rename", plain, container("container.rename", "w", true, mayWriteContainer), refuse("Rename Container", "Make a container, copy the blobs, delete the old one.")},
	{get, inContainer, "blobs", plain, listing("container.find", "f", "", mayFilter), (*exchange).findInContainer},
	{post, inContainer, "batch", plain, batching("container.batch", storage.ContainerLevel), (*exchange).batch},

	{get, inAccount, "list", plain, service("container.list", "l", false, mayReadContainer), (*exchange).listContainers},
	{get, inAccount, "properties", plain, service("service.properties", "r", false, mayReadService), (*exchange).serviceProperties},
	{put, inAccount, "properties", plain, service("service.properties.set", "w", true, mayWriteService), (*exchange).setServiceProperties},
	{get, inAccount, "stats", plain, service("service.stats", "r", false, mayReadService), (*exchange).stats},
	{post, inAccount, "userdelegationkey", plain, service("service.delegationkey", "", false, mayDelegate), (*exchange).delegationKey},
	{get, inAccount, "blobs", plain, service("service.find", "f", false, mayFilter), (*exchange).find},
	{post, inAccount, "batch", plain, batching("service.batch", storage.ServiceLevel), (*exchange).batch},
}

// batching opens a batch to whoever may do something of what it can hold; each of its
// requests is authorized by itself.
func batching(name string, level storage.Level) storage.Operation {
	return storage.Operation{Name: name, Permission: "dxw", Level: level, Writes: true, Actions: []string{mayDelete, mayDeleteVersion, mayWrite}}
}

func containerReading(name string) storage.Operation {
	op := container(name, "r", false, mayReadContainer)
	op.Public = storage.PublicContainer
	return op
}

// accountInfo is served on every path.
var accountInfo = operation{right: storage.Operation{
	Name: "account.info", Permission: "rlwcdaxytfi", Level: storage.ServiceLevel, Actions: []string{mayReadService, mayReadContainer, mayRead},
}, run: (*exchange).accountInfo}

// refuse is the operation of something that the service has and this package not.
func refuse(feature, instead string) func(*exchange) error {
	return func(*exchange) error { return storage.Unsupported(feature, instead) }
}

// route finds what the request is about, and its operation. What is in no row does
// not exist on the service either.
func (x *exchange) route() error {
	first, rest, err := x.req.Names()
	if err != nil {
		return err
	}
	comp, restype := strings.ToLower(x.req.Query.Get("comp")), strings.ToLower(x.req.Query.Get("restype"))
	if restype == "account" && comp == "properties" && (x.r.Method == get || x.r.Method == head) {
		x.op = &accountInfo
		x.target.Container, x.target.Blob = first, rest
		return nil
	}
	if first == "" && comp == "batch" && restype == "container" {
		restype = "" // the JavaScript client takes the account's name in the path for a container
	}
	at, err := x.locate(first, rest, restype)
	if err != nil {
		return err
	}
	if at == inAccount && restype == "" && (comp == "properties" || comp == "stats" || comp == "userdelegationkey") {
		return storage.Fail("MissingRequiredQueryParameter").With("QueryParameterName", "restype")
	}
	return x.lookUp(at, comp)
}

// locate sets the target. A path of one name is a container with restype=container,
// and without it a blob in $root.
func (x *exchange) locate(first, rest, restype string) (scope, error) {
	switch {
	case first == "" && (restype == "" || restype == "service"):
		return inAccount, nil
	case first == "":
		return 0, storage.InvalidQuery("restype", restype, "")
	case rest == "" && restype == "container":
		x.target.Container = first
		return inContainer, checkContainerName(first)
	case restype != "":
		return 0, storage.InvalidQuery("restype", restype, "")
	case rest == "":
		first, rest = "$root", first
	}
	rest = strings.ReplaceAll(rest, `\`, "/")
	x.target.Container, x.target.Blob = first, rest
	x.target.Snapshot, x.target.Version = x.req.Query.Get("snapshot"), x.req.Query.Get("versionid")
	switch {
	case x.target.Snapshot != "" && x.target.Version != "":
		return 0, storage.InvalidQuery("versionid", x.target.Version, "A snapshot and a version exclude each other.")
	case x.target.Version == "" && x.req.Query.Has("versionid"):
		return 0, storage.InvalidQuery("versionid", "", "It names no version, and is not the blob.")
	}
	if err := checkContainerName(first); err != nil {
		return 0, err
	}
	return inBlob, checkBlobName(rest)
}

// lookUp looks the operation up.
func (x *exchange) lookUp(at scope, comp string) error {
	v := x.variant(at, comp)
	known := false
	for i := range x.svc.table {
		op := &x.svc.table[i]
		if op.scope != at || op.comp != comp {
			continue
		}
		known = true
		if op.method == x.r.Method && op.variant == v {
			x.op = op
			return nil
		}
	}
	if known {
		return storage.Fail("UnsupportedHttpVerb")
	}
	return storage.InvalidQuery("comp", comp, "")
}

func (x *exchange) variant(at scope, comp string) variant {
	switch {
	case comp == "lease" && strings.EqualFold(x.req.Header("X-Ms-Lease-Action"), "break"):
		return breaking
	case at != inBlob:
	case x.r.Method == del && comp == "" && x.target.Version != "":
		return version
	case x.r.Method != put || !x.req.HasHeader("X-Ms-Copy-Source"):
	case comp == "" && x.req.HasHeader("X-Ms-Blob-Type"):
		return fromURL
	case comp == "":
		return copying
	case comp == "block" || comp == "appendblock" || comp == "page":
		return fromURL
	}
	return plain
}
