package tablestore

import (
	"unicode"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The limits of the service ("Understanding the Table service data model",
// "Performing entity group transactions").
const (
	MaxProperties     = 252      // without the three that every entity has
	MaxNameUnits      = 255      // of a property's name, in UTF-16 units
	MaxKeyUnits       = 1024     // of a partition or row key, in UTF-16 units
	MaxTextUnits      = 32 << 10 // of a String, in UTF-16 units
	MaxBinaryBytes    = 64 << 10
	MaxEntityBytes    = 1 << 20 // by the service's formula, see size
	MaxBatch          = 100     // operations of a transaction
	MaxPage           = 1000    // entities of a page
	MaxPolicyBytes    = 64 << 10
	minTableNameBytes = 3
	maxTableNameBytes = 63
)

// CheckTableName tells whether a table can have the name: a letter, then letters
// and digits, 3 to 63 in all, and not "tables".
func CheckTableName(name string) error {
	if len(name) < minTableNameBytes || len(name) > maxTableNameBytes {
		return codes.New(OutOfRangeInput, "table "+clip(name), "its name has %d characters; 3 to 63 are allowed", utf8.RuneCountInString(name))
	}
	for i := range len(name) {
		c := name[i] | 0x20
		if letter := 'a' <= c && c <= 'z'; !letter && (i == 0 || name[i] < '0' || name[i] > '9') {
			return codes.New(InvalidResourceName, "table "+clip(name), "its name has a character that is not a letter, or not a digit after a letter")
		}
	}
	if lower(name) == "tables" {
		return codes.New(InvalidInput, "table "+name, "this name is the service's own")
	}
	return nil
}

// check tells whether an entity may be as it is.
func (e *Entity) check() error {
	if err := checkKey(PartitionKeyName, e.PartitionKey); err != nil {
		return err
	}
	if err := checkKey(RowKeyName, e.RowKey); err != nil {
		return err
	}
	if len(e.Properties) > MaxProperties {
		return codes.New(TooManyProperties, e.name(), "it has %d properties; %d are allowed beside the keys and the timestamp", len(e.Properties), MaxProperties)
	}
	for i := range e.Properties {
		if err := e.checkProperty(&e.Properties[i]); err != nil {
			return err
		}
	}
	if size := e.size(); size > MaxEntityBytes {
		return codes.New(EntityTooLarge, e.name(), "it has %d bytes by the service's counting; %d are allowed", size, MaxEntityBytes)
	}
	return nil
}

// name names the entity in errors.
func (e *Entity) name() string { return entityName(e.PartitionKey, e.RowKey) }

func entityName(partition, row string) string { return "entity " + clip(partition) + "/" + clip(row) }

// clip keeps names in errors short.
func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}

// checkKey tells whether a partition or row key may have the text: without / \ #
// ? and control characters.
func checkKey(what, key string) error {
	for i, r := range key {
		switch {
		case r == '/' || r == '\\' || r == '#' || r == '?' || unicode.IsControl(r):
			return codes.New(OutOfRangeInput, what, "it has the character %U at byte %d, which keys cannot have", r, i)
		case r == utf8.RuneError && !utf8.ValidString(key):
			return codes.New(InvalidInput, what, "it is not valid UTF-8")
		}
	}
	if len(key) > MaxKeyUnits && utf16Len(key) > MaxKeyUnits {
		return codes.New(KeyValueTooLarge, what, "it has %d UTF-16 units; %d are allowed", utf16Len(key), MaxKeyUnits)
	}
	return nil
}

func (e *Entity) checkProperty(p *Property) error {
	if err := checkPropertyName(p.Name); err != nil {
		return err
	}
	v := &p.Value
	switch v.typ {
	case String:
		if len(v.str) > MaxTextUnits && utf16Len(v.str) > MaxTextUnits {
			return p.refuse(PropertyValueTooLarge, "it has %d UTF-16 units; %d are allowed", utf16Len(v.str), MaxTextUnits)
		}
		if !utf8.ValidString(v.str) {
			return p.refuse(InvalidInput, "it is not valid UTF-8")
		}
	case Binary:
		if len(v.str) > MaxBinaryBytes {
			return p.refuse(PropertyValueTooLarge, "it has %d bytes; %d are allowed", len(v.str), MaxBinaryBytes)
		}
	case DateTime:
		if v.Ticks() < MinTicks || v.Ticks() > MaxTicks {
			return p.refuse(OutOfRangeInput, "%v is outside the years 1601 to 9999", v.Ticks())
		}
	case 0:
		return p.refuse(InvalidInput, "it has no value")
	}
	return nil
}

// refuse words a refusal of the property.
func (p *Property) refuse(code fault.Code, format string, args ...any) error {
	return codes.New(code, "property "+p.Name, format, args...)
}

// checkPropertyName tells whether a property can have the name: a C# identifier.
func checkPropertyName(name string) error {
	switch {
	case name == "":
		return codes.New(PropertyNameInvalid, "property", "its name is empty")
	case name == PartitionKeyName || name == RowKeyName || name == TimestampName:
		return codes.New(DuplicatePropertiesSpecified, "property "+name, "every entity has it already")
	case len(name) > MaxNameUnits && utf16Len(name) > MaxNameUnits:
		return codes.New(PropertyNameTooLong, "property "+clip(name), "its name has %d characters; %d are allowed", utf16Len(name), MaxNameUnits)
	}
	for i, r := range name {
		if r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) {
			continue
		}
		if i > 0 && (unicode.IsDigit(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Cf)) {
			continue
		}
		return codes.New(PropertyNameInvalid, "property "+clip(name), "%q cannot be at byte %d of a name", r, i)
	}
	return nil
}

// size is the entity's size by the service's formula.
func (e *Entity) size() int {
	n := 4 + 2*(utf16Len(e.PartitionKey)+utf16Len(e.RowKey))
	for i := range e.Properties {
		p := &e.Properties[i]
		n += 8 + 2*utf16Len(p.Name) + p.Value.size()
	}
	return n
}

func (v *Value) size() int {
	switch v.typ {
	case String:
		return 4 + 2*utf16Len(v.str)
	case Binary:
		return 4 + len(v.str)
	case GUID:
		return 16
	case Boolean:
		return 1
	case Int32:
		return 4
	}
	return 8
}

// utf16Len is the length of a text in UTF-16 units.
func utf16Len(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; c < 0x80 || c >= 0xc0 {
			n++
			if c >= 0xf0 {
				n++
			}
		}
	}
	return n
}
