package worker

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// maxTrace bounds what is kept of a stack that a custom handler answers.
const maxTrace = 16 << 10

// refused is the response to an invocation that a custom handler answered with
// a status that is not 2xx: its body says why, with a stack in many languages.
func refused(r *funcrpc.InvocationRequest, status string, body []byte) *funcrpc.InvocationResponse {
	message, stack := splitTrace(strings.ToValidUTF8(string(body[:min(len(body), maxTrace)]), "\uFFFD"))
	out := failed(r, fmt.Sprintf("the custom handler answered %s: %s", status, clip([]byte(message))))
	out.Result.Exception.StackTrace = stack
	return out
}

// splitTrace takes the stack out of an error's text: Python's traceback, which
// ends with the message, Node's and .NET's "at" lines, which follow it, and Go's
// goroutine. A text without one is all message.
func splitTrace(text string) (message, stack string) {
	if before, trace, ok := strings.Cut(text, "Traceback (most recent call last):"); ok {
		stack = "Traceback (most recent call last):" + strings.TrimRight(trace, "\n ")
		last := stack[strings.LastIndexByte(stack, '\n')+1:]
		if before = strings.TrimSpace(before); before != "" {
			return before, stack
		}
		return last, stack
	}
	at := strings.Index(text, "\ngoroutine ")
	if at < 0 {
		at = strings.Index(text, "\n    at ")
	}
	if at < 0 {
		return text, ""
	}
	return strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+1:])
}
