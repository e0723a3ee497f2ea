package cosmos

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// containerBody is a container as clients send and read it. Policies that
// Lazuli only keeps are raw; checkPolicies refuses those that would change
// what a query or write answers.
type containerBody struct {
	ID                 string            `json:"id"`
	IndexingPolicy     json.RawMessage   `json:"indexingPolicy,omitempty"`
	PartitionKey       *partitionKeyBody `json:"partitionKey,omitempty"`
	DefaultTTL         *int32            `json:"defaultTtl,omitempty"`
	UniqueKeyPolicy    *uniqueKeyPolicy  `json:"uniqueKeyPolicy,omitempty"`
	ConflictResolution json.RawMessage   `json:"conflictResolutionPolicy,omitempty"`
	Geospatial         json.RawMessage   `json:"geospatialConfig,omitempty"`
	Computed           json.RawMessage   `json:"computedProperties,omitempty"`
	VectorEmbedding    json.RawMessage   `json:"vectorEmbeddingPolicy,omitempty"`
	FullText           json.RawMessage   `json:"fullTextPolicy,omitempty"`
	ClientEncryption   json.RawMessage   `json:"clientEncryptionPolicy,omitempty"`
	ChangeFeed         json.RawMessage   `json:"changeFeedPolicy,omitempty"`
	AnalyticalTTL      json.RawMessage   `json:"analyticalStorageTtl,omitempty"`

	RID       string `json:"_rid,omitempty"`
	Self      string `json:"_self,omitempty"`
	ETag      string `json:"_etag,omitempty"`
	Timestamp int64  `json:"_ts,omitempty"`
	Docs      string `json:"_docs,omitempty"`
	Sprocs    string `json:"_sprocs,omitempty"`
	Triggers  string `json:"_triggers,omitempty"`
	UDFs      string `json:"_udfs,omitempty"`
	Conflicts string `json:"_conflicts,omitempty"`
}

// partitionKeyBody is a partition key's definition on the wire.
type partitionKeyBody struct {
	Paths   []string   `json:"paths"`
	Kind    string     `json:"kind"`
	Version keyVersion `json:"version,omitempty"`
}

// keyVersion is the version of the partition key's hash: 1 or 2, which the Java
// SDK writes as the name of its constant, "V1" or "V2".
type keyVersion int

// UnmarshalJSON reads a number or a name; which numbers exist is the store's
// to say.
func (v *keyVersion) UnmarshalJSON(b []byte) error {
	switch strings.ToUpper(string(b)) {
	case `"V1"`:
		*v = 1
	case `"V2"`:
		*v = 2
	case "NULL":
	default:
		n, err := strconv.Atoi(string(b))
		if err != nil {
			return badRequest(subNone, "The version %s of the partition key is invalid: expected 1, 2, \"V1\" or \"V2\".", clip(string(b), 40))
		}
		*v = keyVersion(n)
	}
	return nil
}

type uniqueKeyPolicy struct {
	Keys []uniqueKey `json:"uniqueKeys"`
}

type uniqueKey struct {
	Paths []string `json:"paths"`
}

// indexingPolicy is the part of an indexing policy that the store acts on.
type indexingPolicy struct {
	Mode      string            `json:"indexingMode"`
	Automatic *bool             `json:"automatic"`
	Included  []indexedPath     `json:"includedPaths"`
	Excluded  []indexedPath     `json:"excludedPaths"`
	Composite [][]compositePath `json:"compositeIndexes"`
}

type indexedPath struct {
	Path string `json:"path"`
}

type compositePath struct {
	Path  string `json:"path"`
	Order string `json:"order"`
}

const (
	defaultConflictPolicy   = `{"mode":"LastWriterWins","conflictResolutionPath":"/_ts","conflictResolutionProcedure":""}`
	defaultGeospatialConfig = `{"type":"Geography"}`
)

// Names of the raw policies in docstore's Extras.
const (
	extraConflict   = "conflictResolutionPolicy"
	extraGeospatial = "geospatialConfig"
	extraChangeFeed = "changeFeedPolicy"
	extraAnalytical = "analyticalStorageTtl"
)

// parseContainer reads the body of a creation or replacement.
func parseContainer(body []byte) (docstore.ContainerSpec, error) {
	var in containerBody
	if err := json.Unmarshal(body, &in); err != nil {
		return docstore.ContainerSpec{}, jsonError(err, "container")
	}
	if err := in.checkPolicies(); err != nil {
		return docstore.ContainerSpec{}, err
	}
	spec := docstore.ContainerSpec{ID: in.ID, DefaultTTL: in.DefaultTTL, Extras: map[string]json.RawMessage{}}
	if in.PartitionKey != nil {
		spec.PartitionKey = docstore.PartitionKeySpec{Paths: in.PartitionKey.Paths, Kind: in.PartitionKey.Kind, Version: int(in.PartitionKey.Version)}
	}
	if in.UniqueKeyPolicy != nil {
		for _, k := range in.UniqueKeyPolicy.Keys {
			spec.UniqueKeys = append(spec.UniqueKeys, k.Paths)
		}
	}
	for name, raw := range map[string]json.RawMessage{
		extraConflict: in.ConflictResolution, extraGeospatial: in.Geospatial,
		extraChangeFeed: in.ChangeFeed, extraAnalytical: in.AnalyticalTTL,
	} {
		if present(raw) {
			spec.Extras[name] = raw
		}
	}
	var err error
	spec.IndexingPolicy, err = parseIndexingPolicy(in.IndexingPolicy)
	return spec, err
}

// checkPolicies refuses the policies whose effect Lazuli does not have, and
// takes their empty forms, which SDKs send along.
func (c *containerBody) checkPolicies() error {
	for _, p := range [...]struct {
		raw     json.RawMessage
		list    string // the property that must be empty; "" for an array
		feature string
	}{
		{c.Computed, "", "Computed properties (computedProperties)"},
		{c.VectorEmbedding, "vectorEmbeddings", "Vector search (vectorEmbeddingPolicy)"},
		{c.FullText, "fullTextPaths", "Full text search (fullTextPolicy)"},
		{c.ClientEncryption, "includedPaths", "Client-side encryption (clientEncryptionPolicy)"},
	} {
		if present(p.raw) && !emptyPolicy(p.raw, p.list) {
			return unsupported(p.feature, "Leave it out of the container's definition.")
		}
	}
	var feed struct {
		Retention json.Number `json:"retentionDuration"`
	}
	if present(c.ChangeFeed) && (json.Unmarshal(c.ChangeFeed, &feed) != nil || feed.Retention != "" && feed.Retention != "0") {
		return unsupported("The change feed of all versions and deletes (changeFeedPolicy with a retentionDuration)", "Leave it out of the container's definition and read the latest versions.")
	}
	var conflict struct {
		Procedure string `json:"conflictResolutionProcedure"`
	}
	if present(c.ConflictResolution) {
		if err := json.Unmarshal(c.ConflictResolution, &conflict); err != nil {
			return jsonError(err, "container with a conflict resolution policy")
		}
	}
	if conflict.Procedure != "" {
		return unsupported("Conflict resolution by stored procedure", "An account has one write region and so no conflicts.")
	}
	return nil
}

// present says whether a raw property is there and not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// emptyPolicy says whether a policy has nothing in it.
func emptyPolicy(raw json.RawMessage, list string) bool {
	if list != "" {
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil {
			return false
		}
		if raw = members[list]; !present(raw) {
			return true
		}
	}
	var elements []json.RawMessage
	return json.Unmarshal(raw, &elements) == nil && len(elements) == 0
}

// parseIndexingPolicy reads an indexing policy; absent is the zero policy.
func parseIndexingPolicy(raw json.RawMessage) (docstore.IndexingPolicy, error) {
	var out docstore.IndexingPolicy
	if !present(raw) {
		return out, nil
	}
	var in indexingPolicy
	if err := json.Unmarshal(raw, &in); err != nil {
		return out, jsonError(err, "container with an indexing policy")
	}
	out = docstore.IndexingPolicy{Mode: strings.ToLower(in.Mode), Automatic: in.Automatic == nil || *in.Automatic, Raw: raw}
	for _, p := range in.Included {
		out.Included = append(out.Included, p.Path)
	}
	for _, p := range in.Excluded {
		out.Excluded = append(out.Excluded, p.Path)
	}
	for _, index := range in.Composite {
		var columns []docstore.CompositePath
		for _, col := range index {
			if col.Order != "" && col.Order != "ascending" && col.Order != "descending" {
				return out, badRequest(subNone, "The order '%s' of the composite index path '%s' is invalid: expected ascending or descending.", clip(col.Order, 40), clip(col.Path, 200))
			}
			columns = append(columns, docstore.CompositePath{Path: col.Path, Descending: col.Order == "descending"})
		}
		out.Composite = append(out.Composite, columns)
	}
	return out, nil
}

// ContainerJSON is the whole container as the service shows it.
func ContainerJSON(c *docstore.Container) ([]byte, error) {
	r, spec := c.Resource(), c.Spec()
	extra := func(name, fallback string) json.RawMessage {
		if raw, ok := spec.Extras[name]; ok {
			return raw
		}
		if fallback == "" {
			return nil
		}
		return json.RawMessage(fallback)
	}
	out := containerBody{
		ID: r.ID, DefaultTTL: spec.DefaultTTL,
		PartitionKey:       &partitionKeyBody{spec.PartitionKey.Paths, spec.PartitionKey.Kind, keyVersion(spec.PartitionKey.Version)},
		UniqueKeyPolicy:    &uniqueKeyPolicy{Keys: []uniqueKey{}},
		ConflictResolution: extra(extraConflict, defaultConflictPolicy),
		Geospatial:         extra(extraGeospatial, defaultGeospatialConfig),
		ChangeFeed:         extra(extraChangeFeed, ""),
		AnalyticalTTL:      extra(extraAnalytical, ""),
		RID:                r.RID, Self: r.Self, ETag: r.ETag, Timestamp: r.Timestamp,
		Docs: "docs/", Sprocs: "sprocs/", Triggers: "triggers/", UDFs: "udfs/", Conflicts: "conflicts/",
	}
	for _, paths := range spec.UniqueKeys {
		out.UniqueKeyPolicy.Keys = append(out.UniqueKeyPolicy.Keys, uniqueKey{paths})
	}
	var err error
	if out.IndexingPolicy, err = indexingPolicyJSON(spec.IndexingPolicy); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// indexingPolicyJSON is the policy as it came with the service's defaults
// filled in, unknown properties kept.
func indexingPolicyJSON(p docstore.IndexingPolicy) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if present(p.Raw) {
		if err := json.Unmarshal(p.Raw, &members); err != nil {
			return nil, err
		}
	}
	fill := func(name, value string) {
		if !present(members[name]) {
			members[name] = json.RawMessage(value)
		}
	}
	fill("indexingMode", `"consistent"`)
	members["indexingMode"] = bytes.ToLower(members["indexingMode"]) // Go clients write Consistent
	fill("automatic", "true")
	if string(members["indexingMode"]) == `"none"` {
		fill("includedPaths", "[]")
		fill("excludedPaths", "[]")
	} else {
		fill("includedPaths", `[{"path":"/*"}]`)
		fill("excludedPaths", `[{"path":"/\"_etag\"/?"}]`)
	}
	return json.Marshal(members)
}
