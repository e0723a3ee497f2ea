package objectstore

import "time"

// Address names a blob: its current state, or with Snapshot or Version (times as
// the store has given them out) an earlier one. With an empty Blob it names the
// container. A blob's name is 1 to 1,024 characters of UTF-8 without a zero
// byte.
type Address struct {
	Container, Blob   string
	Snapshot, Version string
}

// BlobType is what a blob is made of.
type BlobType uint8

// The types.
const (
	BlockBlob BlobType = iota + 1
	AppendBlob
	PageBlob
)

var typeNames = [...]string{BlockBlob: "BlockBlob", AppendBlob: "AppendBlob", PageBlob: "PageBlob"}

// String returns the type in the service's words.
func (t BlobType) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return ""
}

// Pair is a name and its value.
type Pair struct{ Name, Value string }

// Metadata are names and values as they were given: order and case of names and
// empty values are kept.
type Metadata []Pair

// Properties are the headers that a blob is served with. Empty is unset.
type Properties struct {
	ContentType, ContentEncoding, ContentLanguage, ContentDisposition, CacheControl string
	ContentMD5                                                                      []byte
}

// Conditions of an operation on a blob or container that is there. ETags are
// without quotes; "*" is any. A zero time is no condition. Tags, when not nil, is
// asked about the blob's tags. Lease is the id that the caller holds, any
// spelling of a GUID.
type Conditions struct {
	IfMatch, IfNoneMatch               []string
	IfModifiedSince, IfUnmodifiedSince time.Time
	Tags                               func(map[string]string) bool
	Lease                              string
	KeySHA256                          string // of Open and CopyFrom's source: the customer's key that the reader has; "" is none
}

// Put is what a blob gets besides its content.
type Put struct {
	Type       BlobType // of PutBlob; the others know it
	Properties Properties
	Metadata   Metadata
	Tags       []Pair
	Tier       string // "" is the account's, inferred
	PageSize   int64  // of a page blob
	Sequence   int64  // of a page blob
	Encryption Encryption
	Copy       *Copy // the copy that made the content, if one did
	Conditions Conditions
}

// Encryption is the customer's key (by its SHA-256) or scope that a blob was
// written with. The engine remembers it and demands the same, to read and to write.
type Encryption struct{ KeySHA256, Scope string }

// Copy is the copy operation that made a blob's content.
type Copy struct {
	ID, Source        string
	Status            string // success, pending, aborted, failed
	StatusDescription string
	Copied, Total     int64
	Completed         time.Time
}

// LeaseState is where a lease is in its life.
type LeaseState uint8

// The states.
const (
	Available LeaseState = iota
	Leased
	Breaking
	Broken
	Expired
)

var leaseStateNames = [...]string{"available", "leased", "breaking", "broken", "expired"}

// String returns the state in the service's words.
func (s LeaseState) String() string { return leaseStateNames[s] }

// LeaseView is what everybody may know of a lease.
type LeaseView struct {
	State    LeaseState
	Infinite bool // while it is leased
}

// Locked reports whether writes need the lease's id.
func (l LeaseView) Locked() bool { return l.State == Leased || l.State == Breaking }

// Info is everything known of a blob but its content.
type Info struct {
	Address
	Type              BlobType
	Properties        Properties
	Metadata          Metadata
	Tags              []Pair
	Size              int64
	ETag              string // without quotes
	Created, Modified time.Time
	Lease             LeaseView
	Copy              *Copy
	Tier              string
	TierInferred      bool
	TierChanged       time.Time
	Sequence          int64 // of a page blob
	BlockCount        int   // of an append blob
	Sealed            bool
	Uncommitted       bool // there are blocks, and no list of them yet
	Deleted           bool // softly; Undelete brings it back
	DeletedAt         time.Time
	RemainingDays     int
	Current           bool // with versions: this is the current one
	Encryption        Encryption
}

// PublicAccess is what of a container anybody may read.
type PublicAccess uint8

// The levels.
const (
	PrivateAccess PublicAccess = iota
	BlobAccess
	ContainerAccess
)

// ContainerInfo is everything known of a container.
type ContainerInfo struct {
	Name              string
	ETag              string
	Created, Modified time.Time
	Metadata          Metadata
	Access            PublicAccess
	Policies          []byte // stored access policies, as they were given
	Lease             LeaseView
	Deleted           bool
	DeletedAt         time.Time
	RemainingDays     int
	Version           string // of a deleted one, for UndeleteContainer
}

// Retention says what an account keeps of what is deleted or overwritten.
type Retention struct {
	BlobDays      int  // 0: nothing
	ContainerDays int  // 0: nothing
	Versions      bool // overwritten blobs become versions
}
