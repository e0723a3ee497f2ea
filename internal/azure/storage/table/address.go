package table

import (
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// kind is what a path names.
type kind uint8

const (
	kindService kind = iota // /
	kindBatch               // /$batch
	kindTables              // /Tables
	kindTable               // /Tables('T')
	kindSet                 // /T and /T()
	kindEntity              // /T(PartitionKey='p',RowKey='r')
)

// address is what a request is about.
type address struct {
	kind           kind
	table          string // as the path has it
	partition, row string // of kindEntity
}

// parseAddress reads a path that is decoded. Keys may hold everything, so that
// commas and parentheses count outside of quotes alone.
func parseAddress(path string) (address, error) {
	switch {
	case path == "":
		return address{}, nil
	case path == "$batch":
		return address{kind: kindBatch}, nil
	case !utf8.ValidString(path):
		return address{}, badAddress("It is not valid UTF-8.")
	}
	name, keys, keyed := strings.Cut(path, "(")
	if strings.EqualFold(name, "Tables") {
		return tablesAddress(keys, keyed)
	}
	a := address{kind: kindSet, table: name}
	if !keyed || keys == ")" {
		return a, nil
	}
	p := keyParser{left: keys}
	err := p.keys(&a)
	a.kind = kindEntity
	return a, err
}

func tablesAddress(keys string, keyed bool) (address, error) {
	if !keyed || keys == ")" {
		return address{kind: kindTables}, nil
	}
	p := keyParser{left: strings.TrimPrefix(strings.TrimPrefix(keys, "TableName"), "=")}
	name, err := p.quoted()
	if err == nil && p.left != ")" {
		err = badAddress("Behind the name of the table ) is expected.")
	}
	return address{kind: kindTable, table: name}, err
}

func badAddress(reason string) *storage.Error {
	return storage.Fail("InvalidInput").With("Reason", "The path does not name an entity as T(PartitionKey='p',RowKey='r'): "+reason)
}

// keyParser reads PartitionKey='p',RowKey='r').
type keyParser struct{ left string }

// keys reads both keys, in either order, and the end.
func (p *keyParser) keys(a *address) error {
	var partition, row bool
	for {
		name, rest, _ := strings.Cut(p.left, "=")
		p.left = rest
		value, err := p.quoted()
		if err != nil {
			return err
		}
		switch strings.TrimSpace(name) {
		case "PartitionKey":
			if partition {
				return badAddress("PartitionKey is there twice.")
			}
			a.partition, partition = value, true
		case "RowKey":
			if row {
				return badAddress("RowKey is there twice.")
			}
			a.row, row = value, true
		default:
			return badAddress("There are the keys PartitionKey and RowKey.")
		}
		switch {
		case strings.HasPrefix(p.left, ","):
			p.left = p.left[1:]
		case p.left == ")" && partition && row:
			return nil
		default:
			return badAddress("Behind a key a comma, or behind both ) is expected.")
		}
	}
}

// quoted reads a text in quotes, in which two quotes are one, and the spaces
// around it.
func (p *keyParser) quoted() (string, error) {
	p.left = strings.TrimLeft(p.left, " ")
	if !strings.HasPrefix(p.left, "'") {
		return "", badAddress("A text in single quotes is expected.")
	}
	p.left = p.left[1:]
	var b strings.Builder
	for {
		at := strings.IndexByte(p.left, '\'')
		if at < 0 {
			return "", badAddress("A closing quote is missing.")
		}
		b.WriteString(p.left[:at])
		p.left = p.left[at+1:]
		if !strings.HasPrefix(p.left, "'") {
			p.left = strings.TrimLeft(p.left, " ")
			return b.String(), nil
		}
		b.WriteByte('\'')
		p.left = p.left[1:]
	}
}

// appendKeys appends the keys as an address has them: quotes doubled, then
// percent-encoded.
func appendKeys(b []byte, partition, row string) []byte {
	b = appendEscaped(append(b, "(PartitionKey='"...), partition)
	b = appendEscaped(append(b, "',RowKey='"...), row)
	return append(b, "')"...)
}

func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '\'':
			b = append(b, "''"...)
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
