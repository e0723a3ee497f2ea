package table

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// want says, by the vendor's documents and not by the table of operations, what
// opens an operation: an account SAS (level and letters, all of one word), a SAS of
// the table, and data actions (all of one list).
type want struct {
	level   string
	account []string
	table   []string
	actions [][]string
}

const (
	docActions  = "Microsoft.Storage/storageAccounts/tableServices/"
	docEntities = docActions + "tables/entities/"
)

// matrixRow is a request, and what opens it.
type matrixRow struct {
	operation, method, path, body string
	headers                       []string
	want                          want
}

func matrix() []matrixRow {
	key := "/Matrix(PartitionKey='p',RowKey='r')"
	query := want{"o", []string{"r"}, []string{"r"}, [][]string{{docEntities + "read"}}}
	insert := want{"o", []string{"a"}, []string{"a"}, [][]string{{docEntities + "write"}, {docEntities + "add/action"}}}
	update := want{"o", []string{"u"}, []string{"u"}, [][]string{{docEntities + "write"}, {docEntities + "update/action"}}}
	upsert := want{"o", []string{"au"}, []string{"au"}, [][]string{{docEntities + "write"}, {docEntities + "add/action", docEntities + "update/action"}}}
	remove := want{"o", []string{"d"}, []string{"d"}, [][]string{{docEntities + "delete"}}}
	nobody := want{level: "c"}
	return []matrixRow{
		{"entity.query", "GET", "/Matrix()", "", nil, query},
		{"entity.get", "GET", key, "", nil, query},
		{"entity.insert", "POST", "/Matrix", `{"PartitionKey":"p","RowKey":"new"}`, nil, insert},
		{"entity.replace", "PUT", key, "{}", []string{"If-Match", "*"}, update},
		{"entity.merge", "MERGE", key, "{}", []string{"If-Match", "*"}, update},
		{"entity.upsert", "PUT", key, "{}", nil, upsert},
		{"entity.upsert_merge", "PATCH", key, "{}", nil, upsert},
		{"entity.delete", "DELETE", key, "", []string{"If-Match", "*"}, remove},
		{"table.list", "GET", "/Tables", "", nil, want{"c", []string{"l"}, nil, [][]string{{docActions + "tables/read"}}}},
		{"table.get", "GET", "/Tables('Matrix')", "", nil, want{"c", []string{"l"}, nil, [][]string{{docActions + "tables/read"}}}},
		{"table.create", "POST", "/Tables", `{"TableName":"Fresh"}`, nil, want{"c", []string{"c", "w"}, nil, [][]string{{docActions + "tables/write"}}}},
		{"table.delete", "DELETE", "/Tables('Matrix')", "", nil, want{"c", []string{"d"}, nil, [][]string{{docActions + "tables/delete"}}}},
		{"table.get_acl", "GET", "/Matrix?comp=acl", "", nil, nobody},
		{"table.get_acl", "HEAD", "/Matrix?comp=acl", "", nil, nobody},
		{"table.set_acl", "PUT", "/Matrix?comp=acl", "", nil, nobody},
		{"service.get_properties", "GET", "/?restype=service&comp=properties", "", nil, want{"s", []string{"r"}, nil, [][]string{{docActions + "read"}}}},
		{"service.set_properties", "PUT", "/?restype=service&comp=properties", "<StorageServiceProperties/>", nil, want{"s", []string{"w"}, nil, [][]string{{docActions + "write"}}}},
		{"service.get_stats", "GET", "-secondary/?restype=service&comp=stats", "", nil, want{"s", []string{"r"}, nil, [][]string{{docActions + "read"}}}},
	}
}

// batchOf is the row's request as the one change of a batch.
func (m matrixRow) batchOf(base string) (string, []string) {
	b := "--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n--changeset_1\r\nContent-Type: application/http\r\n\r\n" +
		m.method + " " + base + m.path + " HTTP/1.1\r\nContent-Type: application/json\r\n"
	for i := 0; i < len(m.headers); i += 2 {
		b += m.headers[i] + ": " + m.headers[i+1] + "\r\n"
	}
	return b + "\r\n" + m.body + "\r\n--changeset_1--\r\n--batch_1--\r\n", []string{"Content-Type", "multipart/mixed; boundary=batch_1"}
}

// letters are all permissions of a SAS; allow reports whether granted has all of one
// of the wanted words.
const letters = "rwdlacupf"

func allow(wanted []string, granted string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool {
		for _, c := range w {
			if !strings.ContainsRune(granted, c) {
				return false
			}
		}
		return w != ""
	})
}

// accountSAS is a SAS of the account with all services but those in without.
func accountSAS(t testing.TB, permissions, levels string) string {
	t.Helper()
	q := url.Values{
		"sv": {"2019-02-02"}, "ss": {"bqt"}, "srt": {levels}, "sp": {permissions},
		"se": {time.Now().UTC().Add(time.Hour).Format("2006-01-02T15:04:05Z")},
	}
	text := strings.Join([]string{testAccount, permissions, "bqt", levels, "", q.Get("se"), "", "", q.Get("sv"), ""}, "\n")
	q.Set("sig", hmacOf(t, storage.DevelopmentKey, text))
	return q.Encode()
}

// tableSAS is a SAS of the table, with the range of keys spk, srk, epk, erk.
func tableSAS(t testing.TB, table, permissions string, bounds ...string) string {
	t.Helper()
	q := url.Values{"sv": {"2019-02-02"}, "tn": {table}, "sp": {permissions}, "se": {time.Now().UTC().Add(time.Hour).Format("2006-01-02T15:04:05Z")}}
	fields := []string{permissions, "", q.Get("se"), "/table/" + testAccount + "/" + strings.ToLower(table), "", "", "", q.Get("sv"), "", "", "", ""}
	for i, b := range bounds {
		if b != "" {
			q.Set([]string{"spk", "srk", "epk", "erk"}[i], b)
			fields[8+i] = b
		}
	}
	q.Set("sig", hmacOf(t, storage.DevelopmentKey, strings.Join(fields, "\n")))
	return q.Encode()
}

// fresh makes the rows' table and entity as they are expected.
func (l *lab) fresh() {
	l.t.Helper()
	l.send("DELETE", "/Tables('Matrix')", "")
	l.send("DELETE", "/Tables('Fresh')", "")
	l.make("Matrix")
	if r := l.send("PUT", "/Matrix(PartitionKey='p',RowKey='r')", "{}"); r.status != 204 {
		l.t.Fatalf("entity: %+v", r)
	}
}

// as sends a row's request with a query or a header that authorizes it, and reports
// whether it was let in.
func (l *lab) as(m matrixRow, query, authorization string) (bool, reply) {
	l.t.Helper()
	l.fresh()
	path := m.path
	if query != "" {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + query
	}
	headers := append(slices.Clone(m.headers), "Authorization", authorization)
	r := l.sendAs(false, m.method, path, m.body, headers...)
	refused := r.status == http.StatusForbidden || r.status == http.StatusUnauthorized
	if !refused && r.status/100 != 2 {
		l.t.Errorf("%s %s: %d %s", m.method, path, r.status, r.body)
	}
	return !refused, r
}

// TestRights asks every operation with every single permission at every level, with
// pairs for upserts, with every data action, and with nothing.
func TestRights(t *testing.T) {
	l := newLab(t)
	rows := matrix()
	covered := map[string]bool{"batch": true} // by TestRightsInBatches
	for _, m := range rows {
		covered[m.operation] = true
		t.Run(m.operation+" "+m.method, func(t *testing.T) {
			l.t = t
			if in, _ := l.as(m, "", ""); in {
				t.Error("nobody is let in")
			}
			for _, p := range append(strings.Split(letters, ""), "au", "ra", letters) {
				for _, level := range []string{"s", "c", "o", "sco"} {
					in, r := l.as(m, accountSAS(t, p, level), "")
					if should := allow(m.want.account, p) && strings.Contains(level, m.want.level); in != should {
						t.Errorf("account SAS sp=%s srt=%s: %v, want %v: %s", p, level, in, should, r.body)
					}
				}
				in, r := l.as(m, tableSAS(t, "Matrix", p), "")
				if should := allow(m.want.table, p); in != should {
					t.Errorf("table SAS sp=%s: %v, want %v: %s", p, in, should, r.body)
				}
				if in, _ := l.as(m, tableSAS(t, "Other", p), ""); in {
					t.Errorf("a SAS of another table with sp=%s lets in", p)
				}
			}
			testTokens(t, l, m)
		})
	}
	for _, op := range operations() {
		if !covered[op.Name] {
			t.Errorf("%s is in no row of the matrix", op.Name)
		}
	}
}

// testTokens shows tokens whose bearer may do one action, or a pair.
func testTokens(t *testing.T, l *lab, m matrixRow) {
	sets := [][]string{{docEntities + "add/action", docEntities + "update/action"}}
	for _, a := range []string{
		"read", "write", "tables/read", "tables/write", "tables/delete", "tables/entities/read", "tables/entities/write",
		"tables/entities/delete", "tables/entities/add/action", "tables/entities/update/action",
	} {
		sets = append(sets, []string{docActions + a})
	}
	for _, set := range sets {
		l.access.mu.Lock()
		l.access.may = map[string]func(string, string) error{"one": func(action, path string) error {
			onTable := strings.Contains(action, "/entities/") || m.operation == "table.delete" || m.operation == "table.get"
			if slices.Contains(set, action) && (path == "/tableServices/default/tables/Matrix") == onTable {
				return nil
			}
			return fault.New(fault.Forbidden, "", "no")
		}}
		l.access.mu.Unlock()
		in, r := l.as(m, "", "Bearer one")
		should := slices.ContainsFunc(m.want.actions, func(all []string) bool {
			return !slices.ContainsFunc(all, func(a string) bool { return !slices.Contains(set, a) })
		})
		if in != should {
			t.Errorf("token for %v: %v, want %v: %s", set, in, should, r.body)
		}
	}
	if in, _ := l.as(m, "", "Bearer unknown"); in {
		t.Error("an unknown token lets in")
	}
}

// TestRightsInBatches: a part of a batch asks for the same as the request alone.
func TestRightsInBatches(t *testing.T) {
	l := newLab(t)
	base := "/" + testAccount
	for _, m := range matrix() {
		if !strings.HasPrefix(m.operation, "entity.") || m.method == "GET" {
			continue
		}
		body, headers := m.batchOf(base)
		for _, p := range append(strings.Split(letters, ""), "au") {
			l.fresh()
			r := l.sendAs(false, "POST", "/$batch?"+tableSAS(t, "Matrix", p), body, headers...)
			in := strings.Contains(r.body, "HTTP/1.1 204")
			if should := allow(m.want.table, p); in != should || !in && !strings.Contains(r.body, "AuthorizationPermissionMismatch") {
				t.Errorf("%s in a batch with sp=%s: %v, want %v: %d %s", m.operation, p, in, should, r.status, r.body)
			}
		}
		l.fresh()
		r := l.sendAs(false, "POST", "/$batch", body, headers...)
		if r.status != http.StatusUnauthorized {
			t.Errorf("%s in a batch of nobody: %d %s", m.operation, r.status, r.body)
		}
	}
}

// TestRangeOfSAS: a SAS opens a range of keys, in reads, queries, writes and batches.
func TestRangeOfSAS(t *testing.T) {
	l := newLab(t)
	l.make("Matrix")
	for _, key := range []string{"a1", "b1", "b2", "b3", "c1"} {
		l.send("PUT", "/Matrix(PartitionKey='"+key[:1]+"',RowKey='"+key[1:]+"')", "{}")
	}
	sas := tableSAS(t, "matrix", "raud", "b", "2", "c", "")
	r := l.sendAs(false, "GET", "/Matrix()?$select=PartitionKey,RowKey&"+sas, "", "Accept", "application/json;odata=nometadata")
	if want := `{"value":[{"PartitionKey":"b","RowKey":"2"},{"PartitionKey":"b","RowKey":"3"},{"PartitionKey":"c","RowKey":"1"}]}`; r.body != want {
		t.Errorf("query: %s", r.body)
	}
	for _, c := range []struct {
		partition, row string
		in             bool
	}{{"a", "1", false}, {"b", "1", false}, {"b", "2", true}, {"c", "1", true}, {"d", "1", false}} {
		key := fmt.Sprintf("/Matrix(PartitionKey='%s',RowKey='%s')", c.partition, c.row)
		for _, m := range []matrixRow{
			{method: "GET", path: key},
			{method: "PUT", path: key, body: "{}"},
			{method: "DELETE", path: key, headers: []string{"If-Match", "*"}},
			{method: "POST", path: "/Matrix", body: fmt.Sprintf(`{"PartitionKey":"%s","RowKey":"%s"}`, c.partition, c.row)},
		} {
			body, headers := m.batchOf("/" + testAccount)
			if m.method != "GET" {
				r := l.sendAs(false, "POST", "/$batch?"+sas, body, headers...)
				if out := strings.Contains(r.body, "AuthorizationFailure"); out == c.in {
					t.Errorf("%s of %s/%s in a batch: %s", m.method, c.partition, c.row, r.body)
				}
			}
			r := l.sendAs(false, m.method, m.path+"?"+sas, m.body, m.headers...)
			if out := r.status == http.StatusForbidden && r.header.Get("X-Ms-Error-Code") == "AuthorizationFailure"; out == c.in {
				t.Errorf("%s of %s/%s: %d %s", m.method, c.partition, c.row, r.status, r.body)
			}
		}
	}
}

// TestStoredPolicy: a SAS that names a policy has its permissions, as they are now.
func TestStoredPolicy(t *testing.T) {
	l := newLab(t)
	l.fresh()
	q := url.Values{"sv": {"2019-02-02"}, "tn": {"Matrix"}, "si": {"p"}}
	q.Set("sig", hmacOf(t, storage.DevelopmentKey, strings.Join([]string{"", "", "", "/table/" + testAccount + "/matrix", "p", "", "", "2019-02-02", "", "", "", ""}, "\n")))
	ask := func() reply { return l.sendAs(false, "GET", "/Matrix()?"+q.Encode(), "") }
	wantReply(t, "no such policy", ask(), 403, "AuthenticationFailed")
	policy := `<SignedIdentifiers><SignedIdentifier><Id>p</Id><AccessPolicy><Expiry>` + time.Now().UTC().Add(time.Hour).Format(time.RFC3339) +
		`</Expiry><Permission>%s</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>`
	wantReply(t, "set", l.send("PUT", "/Matrix?comp=acl", fmt.Sprintf(policy, "r")), 204, "")
	wantReply(t, "with the policy", ask(), 200, "")
	wantReply(t, "set", l.send("PUT", "/Matrix?comp=acl", fmt.Sprintf(policy, "a")), 204, "")
	wantReply(t, "with another", ask(), 403, "AuthorizationPermissionMismatch")
	six := strings.Repeat("<SignedIdentifier><Id>x</Id></SignedIdentifier>", 6)
	wantReply(t, "six", l.send("PUT", "/Matrix?comp=acl", "<SignedIdentifiers>"+six+"</SignedIdentifiers>"), 400, "InvalidXmlDocument")
}
