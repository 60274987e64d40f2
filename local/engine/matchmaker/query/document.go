package query

import (
	"time"

	"github.com/blugelabs/bluge"
)

// Document is an entry of an [Index] with a unique ID.
type Document struct {
	id  string
	doc *bluge.Document
}

// NewDocument returns a document without fields.
func NewDocument(id string) *Document { return &Document{id: id, doc: bluge.NewDocument(id)} }

// Keyword adds a field that a query matches as a whole.
func (d *Document) Keyword(name, value string) *Document {
	d.doc.AddField(bluge.NewKeywordField(name, value))
	return d
}

// Number adds a field for comparisons and sorting.
func (d *Document) Number(name string, value float64) *Document {
	d.doc.AddField(bluge.NewNumericField(name, value))
	return d
}

// Bool adds a field with the value T or F.
func (d *Document) Bool(name string, value bool) *Document { return d.Keyword(name, boolTerm(value)) }

func boolTerm(value bool) string {
	if value {
		return "T"
	}
	return "F"
}

// Time adds a field for comparisons of dates.
func (d *Document) Time(name string, t time.Time) *Document {
	d.doc.AddField(bluge.NewDateTimeField(name, t))
	return d
}

// Object adds the members of a decoded JSON object as fields with the name "name.member". Nested members have further
// dots. All items of an array become values of the same field. Texts in a date format become dates. true and false
// become the keywords T and F. null is left out.
func (d *Document) Object(name string, members map[string]any) *Document {
	for member, value := range members {
		d.value(name+"."+member, value)
	}
	return d
}

func (d *Document) value(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		d.Object(name, v)
	case []any:
		for _, item := range v {
			d.value(name, item)
		}
	case float64:
		d.Number(name, v)
	case bool:
		d.Bool(name, v)
	case string:
		if t, ok := parseDate(v); ok {
			d.Time(name, t)
		} else {
			d.Keyword(name, v)
		}
	}
}

// dateLayouts are the date formats that Nakama recognises in a value.
var dateLayouts = [...]string{
	time.RFC3339Nano,
	time.RFC3339,
	"2006-01-02T15:04:05",
	time.DateTime,
	time.DateOnly,
}

func parseDate(text string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
