package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

const mostNames = 20 // that a message lists

// missing says that --db, or of a database --container, is missing, and which
// there are where somebody answers.
func (s *session) missing(ctx context.Context, o queryOptions) error {
	flag, what := "--db", "databases"
	if o.database != "" {
		flag, what = "--container", "containers of "+o.database
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second) // the list is a help, no more
	defer cancel()
	client, err := o.cosmos(ctx, s, &lastRefusal{})
	if err != nil {
		return fmt.Errorf("%s is missing", flag)
	}
	names, err := namesIn(ctx, client, o.database)
	switch {
	case err != nil:
		return fmt.Errorf("%s is missing", flag)
	case len(names) == 0:
		return fmt.Errorf("%s is missing; there are no %s", flag, what)
	case len(names) > mostNames:
		return fmt.Errorf("%s is missing; of the %d %s the first are %s", flag, len(names), what, strings.Join(names[:mostNames], ", "))
	}
	return fmt.Errorf("%s is missing; the %s are %s", flag, what, strings.Join(names, ", "))
}

// namesIn lists the databases of an account, or the containers of one of them.
func namesIn(ctx context.Context, client *azcosmos.Client, database string) (names []string, err error) {
	if database == "" {
		for pages := client.NewQueryDatabasesPager("SELECT * FROM c", nil); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, d := range page.Databases {
				names = append(names, d.ID)
			}
		}
		return names, nil
	}
	db, err := client.NewDatabase(database)
	if err != nil {
		return nil, err
	}
	for pages := db.NewQueryContainersPager("SELECT * FROM c", nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Containers {
			names = append(names, c.ID)
		}
	}
	return names, nil
}
