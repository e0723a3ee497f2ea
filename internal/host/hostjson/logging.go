package hostjson

import (
	"log/slog"
	"strings"
)

// logLevels are the names of the logging section. Trace lies below Debug, as
// slog's own numbering leaves room for.
var logLevels = map[string]slog.Level{
	"trace":       slog.LevelDebug - 4,
	"debug":       slog.LevelDebug,
	"information": slog.LevelInfo,
	"warning":     slog.LevelWarn,
	"error":       slog.LevelError,
	"critical":    slog.LevelError + 4,
	"none":        LevelOff,
}

func (r *reader) logging(o map[string]any) Logging {
	l := Logging{Default: slog.LevelInfo, Levels: map[string]slog.Level{}}
	section := r.object(o, "logging.logLevel")
	for _, category := range sortedKeys(section) {
		name, ok := section[category].(string)
		level, known := logLevels[strings.ToLower(name)]
		if !ok || !known {
			r.fail("logging.logLevel."+category, "must be Trace, Debug, Information, Warning, Error, Critical or None, is %s", show(section[category]))
			continue
		}
		if strings.EqualFold(category, "default") {
			l.Default = level
			continue
		}
		l.Levels[category] = level
	}
	return l
}

// Level returns the lowest level that a category logs: that of the longest
// configured prefix that ends at a dot or at the category's end.
func (l Logging) Level(category string) slog.Level {
	best, level := -1, l.Default
	for prefix, v := range l.Levels {
		if len(prefix) > best && covers(prefix, category) {
			best, level = len(prefix), v
		}
	}
	return level
}

func covers(prefix, category string) bool {
	if len(prefix) > len(category) || !strings.EqualFold(prefix, category[:len(prefix)]) {
		return false
	}
	return len(prefix) == len(category) || category[len(prefix)] == '.' || strings.HasSuffix(prefix, ".")
}
