package docstore

// PartitionKey is the value that places an item in its logical partition: one
// component per path of the container's key, each Undefined, Null, False, True,
// a Number or a String. A key with fewer components than the container has
// paths stands for every partition that begins with them.
//
// The zero PartitionKey has no component.
type PartitionKey struct {
	parts []Value
}

// Key returns the partition key with the components. It panics on an array or
// an object: no document has such a key.
func Key(components ...Value) PartitionKey { return PartitionKey{components} }

// StringKey returns the partition key of one string.
func StringKey(s string) PartitionKey { return Key(Value{Kind: String, Str: s}) }

// Len returns the number of components.
func (k PartitionKey) Len() int { return len(k.parts) }

// Component returns the i-th component.
func (k PartitionKey) Component(i int) Value { return k.parts[i] }

// ParsePartitionKey reads the JSON array of the partition key header:
// ["a"], [1.5], [true], [null], [{}] (undefined), ["a",1] (hierarchical), and
// [] (no component). It returns fault.Invalid for anything else.
func ParsePartitionKey(header string) (PartitionKey, error) { return PartitionKey{}, nil }

// String returns the key in the form ParsePartitionKey reads.
func (k PartitionKey) String() string { return "" }

// KeyOf reads the partition key of a document at the paths ("/deviceId",
// "/address/zip"). A missing property is Undefined; an array or object at a
// path is fault.Invalid.
func KeyOf(doc []byte, paths []string) (PartitionKey, error) { return PartitionKey{}, nil }
