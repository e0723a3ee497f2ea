package changefeed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/changefeed"
)

// exampleAccount serves an account with three orders, and returns its connection
// string: yours is in the portal, or in what `lazuli env` prints.
func exampleAccount() (connection string, close func()) {
	a := newAccount(1)
	a.put("order-1", "order-2", "order-3")
	s := httptest.NewServer(a)
	return "AccountEndpoint=" + s.URL + ";AccountKey=a2V5;", s.Close
}

// A processor hands each change to the handler until its context ends.
func Example() {
	connection, closeAccount := exampleAccount()
	defer closeAccount()
	client, err := azcosmos.NewClientFromConnectionString(connection, nil)
	if err != nil {
		panic(err)
	}
	leases, err := client.NewContainer("db", "leases")
	if err != nil {
		panic(err)
	}
	docs, err := changefeed.NewContainerFromConnectionString(connection, "db", "docs", nil)
	if err != nil {
		panic(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	p, err := changefeed.New(docs, changefeed.Leases(leases), func(_ context.Context, docs []json.RawMessage) error {
		for _, d := range docs {
			var order struct{ ID string }
			if err := json.Unmarshal(d, &order); err != nil {
				return err // the batch comes again
			}
			fmt.Println(order.ID)
		}
		stop() // an example ends
		return nil
	}, &changefeed.Options{StartFromBeginning: true})
	if err != nil {
		panic(err)
	}
	fmt.Println("ended:", p.Run(ctx))
	// Output:
	// order-1
	// order-2
	// order-3
	// ended: <nil>
}

// With an identity the processor needs the roles Cosmos DB Built-in Data Reader on the
// container and Built-in Data Contributor on that of the leases. Such a credential is
// azidentity's DefaultAzureCredential.
func ExampleNewContainer() {
	run := func(ctx context.Context, cred azcore.TokenCredential, handle changefeed.Handler) error {
		const endpoint = "https://shop.documents.azure.com:443/"
		client, err := azcosmos.NewClient(endpoint, cred, nil)
		if err != nil {
			return err
		}
		leases, err := client.NewContainer("shop", "leases")
		if err != nil {
			return err
		}
		orders, err := changefeed.NewContainer(endpoint, cred, "shop", "orders", nil)
		if err != nil {
			return err
		}
		p, err := changefeed.New(orders, changefeed.Leases(leases), handle, &changefeed.Options{
			Owner: "worker-1", // of all instances only this one
			Log:   slog.Default(),
			State: func(lease string, err error) {
				if err != nil {
					slog.Warn("orders are held up", "lease", lease, "error", err)
				}
			},
		})
		if err != nil {
			return err
		}
		err = p.Run(ctx)
		if errors.Is(err, changefeed.ErrDeleted) {
			return fmt.Errorf("somebody deleted the orders: %w", err)
		}
		return err
	}
	_ = run
}

// A container can be read without leases too: position by position, kept wherever the
// program likes.
func ExampleContainer_Read() {
	connection, closeAccount := exampleAccount()
	defer closeAccount()
	docs, err := changefeed.NewContainerFromConnectionString(connection, "db", "docs", nil)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ranges, err := docs.Ranges(ctx)
	if err != nil {
		panic(err)
	}
	for _, r := range ranges {
		position := ""
		for {
			page, err := docs.Read(ctx, changefeed.Query{Range: r, After: position, Max: 2})
			if err != nil {
				panic(err)
			}
			position = page.Next
			fmt.Println(len(page.Docs), "changes, up to", position)
			if len(page.Docs) == 0 {
				break // nothing new; come again later
			}
		}
	}
	// Output:
	// 2 changes, up to "2"
	// 1 changes, up to "3"
	// 0 changes, up to "3"
}
