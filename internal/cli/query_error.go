package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// queryError says what a failed query means and what to try. heard has the
// refusal behind an error that is only text.
func queryError(sql string, o queryOptions, err error, heard *lastRefusal) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var noToken *signInError
	if errors.As(err, &noToken) {
		return noToken
	}
	response := heard.response.Load()
	if untrusted(err) {
		return fmt.Errorf("%s (%w)", trustHint, err)
	}
	if address := unreachable(err); address != "" {
		return fmt.Errorf("nothing answers at %s; does `lazuli status` say that it runs? (%w)", address, err)
	}
	if !errors.As(err, &response) && response == nil {
		return err
	}
	message := serviceMessage(response)
	switch response.StatusCode {
	case http.StatusBadRequest:
		if place, text, ok := syntaxError(message); ok {
			return errors.New(pointAt(sql, place, text))
		}
		return fmt.Errorf("the query was refused: %s", message)
	case http.StatusNotFound:
		return fmt.Errorf("no container %s in database %s; `lazuli.yaml` declares them under cosmos.databases (%s)", o.container, o.database, message)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("access was refused; check the account key, or that your Azure identity has the role Cosmos DB Built-in Data Reader: %s", message)
	}
	return fmt.Errorf("the service answered %d: %s", response.StatusCode, message)
}

// serviceMessage takes the text out of an error response, which the service
// wraps as {"code":…,"message":"Message: {…}\r\nActivityId: …"}.
func serviceMessage(r *azcore.ResponseError) string {
	if r.RawResponse == nil {
		return r.Error()
	}
	body, err := io.ReadAll(io.LimitReader(r.RawResponse.Body, 1<<20))
	if err != nil {
		return r.ErrorCode
	}
	var outer struct{ Message string }
	if json.Unmarshal(body, &outer) != nil || outer.Message == "" {
		return strings.TrimSpace(string(body))
	}
	text, _, _ := strings.Cut(outer.Message, "\r\n")
	return strings.TrimPrefix(text, "Message: ")
}

// place is a range of byte offsets in the query.
type place struct{ Start, End int }

// syntaxError reads the first error of the service's error list.
func syntaxError(message string) (place, string, bool) {
	var list struct {
		Errors []struct {
			Message  string
			Location *place
		}
	}
	if json.Unmarshal([]byte(message), &list) != nil || len(list.Errors) == 0 || list.Errors[0].Location == nil {
		return place{}, "", false
	}
	return *list.Errors[0].Location, list.Errors[0].Message, true
}

// pointAt shows the line of the query that has the error, with a mark below.
func pointAt(sql string, p place, message string) string {
	if p.Start < 0 || p.Start > len(sql) {
		return message
	}
	lineStart := strings.LastIndexByte(sql[:p.Start], '\n') + 1
	line, _, _ := strings.Cut(sql[lineStart:], "\n")
	end := min(max(p.End, p.Start+1), lineStart+len(line))
	width := 1
	if end > p.Start {
		width = utf8.RuneCountInString(sql[p.Start:end])
	}
	before := utf8.RuneCountInString(sql[lineStart:p.Start])
	return fmt.Sprintf("%s\n\n  %s\n  %s%s", message, line, strings.Repeat(" ", before), strings.Repeat("^", width))
}
