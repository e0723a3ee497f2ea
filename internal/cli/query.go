package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/spf13/cobra"
)

// queryOptions are the flags of `lazuli query`.
type queryOptions struct {
	connection   string
	endpoint     string
	account      string
	database     string
	container    string
	partitionKey string
	params       []string
	pageSize     int
	limit        int
	continuation string
	asJSON       bool
	system       bool
}

func newQueryCmd(s *session) *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Ask the document store",
		Long: `Run a Cosmos DB SQL query on a container, and print the rows as a table or, with
--json, one JSON value per line. Rows, request charge and time are said on
standard error.

It asks the lazuli that runs here, or Azure with --endpoint or
--connection-string.`,
		Example: `  lazuli query 'SELECT TOP 10 * FROM c ORDER BY c.timestamp DESC' --db serverless_db --container events
  lazuli query 'SELECT c.deviceId, COUNT(1) AS count FROM c GROUP BY c.deviceId' --db serverless_db --container events
  lazuli query 'SELECT * FROM c WHERE c.data.temperature > @limit' --param limit=40 --db serverless_db --container events --json
  lazuli query 'SELECT * FROM c' --db d --container c --endpoint https://contoso.documents.azure.com/`,
		Args: exactArgs("SQL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return &usageError{cmd, err}
			}
			if o.database == "" || o.container == "" {
				return &usageError{cmd, s.missing(cmd.Context(), o)}
			}
			return s.query(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.database, "db", "", "database (required)")
	f.StringVar(&o.container, "container", "", "container (required)")
	f.StringVar(&o.partitionKey, "partition-key", "", "ask only one partition: a text, or a JSON value; an array for a hierarchical key")
	f.StringArrayVar(&o.params, "param", nil, "query parameter, name=value; the value is JSON or a text")
	f.IntVar(&o.pageSize, "page-size", 100, "rows per request")
	f.IntVar(&o.limit, "limit", 1000, "stop after the page with this row; 0 prints all")
	f.StringVar(&o.continuation, "continuation", "", "go on where an earlier run stopped")
	f.BoolVar(&o.asJSON, "json", false, "one JSON value per line")
	f.BoolVar(&o.system, "system", false, "show _rid, _self, _etag, _attachments and _ts in the table")
	f.StringVar(&o.connection, "connection-string", "", "connection string of another account")
	f.StringVar(&o.endpoint, "endpoint", "", "endpoint of an Azure account, signed in with DefaultAzureCredential")
	f.StringVar(&o.account, "account", "", "account of the running lazuli; default: the one that localhost means")
	cmd.MarkFlagsMutuallyExclusive("connection-string", "endpoint", "account")
	return cmd
}

func (o *queryOptions) check() error {
	switch {
	case o.pageSize < 1 || o.pageSize > 10_000:
		return fmt.Errorf("--page-size %d: from 1 to 10000", o.pageSize)
	case o.limit < 0:
		return fmt.Errorf("--limit %d is negative", o.limit)
	}
	_, err := o.parameters()
	return err
}

// parameters reads --param name=value; the name's @ may be left out.
func (o *queryOptions) parameters() ([]azcosmos.QueryParameter, error) {
	var out []azcosmos.QueryParameter
	for _, p := range o.params {
		name, text, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--param %q: write name=value", p)
		}
		out = append(out, azcosmos.QueryParameter{Name: "@" + strings.TrimPrefix(name, "@"), Value: jsonOrText(text)})
	}
	return out, nil
}

// jsonOrText reads a value given on the command line.
func jsonOrText(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if json.Valid([]byte(text)) && dec.Decode(&v) == nil {
		return v
	}
	return text
}

// key reads --partition-key: a text, a JSON value, or for a hierarchical key an
// array of them, which may name only the first levels.
func (o *queryOptions) key() (azcosmos.PartitionKey, error) {
	key := azcosmos.NewPartitionKey()
	if o.partitionKey == "" {
		return key, nil
	}
	value := jsonOrText(o.partitionKey)
	levels, hierarchical := value.([]any)
	if !hierarchical {
		levels = []any{value}
	}
	for _, level := range levels {
		switch v := level.(type) {
		case string:
			key = key.AppendString(v)
		case bool:
			key = key.AppendBool(v)
		case nil:
			key = key.AppendNull()
		case json.Number:
			n, err := v.Float64()
			if err != nil {
				return key, fmt.Errorf("--partition-key %s: %w", o.partitionKey, err)
			}
			key = key.AppendNumber(n)
		default:
			return key, fmt.Errorf("--partition-key %s: a text, number, boolean or null, or an array of them", o.partitionKey)
		}
	}
	return key, nil
}

func (s *session) query(ctx context.Context, sql string, o queryOptions) error {
	key, err := o.key()
	if err != nil {
		return err
	}
	params, err := o.parameters()
	if err != nil {
		return err
	}
	heard := &lastRefusal{}
	client, err := o.cosmos(ctx, s, heard)
	if err != nil {
		return err
	}
	container, err := client.NewContainer(o.database, o.container)
	if err != nil {
		return err
	}
	opts := &azcosmos.QueryOptions{QueryParameters: params, PageSizeHint: int32(o.pageSize)}
	if o.limit > 0 {
		opts.PageSizeHint = int32(min(o.pageSize, o.limit))
	}
	if o.continuation != "" {
		opts.ContinuationToken = &o.continuation
	}
	var out rowPrinter = &jsonRows{w: s.data}
	if !o.asJSON {
		out = &tableRows{w: s.out, system: o.system, colour: s.outIsTerminal(), width: s.outWidth()}
	}
	start, rows, charge, next := time.Now(), 0, 0.0, ""
	for pages := container.NewQueryItemsPager(sql, key, opts); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return queryError(sql, o, err, heard)
		}
		if err := out.page(page.Items); err != nil {
			return err
		}
		rows += len(page.Items)
		charge += float64(page.RequestCharge)
		next = ""
		if page.ContinuationToken != nil {
			next = *page.ContinuationToken
		}
		if o.limit > 0 && rows >= o.limit {
			break
		}
	}
	fmt.Fprintf(s.err, "%s, %.2f RU, %s\n", count(rows, "row"), charge, time.Since(start).Round(time.Millisecond))
	if next != "" {
		fmt.Fprintf(s.err, "There is more: repeat with --continuation %s\n", shellQuote(next))
	}
	return nil
}
