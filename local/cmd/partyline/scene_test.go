package main

import (
	"slices"
	"testing"

	"partyline/party/rules"
)

// The players' stages are stages of the rules, and the download progresses until it is done.
func TestScene(t *testing.T) {
	stages := rules.Default().Status.Stages
	last, ready := 0.0, 0
	for step := range 2 * sceneSteps {
		if step%sceneSteps == 0 {
			last = 0
		}
		for i, r := range sceneStatuses(step) {
			if !slices.Contains(stages, r.Stage) {
				t.Errorf("step %d: %s is in stage %q", step, demoPlayers[i].displayName, r.Stage)
			}
			if r.Progress == nil {
				continue
			}
			if *r.Progress <= last || *r.Progress > 1 {
				t.Errorf("step %d: progress %v after %v", step, *r.Progress, last)
			}
			last = *r.Progress
		}
		if sceneStatuses(step)[2].Stage == "ready" {
			ready++
		}
	}
	if ready != 2*sceneSteps/4 || last != 1 {
		t.Errorf("ready in %d steps of %d, downloaded to %v", ready, 2*sceneSteps, last)
	}
	if len(sceneStatuses(0)) != len(demoPlayers) {
		t.Error("not everybody acts")
	}
}
