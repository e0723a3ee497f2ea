package table

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// tableRow is a table as filters see it.
type tableRow string

// Lookup implements odata.Row.
func (t tableRow) Lookup(name string) tablestore.Value {
	if name == tableName {
		return tablestore.StringValue(string(t))
	}
	return tablestore.Value{}
}

const tableName = "TableName"

// queryTables lists the account's tables in the order of their names without case.
//
// Supported: $filter on TableName, $top up to 1000, NextTableName. $select has
// nothing to select: a table has its name alone.
func (x *exchange) queryTables() error {
	level, err := x.format()
	if err != nil {
		return err
	}
	if err := x.refuseOptions(); err != nil {
		return err
	}
	filter, err := odata.Parse(x.r.Query.Get("$filter"))
	if err != nil {
		return about("$filter", err)
	}
	most, err := odata.ParseTop(x.r.Query.Get("$top"), tablestore.MaxPage)
	if err != nil {
		return about("$top", err)
	}
	from, err := parseNext("NextTableName", x.r.Query.Get("nexttablename"))
	if err != nil {
		return err
	}
	w := x.writer(level, "Tables")
	b := append(w.context([]byte{'{'}, ""), `"value":[`...)
	for _, t := range x.svc.store.Tables(from) {
		if !filter.Match(tableRow(t.Name())) {
			continue
		}
		if x.event.Items == most {
			x.set("X-Ms-Continuation-Nexttablename", nextText(t.Name()))
			break
		}
		if x.event.Items > 0 {
			b = append(b, ',')
		}
		x.event.Items++
		b = w.tableMembers(append(b, '{'), t.Name())
	}
	return x.replyJSON(http.StatusOK, level, append(b, "]}"...))
}

// tableMembers appends what is in a table's object, and its end.
func (w *writer) tableMembers(b []byte, name string) []byte {
	if w.level == fullMetadata {
		link := "Tables('" + name + "')"
		b = append(appendJSON(append(b, `"odata.type":`...), w.account+".Tables"), ',')
		b = append(appendJSON(append(b, `"odata.id":`...), w.base+"/"+link), ',')
		b = append(appendJSON(append(b, `"odata.editLink":`...), link), ',')
	}
	return append(appendJSON(append(b, `"TableName":`...), name), '}')
}

// getTable answers one table.
func (x *exchange) getTable() error {
	level, err := x.format()
	if err != nil {
		return err
	}
	t, err := x.svc.store.Table(x.addr.table)
	if err != nil {
		return absent(err)
	}
	return x.replyTable(http.StatusOK, level, t.Name())
}

func (x *exchange) replyTable(status int, level metadata, name string) error {
	w := x.writer(level, "Tables")
	return x.replyJSON(status, level, w.tableMembers(w.context([]byte{'{'}, "/@Element"), name))
}

// createTable makes a table. It answers 201 with the table, or 204 when the client
// prefers that.
func (x *exchange) createTable() error {
	level, err := x.format()
	if err != nil {
		return err
	}
	name, err := x.readTableName()
	if err != nil {
		return err
	}
	x.addr.table = name
	if err := tablestore.CheckTableName(name); err != nil {
		return err
	}
	if err := x.svc.exists.Create(x.r.HTTP.Context(), x.svc.id(name), nil); err != nil {
		return exists(err)
	}
	location := x.r.Base + "/Tables('" + name + "')"
	x.set("Location", location)
	if x.prefer() == returnNoContent {
		x.set("Dataserviceid", location)
		return x.replyJSON(http.StatusNoContent, level, nil)
	}
	return x.replyTable(http.StatusCreated, level, name)
}

// readTableName reads {"TableName": "T"}.
func (x *exchange) readTableName() (string, error) {
	if err := x.checkContent(); err != nil {
		return "", err
	}
	body, err := x.readBody()
	if err != nil {
		return "", err
	}
	j := scanner{s: string(body)}
	name, found := "", false
	err = j.object(func(member string) {
		v := j.value()
		switch {
		case strings.HasPrefix(member, "odata.") || strings.HasSuffix(member, typeSuffix):
		case member != tableName:
			j.fail("a table has no " + clip(member) + "; it has a TableName")
		case v.kind != 's' || found:
			j.fail("TableName is one string")
		default:
			name, found = v.text, true
		}
	})
	if err == nil && !found {
		err = invalid("The body has no TableName.")
	}
	return name, err
}

// deleteTable deletes a table with its entities.
func (x *exchange) deleteTable() error {
	t, err := x.svc.store.Table(x.addr.table)
	if err == nil {
		err = x.svc.exists.Remove(x.r.HTTP.Context(), x.svc.id(t.Name()))
	}
	if err != nil {
		return absent(err)
	}
	return x.replyJSON(http.StatusNoContent, minimalMetadata, nil)
}
