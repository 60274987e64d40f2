package local_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The Dockerfile uses stages that it defines and packages that exist, and copies the files that
// it built.
func TestImage(t *testing.T) {
	recipe := strings.ReplaceAll(read(t, "Dockerfile"), "\\\n", " ")
	var stages []string
	folder, built, copied := "", "", ""
	for line := range strings.Lines(recipe) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		switch words[0] {
		case "FROM":
			if name := words[len(words)-1]; len(words) == 4 && words[2] == "AS" {
				stages = append(stages, name)
			}
		case "WORKDIR":
			folder = words[1]
		case "COPY":
			if from, ok := strings.CutPrefix(words[1], "--from="); ok && !slices.Contains(stages, from) {
				t.Errorf("%s: the stages so far are %q", strings.TrimSpace(line), stages)
			} else if from == "builder" {
				copied = words[2]
			}
		case "RUN":
			for _, path := range regexp.MustCompile(`\./local/cmd/\w+`).FindAllString(line, -1) {
				if _, err := os.Stat(filepath.Join("..", path)); err != nil {
					t.Error(err)
				}
			}
			if _, after, ok := strings.Cut(line, "-plugin "); ok {
				built = folder + "/" + strings.Fields(after)[0]
			}
		}
	}
	if copied == "" || copied != built {
		t.Errorf("the image copies %q; the builder makes %q", copied, built)
	}
	ignored := strings.Fields(read(t, ".dockerignore"))
	for _, needed := range []string{"go.mod", "go.sum", "module", "party", "local"} {
		if slices.Contains(ignored, needed) {
			t.Errorf("the builder does not get %s", needed)
		}
	}
}
