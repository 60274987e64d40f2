package main

import (
	"context"
	"fmt"
	"time"

	"partyline/party/status"
)

// A demo player's download takes sceneSteps steps of length sceneStep, then starts again.
const (
	sceneStep  = 3 * time.Second
	sceneSteps = 40
)

// sceneStatuses returns the demo players' statuses at a step, in the order of the cast. Mira is ready,
// Jonas plays the tutorial, and Aiko downloads until all three are ready.
func sceneStatuses(step int) []status.Report {
	const ready = sceneSteps / 4 // the last steps, in which Aiko is ready
	aiko := status.Report{Stage: "ready"}
	if at := step % sceneSteps; at < sceneSteps-ready {
		progress := float64(at+1) / float64(sceneSteps-ready)
		aiko = status.Report{Stage: "downloading", Progress: &progress, Text: "Night market"}
	}
	return []status.Report{{Stage: "ready"}, {Stage: "tutorial", Text: "Level 2 of 5"}, aiko}
}

// playScene makes the players report the statuses of the scene until ctx ends. It fails if the
// server refuses a status, for example because the rules have other stages.
func (c *demoParty) playScene(ctx context.Context) error {
	tick := time.NewTicker(sceneStep)
	defer tick.Stop()
	const begin = sceneSteps / 3 // start in the middle of the download
	for step := begin; ; step++ {
		for i, report := range sceneStatuses(step) {
			report.PartyID = c.partyID
			if err := callRPC(ctx, c.sockets[i], "party_status_set", report, nil); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", c.names[i], err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
