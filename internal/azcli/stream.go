package azcli

import "net/http"

const streamAnalytics = "Microsoft.StreamAnalytics"

// streamCommands are those of az's extensions, which need a way out of this machine
// to be installed. What Resource Manager has no type for, it refuses by name.
func streamCommands() []command {
	const in = "resource-group/g! job-name/n! "
	act := func(k *call, action string, body any) (any, error) {
		path, err := k.in(streamAnalytics, "streamingjobs", k.text("job-name"), action)
		if err != nil {
			return nil, err
		}
		_, err = k.do(http.MethodPost, path, body)
		return nil, err
	}
	return []command{
		{words: "stream-analytics job list", flags: "resource-group/g expand", run: func(k *call) (any, error) {
			path, err := k.anywhere(streamAnalytics, "streamingjobs")
			if err != nil {
				return nil, err
			}
			all, err := k.list(path)
			return each(all, flat), err
		}},
		{words: "stream-analytics job show", flags: in + "expand", run: func(k *call) (any, error) {
			return k.one(flat, streamAnalytics, "streamingjobs", k.text("job-name"))
		}},
		{words: "stream-analytics job start", flags: in + "output-start-mode output-start-time no-wait?", run: func(k *call) (any, error) {
			body := map[string]any{}
			for option, field := range map[string]string{"output-start-mode": "outputStartMode", "output-start-time": "outputStartTime"} {
				if v := k.text(option); v != "" {
					body[field] = v
				}
			}
			return act(k, "start", body)
		}},
		{words: "stream-analytics job stop", flags: in + "no-wait?", run: func(k *call) (any, error) { return act(k, "stop", nil) }},
	}
}
