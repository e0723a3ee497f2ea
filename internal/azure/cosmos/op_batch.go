package cosmos

import (
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxBatchOperations is the service's limit per batch.
const maxBatchOperations = 100

// hybridRowMark is the first byte of the binary batches that .NET sends.
const hybridRowMark = 0x81

// batchOp is one operation of a batch request, still raw.
type batchOp struct {
	kind    string
	id      string
	body    []byte // resourceBody
	key     *docstore.PartitionKey
	ifMatch string
	ifNone  string
}

// executeBatch runs a transactional batch (x-ms-cosmos-batch-atomic) or a bulk
// of independent operations. The reply is an array with one result for each
// operation, 200 when all succeeded, else 207. When an atomic batch fails the
// operation at fault has its own status and the others 424.
func (x *exchange) executeBatch() error {
	batch, err := x.readBatch()
	if err != nil {
		return err
	}
	if err := x.openContainer(); err != nil {
		return err
	}
	if err := x.checkRangeID(); err != nil {
		return err
	}
	atomic, err := flag(x.r.Header, hdrBatchAtomic)
	if err != nil {
		return err
	}
	goOn, err := flag(x.r.Header, hdrBatchContinue)
	if err != nil {
		return err
	}
	var shared *docstore.PartitionKey
	if x.header(hdrPartitionKey) != "" {
		key, err := x.readKey()
		if err != nil {
			return err
		}
		shared = &key
	}
	if atomic && shared == nil {
		return badRequest(subNone, "PartitionKey value must be supplied for a transactional batch.")
	}
	ops := make([]docstore.Op, len(batch))
	refused := make([]error, len(batch))
	for i := range batch {
		ops[i], refused[i] = x.storeOp(&batch[i], shared)
	}
	results, err := x.runBatch(ops, refused, atomic, goOn)
	if err != nil {
		return err
	}
	return x.replyBatch(ops, results, atomic)
}

// readBatch reads the operations. The caller must have the right of each of them,
// or none is run: which of them a stranger could not run is no business of his.
func (x *exchange) readBatch() ([]batchOp, error) {
	body, err := x.readBody()
	if err != nil {
		return nil, err
	}
	if len(body) > 0 && body[0] == hybridRowMark {
		return nil, unsupported("The HybridRow format of batches", "The .NET SDK has no JSON batches: use single item operations there, or another SDK.")
	}
	batch, err := parseBatch(body)
	if err != nil {
		return nil, err
	}
	for i := range batch {
		if r, known := batchRights[batch[i].kind]; known {
			if err := x.authorize(r); err != nil {
				return nil, err
			}
		}
	}
	return batch, nil
}

// batchRights are the rights of the operations of batches. Others do not exist,
// and are refused.
var batchRights = map[string]right{
	"Create": createItem, "Upsert": upsertItem, "Replace": replaceItem, "Read": readItem, "Delete": deleteItem, "Patch": replaceItem,
}

// parseBatch cuts the request into its operations.
func parseBatch(body []byte) ([]batchOp, error) {
	var batch []batchOp
	err := readArray(body, func(raw []byte) error {
		if len(batch) > maxBatchOperations {
			return nil // refused by number afterwards
		}
		var op batchOp
		err := readObject(raw, func(name string, value []byte) (err error) {
			switch name {
			case "operationType":
				op.kind, err = unquote(value)
			case "id":
				op.id, err = unquote(value)
			case "resourceBody":
				op.body = value
			case "ifMatch":
				op.ifMatch, err = optionalString(value)
			case "ifNoneMatch":
				op.ifNone, err = optionalString(value)
			case "partitionKey":
				op.key, err = batchKey(value)
			}
			return err
		})
		batch = append(batch, op)
		return err
	})
	if err != nil {
		return nil, jsonError(err, "batch")
	}
	if n := len(batch); n == 0 || n > maxBatchOperations {
		return nil, badRequest(subNone, "The number of operations in a batch must be between 1 and %d.", maxBatchOperations)
	}
	return batch, nil
}

// batchKey reads the partition key of a bulk operation: a JSON array, or a
// string that holds one.
func batchKey(raw []byte) (*docstore.PartitionKey, error) {
	text := string(raw)
	if raw[0] == '"' {
		var err error
		if text, err = unquote(raw); err != nil {
			return nil, err
		}
	}
	key, err := docstore.ParsePartitionKey(text)
	if err != nil {
		return nil, badRequest(subKeyMismatch, "The partition key '%s' of a batch operation is invalid: %v.", clip(text, 80), err)
	}
	return &key, nil
}

func optionalString(raw []byte) (string, error) {
	if string(raw) == "null" {
		return "", nil
	}
	return unquote(raw)
}

// storeOp translates an operation, or says why it cannot be run.
func (x *exchange) storeOp(b *batchOp, shared *docstore.PartitionKey) (docstore.Op, error) {
	op := docstore.Op{Key: b.key, ID: b.id, Body: b.body, IfMatch: b.ifMatch, IfNoneMatch: b.ifNone}
	if op.Key == nil {
		op.Key = shared
	}
	needBody := true
	switch b.kind {
	case "Create":
		op.Kind = docstore.Create
	case "Upsert":
		op.Kind = docstore.Upsert
	case "Replace":
		op.Kind = docstore.Replace
	case "Read":
		op.Kind, needBody = docstore.Read, false
	case "Delete":
		op.Kind, needBody = docstore.Delete, false
	case "Patch":
		if b.body == nil {
			break
		}
		var err error
		op.Kind, op.Body = docstore.Mutate, nil
		if op.Mutate, err = x.parseMutation(b.body); err != nil {
			return op, err
		}
	default:
		return op, badRequest(subNone, "The operation type '%s' is unknown: expected Create, Upsert, Replace, Read, Delete or Patch.", clip(b.kind, 40))
	}
	switch {
	case needBody && b.body == nil:
		return op, badRequest(subNone, "The operation %s needs a resourceBody.", b.kind)
	case !needBody:
		op.Body = nil
	}
	if op.Key == nil && op.Body == nil {
		return op, badRequest(subNone, "PartitionKey value must be supplied for the operation %s.", b.kind)
	}
	return op, nil
}

// runBatch executes what was not refused. An atomic batch with a refusal, and
// what follows a refusal when the client does not want to go on, fails as a
// dependency.
func (x *exchange) runBatch(ops []docstore.Op, refused []error, atomic, goOn bool) ([]docstore.Result, error) {
	results := make([]docstore.Result, len(ops))
	var run []docstore.Op
	var at []int
	failed := -1
	for i := range ops {
		if refused[i] != nil && failed < 0 {
			failed = i
		}
		if refused[i] == nil {
			run, at = append(run, ops[i]), append(at, i)
		}
	}
	if atomic && failed >= 0 {
		for i := range results {
			results[i].Err = errDependency
		}
		results[failed].Err = refused[failed]
		return results, nil
	}
	for i, err := range refused {
		results[i].Err = err
	}
	if len(run) == 0 {
		return results, nil
	}
	if !atomic && !goOn {
		return results, x.runOrdered(run, at, results)
	}
	done, err := x.coll.Write(x.r.Context(), run, atomic)
	if err != nil {
		return nil, err
	}
	for i, r := range done {
		results[at[i]] = r
	}
	return results, nil
}

// runOrdered runs a bulk that stops at its first failure.
func (x *exchange) runOrdered(run []docstore.Op, at []int, results []docstore.Result) error {
	stopped := false
	next := 0
	for i := range results {
		if next >= len(at) || at[next] != i {
			stopped = true // refused before it ran
			continue
		}
		if stopped {
			results[i].Err = errDependency
		} else {
			done, err := x.coll.Write(x.r.Context(), run[next:next+1], false)
			if err != nil {
				return err
			}
			results[i] = done[0]
			stopped = done[0].Err != nil
		}
		next++
	}
	return nil
}

// errDependency marks an operation that did not run, or was undone, because
// another one failed.
var errDependency = &apiError{status: http.StatusFailedDependency, code: "FailedDependency", msg: "Another operation of the batch failed."}

// replyBatch writes the results as
//
//	[{"statusCode","subStatusCode"?,"requestCharge","eTag"?,"resourceBody"?}…]
func (x *exchange) replyBatch(ops []docstore.Op, results []docstore.Result, atomic bool) error {
	buf := x.svc.buffers.Get()
	defer x.svc.buffers.Put(buf)
	status, minimal := http.StatusOK, x.minimal()
	buf.B = append(buf.B, '[')
	x.charge = 0
	for i := range results {
		if i > 0 {
			buf.B = append(buf.B, ',')
		}
		r := &results[i]
		line := resultLine{status: http.StatusOK, charge: chargeMinimal}
		if r.Err == nil {
			line.succeed(ops[i].Kind, r, minimal)
		} else {
			line.fail(r.Err, atomic)
			status = http.StatusMultiStatus
		}
		x.charge += line.charge
		buf.B = line.append(buf.B)
	}
	buf.B = append(buf.B, ']')
	x.event.Items = len(results)
	return x.reply(status, buf.B)
}

// resultLine is one operation's result on the wire.
type resultLine struct {
	status, sub int
	retry       int
	charge      float64
	etag        string
	body        []byte
}

func (l *resultLine) succeed(kind docstore.OpKind, r *docstore.Result, minimal bool) {
	n := len(r.Item.Body)
	l.etag = r.Item.ETag
	if !minimal || kind == docstore.Read {
		l.body = r.Item.Body
	}
	switch {
	case r.NotModified:
		l.status, l.body = http.StatusNotModified, nil
	case kind == docstore.Read:
		l.charge = chargeRead(n)
	case kind == docstore.Delete:
		l.status, l.charge, l.etag, l.body = http.StatusNoContent, chargeCreate(n), "", nil
	case r.Created:
		l.status, l.charge = http.StatusCreated, chargeCreate(n)
	default:
		l.charge = chargeReplace(n)
	}
}

// fail maps an operation's error. The store marks the innocent operations of a
// failed atomic write as unavailable.
func (l *resultLine) fail(err error, atomic bool) {
	if atomic && fault.KindOf(err) == fault.Unavailable {
		err = errDependency
	}
	e := asAPIError(writeError(err))
	l.status, l.sub, l.retry = e.status, e.sub, e.retry
}

func (l *resultLine) append(b []byte) []byte {
	b = append(b, `{"statusCode":`...)
	b = strconv.AppendInt(b, int64(l.status), 10)
	if l.sub != 0 {
		b = append(b, `,"subStatusCode":`...)
		b = strconv.AppendInt(b, int64(l.sub), 10)
	}
	if l.retry != 0 {
		b = append(b, `,"retryAfterMilliseconds":`...)
		b = strconv.AppendInt(b, int64(l.retry), 10)
	}
	b = append(b, `,"requestCharge":`...)
	b = appendCharge(b, l.charge)
	if l.etag != "" {
		b = append(b, `,"eTag":`...)
		b = appendQuoted(b, l.etag)
	}
	if l.body != nil {
		b = append(b, `,"resourceBody":`...)
		b = append(b, l.body...)
	}
	return append(b, '}')
}
