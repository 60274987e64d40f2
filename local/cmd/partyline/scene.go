package main

import (
	"context"
	"fmt"
	"time"

	"partyline/party/status"
)

// A demo player's download takes sceneSteps of these, and starts over.
const (
	sceneStep  = 3 * time.Second
	sceneSteps = 40
)

// scene is what the demo players are doing at a step, by their place in the cast: Mira is
// ready, Jonas plays the tutorial, and Aiko downloads until all three are ready.
func scene(step int) []status.Report {
	const ready = sceneSteps / 4 // of the steps are at the end
	aiko := status.Report{Stage: "ready"}
	if at := step % sceneSteps; at < sceneSteps-ready {
		progress := float64(at+1) / float64(sceneSteps-ready)
		aiko = status.Report{Stage: "downloading", Progress: &progress, Text: "Night market"}
	}
	return []status.Report{{Stage: "ready"}, {Stage: "tutorial", Text: "Level 2 of 5"}, aiko}
}

// perform has the players act their scene until ctx ends. It fails where the server refuses
// a status, as it does if the rules have other stages.
func (c *cast) perform(ctx context.Context) error {
	tick := time.NewTicker(sceneStep)
	defer tick.Stop()
	const begin = sceneSteps / 3 // in the midst of it
	for step := begin; ; step++ {
		for i, report := range scene(step) {
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
