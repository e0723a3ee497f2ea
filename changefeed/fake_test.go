package changefeed_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/changefeed"
)

// account is a Cosmos DB account in memory, as far as a processor needs one: database
// db with the containers docs, whose ranges can be split and merged, and leases. What
// it does is what the service's reference says; the program's own tests run the
// processor against a whole server.
type account struct {
	mu       sync.Mutex
	ranges   []changefeed.Range
	docs     map[string]*doc // by container/id
	lsn      int             // of docs
	versions int             // of all documents
	key      string          // the partition key path of leases
	rid      string          // of docs
	away     bool
	requests int
}

type doc struct {
	id, coll, key string
	hash          string
	lsn, version  int
	at            time.Time
	fields        map[string]json.RawMessage
}

func newAccount(ranges int) *account {
	a := &account{docs: map[string]*doc{}, key: "/id", rid: "docsRid="}
	for i := range ranges {
		a.ranges = append(a.ranges, changefeed.Range{ID: strconv.Itoa(i), Min: bound(i, ranges), Max: bound(i+1, ranges), Parents: []string{}})
	}
	return a
}

// bound is where the nth of some equal parts of all hashes begins.
func bound(n, of int) string {
	switch n {
	case 0:
		return ""
	case of:
		return "FF"
	}
	return fmt.Sprintf("%02X", n*256/of)
}

// put writes documents with the ids.
func (a *account) put(ids ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		a.store("docs", id, map[string]json.RawMessage{"id": json.RawMessage(strconv.Quote(id))})
	}
}

func (a *account) store(coll, id string, fields map[string]json.RawMessage) *doc {
	a.versions++
	if coll == "docs" {
		a.lsn++
	}
	h := fnv.New32a()
	io.WriteString(h, id+"/"+id)
	d := &doc{id: id, coll: coll, hash: fmt.Sprintf("%02X", h.Sum32()&0xFF), lsn: a.lsn, version: a.versions, at: time.Now(), fields: fields}
	_ = json.Unmarshal(fields["partitionKey"], &d.key)
	d.fields["_etag"] = json.RawMessage(strconv.Quote(d.etag()))
	d.fields["_ts"] = json.RawMessage(strconv.FormatInt(d.at.Unix(), 10))
	a.docs[coll+"/"+id] = d
	return d
}

func (d *doc) etag() string { return `"v` + strconv.Itoa(d.version) + `"` }

func (d *doc) text(lsn bool) json.RawMessage {
	fields := d.fields
	if lsn {
		fields = map[string]json.RawMessage{"_lsn": json.RawMessage(strconv.Itoa(d.lsn))}
		for k, v := range d.fields {
			fields[k] = v
		}
	}
	text, _ := json.Marshal(fields)
	return text
}

// split replaces a range by two halves of it.
func (a *account) split(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, r := range a.ranges {
		if r.ID != id {
			continue
		}
		lo, _ := strconv.ParseInt(cmp.Or(r.Min, "00"), 16, 64)
		hi, _ := strconv.ParseInt(r.Max, 16, 64)
		if r.Max == "FF" {
			hi = 256
		}
		middle := fmt.Sprintf("%02X", (lo+hi)/2)
		a.ranges = slices.Replace(a.ranges, i, i+1,
			changefeed.Range{ID: id + "0", Min: r.Min, Max: middle, Parents: []string{id}},
			changefeed.Range{ID: id + "1", Min: middle, Max: r.Max, Parents: []string{id}})
		return
	}
}

// merge replaces all ranges by one.
func (a *account) merge() {
	a.mu.Lock()
	defer a.mu.Unlock()
	whole := changefeed.Range{ID: "9", Min: "", Max: "FF"}
	for _, r := range a.ranges {
		whole.Parents = append(whole.Parents, r.ID)
	}
	a.ranges = []changefeed.Range{whole}
}

// leases are the documents of the lease container by what follows their prefix.
func (a *account) leases() map[string]map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]map[string]any{}
	for _, d := range a.docs {
		if d.coll != "leases" {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(d.text(false), &fields); err != nil {
			panic(err)
		}
		all[strings.TrimPrefix(d.id, prefix)] = fields
	}
	return all
}

const prefix = "account.example_dbRid=_docsRid="

func (a *account) setAway(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = away
}

func (a *account) asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// Do implements policy.Transporter: clients reach the account without a socket, so
// that a test has its own time.
func (a *account) Do(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.requests++
	away := a.away
	a.mu.Unlock()
	if away {
		return nil, errors.New("connection refused")
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// connection is a connection string with a key, which is not checked here.
const connection = "AccountEndpoint=https://account.example:443/;AccountKey=a2V5;"

func (a *account) options() azcore.ClientOptions {
	o := azcore.ClientOptions{Transport: a}
	o.Retry.MaxRetries = -1
	return o
}

// processor makes an instance over the account.
func (a *account) processor(t testing.TB, handle changefeed.Handler, o changefeed.Options) *changefeed.Processor {
	t.Helper()
	client, err := azcosmos.NewClientFromConnectionString(connection, &azcosmos.ClientOptions{ClientOptions: a.options()})
	if err != nil {
		t.Fatal(err)
	}
	leases, err := client.NewContainer("db", "leases")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := changefeed.NewContainerFromConnectionString(connection, "db", "docs", &changefeed.ContainerOptions{ClientOptions: a.options()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := changefeed.New(docs, changefeed.Leases(leases), handle, &o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ServeHTTP answers as the service does.
func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	steps := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Header.Get("Authorization") == "":
		w.WriteHeader(http.StatusUnauthorized)
	case steps[0] == "":
		reply(w, http.StatusOK, map[string]any{"id": "account"})
	case len(steps) == 2:
		reply(w, http.StatusOK, map[string]any{"id": "db", "_rid": "dbRid="})
	case len(steps) == 4:
		a.container(w, steps[3])
	case steps[4] == "pkranges":
		a.listRanges(w)
	case len(steps) == 6:
		a.item(w, r, steps[3], steps[5])
	case r.Header.Get("A-IM") != "":
		a.changes(w, r)
	case r.Header.Get("X-Ms-Documentdb-Query") == "True":
		a.query(w, r, steps[3])
	default:
		a.create(w, r, steps[3])
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

func (a *account) container(w http.ResponseWriter, name string) {
	rid, key := a.rid, "/id"
	if name == "leases" {
		rid, key = "leasesRid=", a.key
	}
	if rid == "" {
		reply(w, http.StatusNotFound, map[string]any{"code": "NotFound"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"id": name, "_rid": rid, "partitionKey": map[string]any{"paths": []string{key}, "kind": "Hash", "version": 2}})
}

func (a *account) listRanges(w http.ResponseWriter) {
	type pkrange struct {
		ID           string   `json:"id"`
		MinInclusive string   `json:"minInclusive"`
		MaxExclusive string   `json:"maxExclusive"`
		Parents      []string `json:"parents"`
	}
	var all []pkrange
	for _, r := range a.ranges {
		all = append(all, pkrange{r.ID, r.Min, r.Max, r.Parents})
	}
	reply(w, http.StatusOK, map[string]any{"PartitionKeyRanges": all})
}

func (a *account) changes(w http.ResponseWriter, r *http.Request) {
	if rid := r.Header.Get("X-Ms-Cosmos-Intended-Collection-Rid"); rid != "" && rid != a.rid {
		w.Header().Set("X-Ms-Substatus", "1024")
		reply(w, http.StatusBadRequest, map[string]any{"code": "BadRequest"})
		return
	}
	at := slices.IndexFunc(a.ranges, func(have changefeed.Range) bool {
		return have.ID == r.Header.Get("X-Ms-Documentdb-Partitionkeyrangeid")
	})
	if at < 0 {
		w.Header().Set("X-Ms-Substatus", "1002")
		reply(w, http.StatusGone, map[string]any{"code": "Gone"})
		return
	}
	lo, hi := a.ranges[at].Min, a.ranges[at].Max
	if r.Header.Get("X-Ms-Read-Key-Type") != "" {
		lo, hi = r.Header.Get("X-Ms-Start-Epk"), r.Header.Get("X-Ms-End-Epk")
	}
	after, _ := strconv.Atoi(strings.Trim(r.Header.Get("If-None-Match"), `"`))
	if r.Header.Get("If-None-Match") == "*" {
		after = a.lsn
	}
	since, _ := http.ParseTime(r.Header.Get("If-Modified-Since"))
	limit, _ := strconv.Atoi(r.Header.Get("X-Ms-Max-Item-Count"))
	var found []*doc
	for _, d := range a.docs {
		if d.coll == "docs" && d.lsn > after && !d.at.Before(since) && d.hash >= lo && (d.hash < hi || hi == "FF") {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(x, y *doc) int { return cmp.Compare(x.lsn, y.lsn) })
	end := a.lsn
	if len(found) > limit {
		found = found[:limit]
		end = found[limit-1].lsn
	}
	w.Header().Set("Etag", strconv.Quote(strconv.Itoa(end)))
	if len(found) == 0 {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	var texts []json.RawMessage
	for _, d := range found {
		texts = append(texts, d.text(true))
	}
	reply(w, http.StatusOK, map[string]any{"Documents": texts, "_count": len(texts)})
}

func (a *account) query(w http.ResponseWriter, r *http.Request, coll string) {
	var q struct {
		Query      string
		Parameters []struct{ Value string }
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		panic(err)
	}
	texts := []json.RawMessage{}
	for _, d := range a.docs {
		exact := strings.HasSuffix(q.Query, "c.id = @id")
		if d.coll == coll && (exact && d.id == q.Parameters[0].Value || !exact && strings.HasPrefix(d.id, q.Parameters[0].Value)) {
			texts = append(texts, d.text(false))
		}
	}
	slices.SortFunc(texts, func(x, y json.RawMessage) int { return strings.Compare(string(x), string(y)) })
	reply(w, http.StatusOK, map[string]any{"Documents": texts, "_count": len(texts)})
}

func (a *account) create(w http.ResponseWriter, r *http.Request, coll string) {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
		panic(err)
	}
	var id string
	_ = json.Unmarshal(fields["id"], &id)
	if a.docs[coll+"/"+id] != nil {
		reply(w, http.StatusConflict, map[string]any{"code": "Conflict"})
		return
	}
	d := a.store(coll, id, fields)
	w.Header().Set("Etag", d.etag())
	reply(w, http.StatusCreated, d.fields)
}

func (a *account) item(w http.ResponseWriter, r *http.Request, coll, id string) {
	d := a.docs[coll+"/"+id]
	var key []string
	_ = json.Unmarshal([]byte(r.Header.Get("X-Ms-Documentdb-Partitionkey")), &key)
	switch match := r.Header.Get("If-Match"); {
	case d == nil, len(key) != 1, a.key == "/id" && key[0] != d.id, a.key != "/id" && key[0] != d.key:
		reply(w, http.StatusNotFound, map[string]any{"code": "NotFound"})
		return
	case match != "" && match != d.etag():
		reply(w, http.StatusPreconditionFailed, map[string]any{"code": "PreconditionFailed"})
		return
	case r.Method == http.MethodDelete:
		delete(a.docs, coll+"/"+id)
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method == http.MethodPut:
		var fields map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
			panic(err)
		}
		d = a.store(coll, id, fields)
	}
	w.Header().Set("Etag", d.etag())
	reply(w, http.StatusOK, d.fields)
}
