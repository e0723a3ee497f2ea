package telemetry

import (
	"regexp"
	"strings"
)

// Frame is one call of a stack trace.
type Frame struct {
	Name    string `json:"name"`           // of the function, or the line as it is
	File    string `json:"file,omitempty"` // as the trace has it
	Line    string `json:"line,omitempty"`
	Runtime bool   `json:"runtime,omitempty"` // of the language or a library, not of the user's code
	Source  string `json:"source,omitempty"`  // that line of the file, where it is known
}

// pythonFrame, nodeFrame and dotnetFrame are the lines that name a place.
var (
	pythonFrame = regexp.MustCompile(`^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$`)
	nodeFrame   = regexp.MustCompile(`^\s*at (?:(.+?) \()?((?:file://|node:|/|[A-Za-z]:\\|\.)?[^()]*?):(\d+)(?::\d+)?\)?$`)
	dotnetFrame = regexp.MustCompile(`^\s*at (.+?)(?: in (.+):line (\d+))?$`)
)

// Frames reads a stack trace: the innermost call first, whatever the language.
func Frames(stack string) []Frame {
	stack = strings.TrimSpace(stack)
	switch {
	case stack == "":
		return nil
	case strings.Contains(stack, "Traceback (most recent call last):"):
		return pythonFrames(stack)
	case strings.HasPrefix(stack, "goroutine ") || strings.Contains(stack, "\n\t"):
		return goFrames(stack)
	}
	return atFrames(stack)
}

// goFrames reads what debug.Stack prints: pairs of lines, from where it
// panicked, not from the machinery that caught it.
func goFrames(stack string) []Frame {
	lines := strings.Split(stack, "\n")
	frames := []Frame{}
	for i := 0; i+1 < len(lines); i++ {
		place, ok := strings.CutPrefix(lines[i+1], "\t")
		if !ok {
			continue
		}
		name := strings.TrimPrefix(lines[i], "created by ")
		if at := strings.LastIndexByte(name, '('); at > 0 && !strings.HasPrefix(lines[i], "created by ") {
			name = name[:at]
		}
		place, _, _ = strings.Cut(place, " ")
		f := Frame{Name: strings.TrimSpace(name), File: place}
		if at := strings.LastIndexByte(place, ':'); at > 0 {
			f.File, f.Line = place[:at], place[at+1:]
		}
		f.Runtime = goRuntime(f, strings.HasPrefix(lines[i], "created by "))
		if f.Name == "panic" {
			frames = frames[:0]
		} else {
			frames = append(frames, f)
		}
		i++
	}
	return frames
}

// goRuntime tells frames of the standard library, of modules and of this
// program's own package functions from the user's.
func goRuntime(f Frame, created bool) bool {
	path, _, _ := strings.Cut(f.Name, "(")
	first, _, _ := strings.Cut(path, "/")
	head, _, _ := strings.Cut(first, ".")
	switch {
	case created, strings.HasPrefix(f.Name, "github.com/lazuli-dev/lazuli/functions."), strings.Contains(f.File, "/pkg/mod/"):
		return true
	case head == "main" || strings.Contains(first, ".") && strings.Contains(path, "/"):
		return false
	}
	return strings.Contains(f.File, "/src/"+head)
}

func pythonFrames(stack string) []Frame {
	frames := []Frame{}
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		m := pythonFrame.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		f := Frame{Name: m[3], File: m[1], Line: m[2]}
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "    ") {
			f.Source = strings.TrimSpace(lines[i+1])
		}
		f.Runtime = strings.Contains(f.File, "/lib/python") || strings.Contains(f.File, "site-packages") || strings.HasPrefix(f.File, "<")
		frames = append([]Frame{f}, frames...)
	}
	return frames
}

func atFrames(stack string) []Frame {
	frames := []Frame{}
	for line := range strings.SplitSeq(stack, "\n") {
		if m := nodeFrame.FindStringSubmatch(line); m != nil && !strings.Contains(line, ":line ") {
			f := Frame{Name: m[1], File: strings.TrimPrefix(m[2], "file://"), Line: m[3]}
			f.Runtime = strings.HasPrefix(m[2], "node:") || strings.Contains(m[2], "/node_modules/")
			frames = append(frames, f)
			continue
		}
		if m := dotnetFrame.FindStringSubmatch(line); m != nil {
			frames = append(frames, Frame{Name: m[1], File: m[2], Line: m[3], Runtime: m[2] == "" || strings.HasPrefix(m[1], "System.")})
		}
	}
	return frames
}

// TopFrame is the first frame of the user's code as file:line, or "".
func TopFrame(stack string) string {
	frames := Frames(stack)
	for _, f := range frames {
		if !f.Runtime && f.File != "" {
			return f.File + ":" + f.Line
		}
	}
	return ""
}

// traceIn is the stack trace within a text that is not only that, or "".
func traceIn(text string) string {
	for _, begin := range []string{"Traceback (most recent call last):", "\ngoroutine ", "\n    at "} {
		if at := strings.Index(text, begin); at >= 0 {
			return strings.TrimSpace(text[at:])
		}
	}
	return ""
}

// TraceOf joins the lines that a process printed to the stack traces among
// them, and returns the last one, or "".
func TraceOf(lines []string) string {
	text := strings.Join(lines, "\n")
	at := strings.LastIndex(text, "Traceback (most recent call last):")
	if at < 0 {
		at = strings.LastIndex("\n"+text, "\ngoroutine ")
	}
	if at < 0 {
		at = strings.Index(text, "\n    at ")
		at = strings.LastIndexByte(text[:max(at, 0)], '\n') + 1
		if !strings.Contains(text, "\n    at ") {
			return ""
		}
	}
	return clip(strings.TrimSpace(text[at:]), keptStack)
}
