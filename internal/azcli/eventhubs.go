package azcli

// hubShape leaves out what Resource Manager tells of hubs and az does not.
func hubShape(v any) any {
	out := flat(v)
	if hub, is := out.(map[string]any); is {
		delete(hub, "provisioningState")
	}
	return out
}

func hubCommands() []command {
	const provider = "Microsoft.EventHub"
	list := func(k *call, names ...string) (any, error) {
		path, err := k.in(provider, names...)
		if err != nil {
			return nil, err
		}
		all, err := k.list(path)
		return each(all, hubShape), err
	}
	return []command{
		{words: "eventhubs namespace list", flags: "resource-group/g", run: func(k *call) (any, error) {
			path, err := k.anywhere(provider, "namespaces")
			if err != nil {
				return nil, err
			}
			all, err := k.list(path)
			return each(all, flat), err
		}},
		{words: "eventhubs namespace show", flags: "resource-group/g! name/n!", run: func(k *call) (any, error) {
			return k.one(flat, provider, "namespaces", k.text("name"))
		}},
		{words: "eventhubs eventhub list", flags: "resource-group/g! namespace-name!", run: func(k *call) (any, error) {
			return list(k, "namespaces", k.text("namespace-name"), "eventhubs")
		}},
		{words: "eventhubs eventhub show", flags: "resource-group/g! namespace-name! name/n!", run: func(k *call) (any, error) {
			return k.one(hubShape, provider, "namespaces", k.text("namespace-name"), "eventhubs", k.text("name"))
		}},
		{words: "eventhubs eventhub consumer-group list", flags: "resource-group/g! namespace-name! eventhub-name!", run: func(k *call) (any, error) {
			return list(k, "namespaces", k.text("namespace-name"), "eventhubs", k.text("eventhub-name"), "consumergroups")
		}},
	}
}
