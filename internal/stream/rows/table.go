package rows

import (
	"bytes"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Table returns all rows of a text that is a table of reference data: whole, not
// empty, each row an object. Errors are fault.Invalid and name it.
func (f Form) Table(text []byte, name string) ([][]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 { // most likely one that somebody is about to write
		return nil, fault.New(fault.Invalid, name, "the file of reference data is empty; a table without rows is [], or the header alone of a .csv")
	}
	table, err := f.all(bytes.NewReader(text), name)
	if err != nil {
		return nil, err
	}
	for i, row := range table {
		if len(row) == 0 || row[0] != '{' || !json.Valid(row) {
			return nil, fault.New(fault.Invalid, name, "row %d is not a JSON object: reference data must be objects, in an array or one after the other, or a .csv file with a header", i+1)
		}
	}
	return table, nil
}
