package rules

import "reflect"

// LoadFacts reads a file of facts, JSON or YAML, under the names conditions use;
// what it leaves out is empty. It is for trying rules out. The error is
// [Problems], as for [Load].
func LoadFacts(data []byte, name string) (Facts, error) {
	d := newDecoder(newSource(data, name))
	root := d.parse()
	var f Facts
	if root != nil {
		d.decode(root, reflect.ValueOf(&f).Elem(), "", "")
	}
	if all := d.report(&Config{}); len(all) > 0 {
		return Facts{}, all
	}
	return f, nil
}
