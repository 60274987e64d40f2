package host

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Logger implements the runtime's logger on slog.
type Logger struct {
	log    *slog.Logger
	fields map[string]any
}

var _ runtime.Logger = (*Logger)(nil)

// NewLogger wraps log.
func NewLogger(log *slog.Logger) *Logger { return &Logger{log: log} }

func (l *Logger) Debug(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *Logger) Info(format string, v ...any)  { l.log.Info(fmt.Sprintf(format, v...)) }
func (l *Logger) Warn(format string, v ...any)  { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *Logger) Error(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }

// WithField returns a logger that adds one field to every line.
func (l *Logger) WithField(key string, v any) runtime.Logger {
	return l.WithFields(map[string]any{key: v})
}

// WithFields returns a logger that adds fields to every line.
func (l *Logger) WithFields(fields map[string]any) runtime.Logger {
	all := maps.Clone(l.fields)
	if all == nil {
		all = map[string]any{}
	}
	args := make([]any, 0, 2*len(fields))
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		all[k] = fields[k]
		args = append(args, k, fields[k])
	}
	return &Logger{log: l.log.With(args...), fields: all}
}

// Fields returns the fields added so far.
func (l *Logger) Fields() map[string]any { return maps.Clone(l.fields) }
