package tablestore

// The names of the properties that every entity has.
const (
	PartitionKeyName = "PartitionKey"
	RowKeyName       = "RowKey"
	TimestampName    = "Timestamp"
)

// Entity is an entity. PartitionKey, RowKey and Timestamp are not among the
// properties.
type Entity struct {
	PartitionKey, RowKey string
	// Timestamp is when it was last written, which is its ETag. The store sets it.
	Timestamp  Ticks
	Properties []Property // in the order in which they were first given
}

// Property is a named value of an entity. Names are compared with their case.
type Property struct {
	Name  string
	Value Value
}

// Lookup returns the value of a property, of the keys and the Timestamp too; the
// zero Value when there is none.
func (e *Entity) Lookup(name string) Value {
	switch name {
	case PartitionKeyName:
		return StringValue(e.PartitionKey)
	case RowKeyName:
		return StringValue(e.RowKey)
	case TimestampName:
		return DateTimeValue(e.Timestamp)
	}
	for i := range e.Properties {
		if e.Properties[i].Name == name {
			return e.Properties[i].Value
		}
	}
	return Value{}
}

// merge puts the properties of change over those of old, for a merge.
func merge(old, change []Property) []Property {
	all := make([]Property, len(old), len(old)+len(change))
	copy(all, old)
next:
	for _, p := range change {
		for i := range old {
			if all[i].Name == p.Name {
				all[i].Value = p.Value
				continue next
			}
		}
		all = append(all, p)
	}
	return all
}
