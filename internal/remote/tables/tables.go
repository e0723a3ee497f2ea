// Package tables is the tables of other processes, Azure's first of all, as functions
// reach them: package tables of internal/end over the official client.
package tables

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	end "github.com/lazuli-dev/lazuli/internal/end/tables"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Service implements Service of internal/end/tables.
type Service struct{ Clients *storage.Clients }

// Open implements end.Service. The service says at the first use that there is no such
// table; asked for one of its entities it tells that apart from an entity that is
// missing.
func (s *Service) Open(ctx context.Context, c settings.Connection, name string, _ ...end.Use) (end.Table, error) {
	t, err := s.table(c, name)
	if err != nil {
		return nil, err
	}
	nothing := int32(1)
	_, err = t.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: &nothing}).NextPage(ctx)
	return t, t.fault(err)
}

// Need implements end.Service.
func (s *Service) Need(ctx context.Context, c settings.Connection, name string, _ ...end.Use) (end.Table, error) {
	t, err := s.table(c, name)
	if err != nil {
		return nil, err
	}
	if _, err := t.client.CreateTable(ctx, nil); err != nil && !said(err, aztables.TableAlreadyExists) {
		return nil, t.fault(err)
	}
	return t, nil
}

func said(err error, code aztables.TableErrorCode) bool {
	var refused *azcore.ResponseError
	return errors.As(err, &refused) && refused.ErrorCode == string(code)
}

func (s *Service) table(c settings.Connection, name string) (*table, error) {
	account, err := s.Clients.Tables(c)
	if err != nil {
		return nil, err
	}
	return &table{account.NewClient(name), fmt.Sprintf("table %s of setting %s", name, c.Setting)}, nil
}

// table is a table of another process.
type table struct {
	client *aztables.Client
	words  string // what it is, for messages
}

// fault is storage.Fault of the table.
func (t *table) fault(err error) error { return storage.Fault(err, t.words) }

// Get implements end.Table.
func (t *table) Get(ctx context.Context, partition, row string) (*tablestore.Entity, error) {
	var resp *http.Response // as it came: the client loses whether a number has a fraction
	_, err := t.client.GetEntity(policy.WithCaptureResponse(ctx, &resp), partition, row, nil)
	if err != nil {
		return nil, t.fault(err)
	}
	text, err := runtime.Payload(resp)
	if err != nil {
		return nil, t.fault(err)
	}
	e, err := readEntity(text)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, t.words, err, "what the account sent")
	}
	return e, nil
}

// Query implements end.Table.
func (t *table) Query(ctx context.Context, filter string, most int, use func(*tablestore.Entity) error) error {
	o := &aztables.ListEntitiesOptions{}
	if filter != "" {
		o.Filter = &filter
	}
	if most > 0 {
		top := int32(min(most, tablestore.MaxPage))
		o.Top = &top
	}
	var resp *http.Response
	seen := 0
	for pages := t.client.NewListEntitiesPager(o); pages.More(); {
		if _, err := pages.NextPage(policy.WithCaptureResponse(ctx, &resp)); err != nil {
			return t.fault(err)
		}
		text, err := runtime.Payload(resp)
		if err != nil {
			return t.fault(err)
		}
		all, err := readEntities(text)
		if err != nil {
			return fault.Wrap(fault.Unavailable, t.words, err, "what the account sent")
		}
		for _, e := range all {
			if err := use(e); err != nil {
				return err
			}
			if seen++; seen == most {
				return nil
			}
		}
	}
	return nil
}

// Write implements end.Table.
func (t *table) Write(ctx context.Context, ops []*tablestore.Op) error {
	actions := make([]aztables.TransactionAction, len(ops))
	for i, op := range ops {
		a := &actions[i]
		a.Entity = appendEntity(nil, &op.Entity)
		switch op.Kind {
		case tablestore.Insert:
			a.ActionType = aztables.TransactionTypeAdd
		case tablestore.Upsert:
			a.ActionType = aztables.TransactionTypeInsertReplace
		case tablestore.Replace:
			a.ActionType = aztables.TransactionTypeUpdateReplace
			etag := azcore.ETagAny
			if op.IfMatch != 0 {
				etag = etagOf(op.IfMatch)
			}
			a.IfMatch = &etag
		default:
			return fault.New(fault.Invalid, t.words, "the operation %s is not done in another process", op.Kind)
		}
	}
	if len(actions) == 1 {
		return t.fault(t.one(ctx, &actions[0]))
	}
	var resp *http.Response
	_, err := t.client.SubmitTransaction(policy.WithCaptureResponse(ctx, &resp), actions, nil)
	return t.together(err, resp)
}

// together is fault of a transaction. The client says of one that was refused only that
// its envelope was taken; why stands within.
func (t *table) together(err error, resp *http.Response) error {
	var refused *azcore.ResponseError
	if err == nil || resp == nil || !errors.As(err, &refused) || refused.StatusCode != http.StatusAccepted {
		return t.fault(err)
	}
	text, readErr := runtime.Payload(resp)
	if readErr != nil {
		return t.fault(err)
	}
	status, code := within(text)
	return storage.Refused(status, code, t.words, err)
}

// within finds the first refusal in the answer to a transaction.
func within(text []byte) (status int, code string) {
	for _, found := range regexp.MustCompile(`HTTP/1\.1 (\d{3})`).FindAllSubmatchIndex(text, -1) {
		status, _ = strconv.Atoi(string(text[found[2]:found[3]])) // three digits
		if status < http.StatusBadRequest {
			continue
		}
		if m := regexp.MustCompile(`"code"\s*:\s*"([^"]+)"`).FindSubmatch(text[found[1]:]); m != nil {
			code = string(m[1])
		}
		return status, code
	}
	return http.StatusAccepted, ""
}

// one does without the envelope of a transaction.
func (t *table) one(ctx context.Context, a *aztables.TransactionAction) (err error) {
	switch a.ActionType {
	case aztables.TransactionTypeAdd:
		_, err = t.client.AddEntity(ctx, a.Entity, nil)
	case aztables.TransactionTypeInsertReplace:
		_, err = t.client.UpsertEntity(ctx, a.Entity, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	default:
		_, err = t.client.UpdateEntity(ctx, a.Entity, &aztables.UpdateEntityOptions{UpdateMode: aztables.UpdateModeReplace, IfMatch: a.IfMatch})
	}
	return err
}
