package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// asked is containers that say what they are asked.
type asked struct{ container.Service }

func (asked) Reader(_ context.Context, _ settings.Connection, database, name string) (container.Reader, error) {
	if name == "missing" {
		return nil, errors.New("there is no container missing")
	}
	return told(database + "/" + name), nil
}

type told string

func (t told) Read(_ context.Context, id string, key *string) ([]byte, error) {
	if id == "none" {
		return nil, nil
	}
	return json.Marshal(map[string]any{"at": t, "id": id, "key": key})
}

func (t told) Query(_ context.Context, q container.Query) ([][]byte, error) {
	row, err := json.Marshal(q)
	return [][]byte{row, []byte("2")}, err
}

// TestInput: what a declaration asks a container, with the values of an invocation.
func TestInput(t *testing.T) {
	read := func(properties string) (string, error) {
		b := endtest.Parse(t, `{"name":"d","type":"cosmosDB","connection":"D",`+properties+`}`)
		in, err := container.End{Containers: asked{}}.Input().New(input.Setup{Binding: b, Settings: endtest.Connections()})
		if err != nil {
			return "", err
		}
		values := map[string]string{"id": "7", "a.b": "x", "day-of": "y", "n": "none"}
		v, err := in.Read(t.Context(), expr.Values{Lookup: func(name string) (string, bool) { v, ok := values[name]; return v, ok }})
		if err == nil && v.GetData() == nil {
			return "nothing", nil
		}
		return v.GetJson() + v.GetString_(), err
	}
	const at = `"databaseName":"db","containerName":"c-{id}"`
	for properties, want := range map[string]string{
		at + `,"id":"{id}","partitionKey":"p{a.b}"`:         `{"at":"db/c-7","id":"7","key":"px"}`,
		`"databaseName":"db","collectionName":"c","id":"1"`: `{"at":"db/c","id":"1","key":null}`,
		at + `,"id":"{n}"`: `nothing`,
		at:                 `[{"Text":"SELECT * FROM c","Parameters":null,"Key":null},2]`,
		at + `,"sqlQuery":"SELECT {id}, {a.b}, {id}, {day-of}"`:              `[{"Text":"SELECT @id, @value_2, @id, @value_3","Parameters":[{"Name":"@id","Value":"7"},{"Name":"@value_2","Value":"x"},{"Name":"@value_3","Value":"y"}],"Key":null},2]`,
		at + `,"sqlQuery":"SELECT 1","partitionKey":"k","dataType":"string"`: `[{"Text":"SELECT 1","Parameters":null,"Key":"k"},2]`,
	} {
		if got, err := read(properties); err != nil || got != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", properties, got, err, want)
		}
	}
	for properties, want := range map[string]string{
		at + `,"id":"1","sqlQuery":"SELECT 1"`:                              "has both id and sqlQuery",
		at + `,"sqlQuery":"SELECT * FROM c WHERE c.id = '{id}'"`:            "{id} inside quotes",
		at + `,"id":"{missing}"`:                                            "{missing} is not defined",
		at + `,"sqlQuery":"{"`:                                              "sqlQuery",
		`"databaseName":"db"`:                                               "needs containerName",
		`"databaseName":"db","containerName":"missing"`:                     "there is no container missing",
		`"databaseName":"db","containerName":"c","partitionKey":"{absent}"`: "{absent} is not defined",
	} {
		if got, err := read(properties); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v, want %q", properties, got, err, want)
		}
	}
}
