package cosmos

import (
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// patchItem changes parts of an item: 200; 404 without the item; 412 when its
// ETag or the patch's condition does not hold.
func (x *exchange) patchItem() error {
	key, err := x.openForWrite()
	if err != nil {
		return err
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	mutate, err := x.parseMutation(body)
	if err != nil {
		return err
	}
	id, err := x.targetID(key)
	if err != nil {
		return err
	}
	res, err := x.writeOne(docstore.Op{Kind: docstore.Mutate, Key: &key, ID: id, IfMatch: x.header(hdrIfMatch), Mutate: mutate})
	if err != nil {
		return err
	}
	x.charge = chargeReplace(len(res.Item.Body))
	return x.replyWritten(http.StatusOK, &res.Item)
}

// parseMutation turns a patch document into a change of an item.
func (x *exchange) parseMutation(body []byte) (func(docstore.Item) ([]byte, error), error) {
	patch, err := parsePatch(body, x.info.keyPaths)
	if err != nil {
		return nil, err
	}
	return func(current docstore.Item) ([]byte, error) {
		if patch.condition != "" {
			holds, err := cosmossql.EvalCondition(patch.condition, current.Body)
			if err != nil {
				return nil, syntaxError(err)
			}
			if !holds {
				return nil, preconditionFailed("the condition of the patch of '" + current.ID + "'")
			}
		}
		return patch.apply(current.Body)
	}, nil
}

// syntaxError turns an error of the SQL language into the service's shape:
// positions are offsets in the query's text.
func syntaxError(err error) error {
	var se *cosmossql.SyntaxError
	if !errors.As(err, &se) {
		return err
	}
	return badRequest(subNone, "%s", sqlErrorText(se))
}
