package item

import "time"

// Kind is the kind of a column, by the names that queries give them.
type Kind uint8

// The kinds of columns.
const (
	String Kind = iota
	Bool
	Int  // 32 bits
	Long // 64 bits
	Real
	Datetime
	Dynamic // JSON text
)

var kindNames = [...]string{"string", "bool", "int", "long", "real", "datetime", "dynamic"}

// String returns the kind as queries write it.
func (k Kind) String() string { return kindNames[k] }

// Schema is one type of items as tables.
type Schema struct {
	Type      Type
	ItemType  string  // as column itemType shows it
	Fields    []Field // what is stored of an item
	Classic   View    // requests
	Workspace View    // AppRequests
}

// View is a table: a name and columns over what is stored.
type View struct {
	Name    string
	Columns []Column
}

// Column is a column of a view.
type Column struct {
	Name  string
	Kind  Kind
	From  Origin
	Field int // of Schema.Fields, when it is From Stored
}

// Origin is where a column's values come from.
type Origin uint8

// The origins. All but Stored are the same in every row of a component.
const (
	Stored       Origin = iota
	ItemType            // Schema.ItemType
	TableName           // the workspace table's name
	AppID               // of the component
	AppName             // of the component
	IKey                // of the component
	ResourceID          // of the component, its ARM id
	Subscription        // of the component
	Workspace           // the workspace's id
	SourceSystem        // "Azure"
	Billable            // "True"
	BilledSize          // 0: nothing is billed here
	NoText              // "": columns that exist and are never filled here
)

// Field is a value that is stored of an item. Exactly one of the functions is
// set; it says the field's kind.
type Field struct {
	Name string // in files: never changed, and unique in a schema
	Kind Kind

	Text func(*Item) string               // String
	Flag func(*Item) bool                 // Bool
	Long func(*Item) (int64, bool)        // Int and Long; false is null
	Real func(*Item) (float64, bool)      // Real; false is null
	Time func(*Item) time.Time            // Datetime
	JSON func(dst []byte, i *Item) []byte // Dynamic: appends JSON; nothing is null
}

// Of returns the schema of a type.
func Of(t Type) *Schema { return &schemas[t] }

// Schemas returns all ten, in the order of their types.
func Schemas() []Schema { return schemas[:] }

// Find returns the view with a table's name, and whether there is one. Names
// are as queries write them: requests, AppRequests.
func Find(table string) (*Schema, *View, bool) {
	for i := range schemas {
		s := &schemas[i]
		switch table {
		case s.Classic.Name:
			return s, &s.Classic, true
		case s.Workspace.Name:
			return s, &s.Workspace, true
		}
	}
	return nil, nil, false
}
