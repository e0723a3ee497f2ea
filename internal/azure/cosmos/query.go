package cosmos

import (
	"sync"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
)

// sqlRequest is the body of a query: {"query":"…","parameters":[{"name","value"}…]}.
type sqlRequest struct {
	text   string
	params map[string][]byte // "@name" to raw JSON; windows on the request's body
}

// readQuery reads a query from the request's body.
func (x *exchange) readQuery() (sqlRequest, error) {
	body, err := x.readBody()
	if err != nil {
		return sqlRequest{}, err
	}
	var q sqlRequest
	seen := false
	err = readObject(body, func(name string, value []byte) (err error) {
		switch name {
		case "query":
			seen = true
			q.text, err = unquote(value)
		case "parameters":
			if string(value) != "null" {
				err = readArray(value, q.addParameter)
			}
		}
		return err
	})
	if err != nil {
		return q, jsonError(err, "query")
	}
	if !seen {
		return q, badRequest(subNone, "The request body has no property 'query'.")
	}
	return q, nil
}

// addParameter reads {"name":"@x","value":…}. A parameter without a value is
// undefined; SQL refuses it where it is used.
func (q *sqlRequest) addParameter(raw []byte) error {
	var name string
	var value []byte
	err := readObject(raw, func(key string, v []byte) (err error) {
		switch key {
		case "name":
			name, err = unquote(v)
		case "value":
			value = v
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(name) < 2 || name[0] != '@' {
		return badRequest(subNone, "The query parameter name '%s' is invalid: it must begin with '@'.", clip(name, 80))
	}
	if value == nil {
		return nil
	}
	if q.params == nil {
		q.params = make(map[string][]byte, 4)
	}
	q.params[name] = value
	return nil
}

// planCache keeps parsed queries by their text: applications send the same few
// texts over and over, and the JavaScript SDK sends each one twice.
type planCache struct {
	mu      sync.RWMutex // guards queries
	queries map[string]*cosmossql.Query
}

const (
	maxCachedQueries = 512
	maxCachedText    = 8 << 10 // longer texts are mostly generated, and never repeat
)

// parse returns the parsed query of the text.
func (c *planCache) parse(text string) (*cosmossql.Query, error) {
	c.mu.RLock()
	q, ok := c.queries[text]
	c.mu.RUnlock()
	if ok {
		return q, nil
	}
	q, err := cosmossql.Parse(text)
	if err != nil || len(text) > maxCachedText {
		return q, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queries == nil {
		c.queries = make(map[string]*cosmossql.Query)
	}
	if len(c.queries) >= maxCachedQueries {
		for old := range c.queries { // any one: the map's order is random enough
			delete(c.queries, old)
			break
		}
	}
	c.queries[text] = q
	return q, nil
}
