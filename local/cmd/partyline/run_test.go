package main

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// firstScreen stops a run as soon as it has said how to stop it.
type firstScreen struct {
	bytes.Buffer
	stop func()
}

func (s *firstScreen) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(s.String(), "Press Ctrl-C") {
			s.stop()
		}
	}()
	return s.Buffer.Write(p)
}

// TestServe: what a run prints leads to it.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answered := 0
	out := &firstScreen{}
	out.stop = func() {
		for _, link := range regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*/\S*`).FindAllString(out.String(), -1) {
			res, err := http.Get(link)
			if err != nil {
				t.Errorf("%s: %v", link, err)
				continue
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK && !(strings.HasSuffix(link, "/console") && res.StatusCode == http.StatusUnauthorized) {
				t.Errorf("%s: %s", link, res.Status)
			}
			answered++
		}
		cancel()
	}
	var problems bytes.Buffer
	o := runOptions{addr: "127.0.0.1:0", config: "../../nakama.yml", runtimePath: "../../..", players: true}
	if err := serve(ctx, o, out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	if answered < 3 {
		t.Errorf("%d links, want the demo client, the invite and the console:\n%s", answered, out.String())
	}
}
