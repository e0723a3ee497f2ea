package azcli

import "net/http"

const documents = "Microsoft.DocumentDB"

func cosmosCommands() []command {
	const in = "resource-group/g! account-name/a! "
	account := func(k *call, names ...string) []string {
		return append([]string{"databaseAccounts", k.text("account-name")}, names...)
	}
	below := func(k *call, names ...string) (any, error) {
		path, err := k.in(documents, account(k, names...)...)
		if err != nil {
			return nil, err
		}
		all, err := k.list(path)
		return each(all, sqlShape), err
	}
	return []command{
		{words: "cosmosdb list", flags: "resource-group/g", run: func(k *call) (any, error) {
			path, err := k.anywhere(documents, "databaseAccounts")
			if err != nil {
				return nil, err
			}
			all, err := k.list(path)
			return each(all, flat), err
		}},
		{words: "cosmosdb show", flags: "resource-group/g! name/n!", run: func(k *call) (any, error) {
			return k.one(flat, documents, "databaseAccounts", k.text("name"))
		}},
		{words: "cosmosdb keys list", flags: "resource-group/g! name/n! type", run: cosmosKeys},
		{words: "cosmosdb sql database list", flags: in, run: func(k *call) (any, error) { return below(k, "sqlDatabases") }},
		{words: "cosmosdb sql database show", flags: in + "name/n!", run: func(k *call) (any, error) {
			return k.one(sqlShape, documents, account(k, "sqlDatabases", k.text("name"))...)
		}},
		{words: "cosmosdb sql container list", flags: in + "database-name/d!", run: func(k *call) (any, error) {
			return below(k, "sqlDatabases", k.text("database-name"), "containers")
		}},
		{words: "cosmosdb sql container show", flags: in + "database-name/d! name/n!", run: func(k *call) (any, error) {
			return k.one(sqlShape, documents, account(k, "sqlDatabases", k.text("database-name"), "containers", k.text("name"))...)
		}},
		{words: "cosmosdb sql role assignment list", flags: in, run: func(k *call) (any, error) { return below(k, "sqlRoleAssignments") }},
		{words: "cosmosdb sql role definition list", flags: in, run: func(k *call) (any, error) { return below(k, "sqlRoleDefinitions") }},
	}
}

// keyLists are the actions behind --type of keys list.
var keyLists = map[string]string{"": "listKeys", "keys": "listKeys", "read-only-keys": "readonlykeys", "connection-strings": "listConnectionStrings"}

func cosmosKeys(k *call) (any, error) {
	action, known := keyLists[k.text("type")]
	if !known {
		return nil, usage("argument --type: invalid choice: '%s' (choose from 'keys', 'read-only-keys', 'connection-strings')", k.text("type"))
	}
	path, err := k.in(documents, "databaseAccounts", k.text("name"), action)
	if err != nil {
		return nil, err
	}
	return k.do(http.MethodPost, path, nil)
}

func sqlShape(v any) any { return flat(v) }
