package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// maxJSON limits metadata and labels, in bytes. The server's own limits are far lower.
const maxJSON = 64 << 10

func parseObject(name, text string) (map[string]any, error) {
	if strings.TrimSpace(text) == "" {
		return map[string]any{}, nil
	}
	if len(text) > maxJSON {
		return nil, fmt.Errorf("%s is %d bytes long, more than %d", name, len(text), maxJSON)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object", name)
	}
	return out, nil
}

// bounded returns v with texts and lists cut to the bounds that the step count of conditions assumes. Whole
// numbers become int, which % and lists of numbers need.
func bounded(v any) any {
	switch v := v.(type) {
	case string:
		return cut(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v)
		}
	case []any:
		out := make([]any, min(len(v), maxDynamic))
		for i := range out {
			out[i] = bounded(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = bounded(e)
		}
		return out
	case nil, bool, int, time.Duration, time.Time:
	default:
		return nil // JSON has no such value
	}
	return v
}

// boundedFields is bounded for a map.
func boundedFields(v map[string]any) map[string]any {
	out, _ := bounded(v).(map[string]any)
	return out
}

// cut shortens a text to maxDynamic bytes without splitting a character.
func cut(s string) string {
	if len(s) <= maxDynamic {
		return s
	}
	return strings.ToValidUTF8(s[:maxDynamic], "")
}
