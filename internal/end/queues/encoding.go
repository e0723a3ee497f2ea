package queues

import (
	"encoding/base64"

	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// encode is a message's bytes as the queue has them.
func (c *Config) encode(body []byte) []byte {
	if c.Plain {
		return body
	}
	return base64.StdEncoding.AppendEncode(nil, body)
}

// decode is the inverse of encode. A text that is no base64, where it should be, is
// what no function can take: Azure's host puts it into the poison queue too.
func (c *Config) decode(text []byte) ([]byte, error) {
	if c.Plain {
		return text, nil
	}
	body, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, &trigger.UnfitError{Reason: `it is not base64, which messages are by default; where they are plain text say "messageEncoding": "none" under extensions.queues in host.json`}
	}
	return body, nil
}
