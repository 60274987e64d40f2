package api

import (
	"cmp"
	"fmt"
	"strings"
)

// Contract writes the tables of calls, messages, notifications, refusals and objects into the
// page of the contract. Each table goes between its own marks.
func (a *API) Contract(page string) (string, error) {
	for section, table := range map[string]string{
		"calls": a.callTable(), "messages": a.messageTable(), "notifications": a.noticeTable(), "refusals": a.reasonTable(), "objects": a.objectTable(),
	} {
		begin, end := "<!-- "+section+" -->\n", "<!-- end of "+section+" -->"
		head, rest, found := strings.Cut(page, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("the page has no marks for %s", section)
		}
		page = head + begin + "\n" + table + "\n" + end + tail
	}
	return page, nil
}

// tableRow returns one line of a table.
func tableRow(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func tableHead(names ...string) string {
	return tableRow(names...) + strings.Repeat("|---", len(names)) + "|\n"
}

func (a *API) callTable() string {
	table := tableHead("call", "who", "request", "answer")
	for _, c := range a.Calls {
		who := "players"
		if c.ServerOnly {
			who = "servers"
		}
		table += tableRow("`"+c.ID+"`", who, fieldList(c.Request), fieldList(c.Answer))
	}
	return table
}

func (a *API) messageTable() string {
	table := tableHead("op code", "events", "fields")
	for _, e := range a.Events {
		events := "-"
		for _, f := range e.Data.Fields {
			if f.Name == "event" && f.Type.Enum != nil {
				events = valueList(f.Type.Enum)
			}
		}
		table += tableRow(fmt.Sprint(e.Op), events, fieldList(e.Data))
	}
	return table
}

func (a *API) noticeTable() string {
	table := tableHead("code", "subject", "content")
	for _, n := range a.Notices {
		table += tableRow(fmt.Sprint(n.Code), "`"+n.Subject+"`", fieldList(n.Content))
	}
	return table
}

func (a *API) reasonTable() string {
	table := tableHead("reason", "number")
	for _, r := range a.Reasons {
		table += tableRow("`"+r.Name+"`", fmt.Sprint(r.Number))
	}
	return table
}

// objectTable returns the table of the objects that the fields of calls, messages and notifications use.
func (a *API) objectTable() string {
	table := tableHead("object", "fields")
	top := map[*Object]bool{}
	for _, c := range a.Calls {
		top[c.Request], top[c.Answer] = true, true
	}
	for _, o := range a.Objects {
		if !top[o] {
			table += tableRow("`"+o.Name+"`", fieldList(o))
		}
	}
	for _, e := range a.Enums {
		table += tableRow("`"+e.Name+"`", valueList(e))
	}
	return table
}

func fieldList(o *Object) string {
	var fields []string
	for _, f := range o.Fields {
		name := f.Name
		if f.Optional {
			name += "?"
		}
		fields = append(fields, "`"+name+"` "+f.Type.String())
	}
	if len(fields) == 0 {
		return "-"
	}
	return strings.Join(fields, ", ")
}

func valueList(e *Enum) string {
	var values []string
	for _, v := range e.Values {
		values = append(values, "`"+cmp.Or(v.Text, `""`)+"`")
	}
	return strings.Join(values, " ")
}

// String returns a short name of the type.
func (t Type) String() string {
	switch t.Kind {
	case Text:
		if t.Enum != nil {
			return t.Enum.Name
		}
		return "text"
	case Bool:
		return "bool"
	case Whole:
		return "whole"
	case Number:
		return "number"
	case List:
		return "list of " + t.Elem.String()
	case Map:
		return "map to " + t.Elem.String()
	case Known:
		return t.Object.Name
	}
	return "any"
}
