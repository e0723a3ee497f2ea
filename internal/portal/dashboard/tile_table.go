package dashboard

import (
	"cmp"
	"encoding/json"
)

// TableView is a table: the newest rows first.
type TableView struct {
	Rows []TableRow `json:"rows"`
	// Since is the time of the oldest whole row that is kept, unix milliseconds,
	// where the tile would show older ones.
	Since int64 `json:"since,omitempty"`
}

// TableRow is a row: one JSON value for each of the tile's columns.
type TableRow struct {
	At    int64             `json:"t"`
	Cells []json.RawMessage `json:"cells"`
}

func (e *evaluator) table(over span) any {
	fields := make([]string, len(e.tile.Columns))
	for i, c := range e.tile.Columns {
		fields[i] = c.Field
	}
	v := TableView{Rows: []TableRow{}}
	e.newestRows(over, fields, func(at int64, cells []json.RawMessage) {
		v.Rows = append(v.Rows, TableRow{at, cells})
	})
	if len(v.Rows) < e.tile.Limit {
		v.Since = e.since(over)
	}
	return v
}

// AlarmsView is a list of alarms, the newest first.
type AlarmsView struct {
	Alarms []AlarmRow `json:"alarms"`
}

// AlarmRow is an alarm.
type AlarmRow struct {
	At       int64  `json:"t"`
	Key      string `json:"key"`
	Label    string `json:"label"`
	Severity string `json:"severity"` // as the row says, or "alarm"
	Message  Text   `json:"message"`
}

func (e *evaluator) alarmList(over span) any {
	t := e.tile
	v := AlarmsView{Alarms: []AlarmRow{}}
	languages := sortedKeys(t.Message)
	fields := []string{t.Key, t.Severity, t.Label}
	for _, l := range languages {
		fields = append(fields, t.Message[l])
	}
	e.newestRows(over, fields, func(at int64, c []json.RawMessage) {
		a := AlarmRow{At: at, Key: plain(c[0]), Label: cmp.Or(plain(c[2]), plain(c[0])), Severity: cmp.Or(plain(c[1]), "alarm"), Message: Text{}}
		for i, l := range languages {
			a.Message[l] = plain(c[3+i])
		}
		v.Alarms = append(v.Alarms, a)
	})
	return v
}

// since is the time of the oldest whole row, when rows of the time before are
// kept, but not whole; else 0. The caller holds data.mu.
func (e *evaluator) since(over span) int64 {
	d := e.data
	if len(d.raw) == 0 || d.rawSeq[0] == d.total-int64(len(d.times)) || d.rawTime[0] <= over.from {
		return 0
	}
	return d.rawTime[0]
}

// newestRows calls use with fields of the newest whole rows that meet the
// tile's conditions, up to its limit; with Latest only the newest row of each.
// The caller holds data.mu.
func (e *evaluator) newestRows(over span, fields []string, use func(at int64, cells []json.RawMessage)) {
	t, d := e.tile, e.data
	paths := append([]string{}, fields...)
	conditions := sortedKeys(t.Where)
	paths = append(append(paths, conditions...), t.Latest)
	pick := newPicker(paths)
	seen := map[string]bool{}
	var raw [][]byte
	for i, found := len(d.raw)-1, 0; i >= 0 && found < t.Limit; i-- {
		if d.rawTime[i] <= over.from || over.closed && d.rawTime[i] > over.end {
			continue
		}
		raw = pick.pick(d.raw[i], raw)
		if !meets(t.Where, conditions, raw[len(fields):]) {
			continue
		}
		if t.Latest != "" {
			key := string(raw[len(paths)-1])
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		cells := make([]json.RawMessage, len(fields))
		for j := range fields {
			if cells[j] = json.RawMessage(raw[j]); len(cells[j]) == 0 {
				cells[j] = json.RawMessage("null")
			}
		}
		use(d.rawTime[i], cells)
		found++
	}
}

// meets is holds for a row that is JSON.
func meets(where map[string]any, fields []string, values [][]byte) bool {
	for i, field := range fields {
		list, ok := where[field].([]any)
		if !ok {
			list = []any{where[field]}
		}
		kind, num, str := scalar(values[i])
		ok = false
		for _, want := range list {
			switch w := want.(type) {
			case string:
				ok = ok || kind == text && string(str) == w
			case float64:
				ok = ok || kind == number && num == w
			case bool:
				ok = ok || kind == truth && (num != 0) == w
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// plain is a JSON scalar as text.
func plain(raw json.RawMessage) string {
	kind, num, str := scalar(raw)
	switch kind {
	case text:
		return string(str)
	case number:
		return formatNumber(num)
	}
	return ""
}
