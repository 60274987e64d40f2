package docs

import "testing"

// documents reads all documents.
func documents(t *testing.T) []Document {
	t.Helper()
	all, err := Documents()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func document(t *testing.T, name string) Document {
	t.Helper()
	for _, d := range documents(t) {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no %s", name)
	return Document{}
}

func blocksOf(t *testing.T, name string) []Block {
	t.Helper()
	return document(t, name).Blocks
}
