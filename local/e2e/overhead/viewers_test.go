package overhead

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
)

var (
	viewers = flag.Int("viewers", 20, "landing pages that are open at once in BenchmarkViewers")
	codes   = flag.Int("codes", 10, "invites that they show")
	lasting = flag.Duration("lasting", 500*time.Millisecond, "how long BenchmarkViewers looks at each of both states")
	hogs    = flag.Int("hogs", 0, "other processes that want a processor all the time")
)

const (
	pollEvery   = 2500 * time.Millisecond // as the page's script polls
	pollSlowest = 30 * time.Second        // after failures
	invitesEach = 40                      // of one player: fewer than the rules' limit
)

// BenchmarkViewers opens many landing pages at once. Each requests its live state as the page's script
// does. It measures how much longer another player's party messages take meanwhile, which answers the
// pages get, and what this costs the server.
func BenchmarkViewers(b *testing.B) {
	rules := filepath.Join(b.TempDir(), "rules.yml")
	write(b, rules, "version: 1\nlimits: {party_create: none, invite_create: none, invite_guess: {per_user: none, per_ip: none}, page_per_ip: none}\n")
	s := newSubject(b, "module", rules)
	addr := s.addr
	api := client.New(addr)
	shown := invitesOf(b, api, *codes)
	somebody := play(b, api)
	for range *hogs {
		burnCPU(b)
	}
	for range b.N {
		quiet := medianLife(b, somebody, *lasting)
		before, resident := vitalsOf(b, api), s.resident()
		answers := openPages(b, addr, shown)
		busy := medianLife(b, somebody, *lasting)
		grown := s.resident() - resident
		total := 0
		for status, n := range answers() {
			total += n
			b.ReportMetric(float64(n), fmt.Sprintf("answers-%d", status))
		}
		b.ReportMetric(float64(vitalsOf(b, api).Storage.Reads-before.Storage.Reads)/float64(max(1, total)), "reads/answer")
		b.ReportMetric(float64(grown)/(1<<20), "MB-more")
		b.ReportMetric(microseconds(busy)/microseconds(quiet), "ratio")
		b.ReportMetric(microseconds(quiet), "quiet-us")
	}
}

// invitesOf makes n invites and returns their codes.
func invitesOf(b *testing.B, api *client.Client, n int) (made []string) {
	b.Helper()
	var leader *player.Game
	var id string
	for i := range n {
		if i%invitesEach == 0 {
			leader = play(b, api)
			var err error
			if id, err = leader.CreateParty(b.Context(), false, 4); err != nil {
				b.Fatal(err)
			}
		}
		var invite party.CreatedInvite
		if err := leader.Call(b.Context(), "party_invite_create", map[string]any{"party_id": id}, &invite); err != nil {
			b.Fatal(err)
		}
		made = append(made, invite.Code)
	}
	return made
}

// medianLife returns the median time to make a party and to end it.
func medianLife(b *testing.B, g *player.Game, lasting time.Duration) time.Duration {
	b.Helper()
	var took []time.Duration
	for end := time.Now().Add(lasting); time.Now().Before(end); {
		began := time.Now()
		id, err := g.CreateParty(b.Context(), true, 4)
		if err == nil {
			err = g.CloseParty(b.Context(), id)
		}
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		g.Drain()
		time.Sleep(time.Millisecond) // as a client that does other work
	}
	return median(took)
}

// openPages opens the pages in another process, because a crowd in this process would slow down the client
// that it measures. The returned function closes the pages and returns the number of answers by status;
// 0 stands for no answer.
func openPages(b *testing.B, addr string, shown []string) (answers func() map[int]int) {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), program)
	cmd.Env = append(os.Environ(), pagesVariable+"="+addr)
	cmd.Stderr = os.Stderr
	open, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	var told bytes.Buffer
	cmd.Stdout = &told
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if err := json.NewEncoder(open).Encode(viewerCrowd{*viewers, shown}); err != nil {
		b.Fatal(err)
	}
	return func() (got map[int]int) {
		err := errors.Join(open.Close(), cmd.Wait())
		if err == nil {
			err = json.Unmarshal(told.Bytes(), &got)
		}
		if err != nil {
			b.Fatal(err)
		}
		return got
	}
}

// pagesVariable makes this program open pages of the server at its value.
const pagesVariable = "PARTYLINE_PAGES"

// viewerCrowd is the input of that process.
type viewerCrowd struct {
	Viewers int
	Shown   []string
}

func TestMain(m *testing.M) {
	addr := os.Getenv(pagesVariable)
	if addr == "" {
		os.Exit(m.Run())
	}
	in := json.NewDecoder(os.Stdin)
	var c viewerCrowd
	if err := in.Decode(&c); err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	answers := c.pollAll(ctx, addr)
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is closed
	stop()
	if err := json.NewEncoder(os.Stdout).Encode(answers()); err != nil {
		panic(err)
	}
}

// pollAll makes each viewer poll as the page's script does, until ctx ends.
func (c viewerCrowd) pollAll(ctx context.Context, addr string) (answers func() map[int]int) {
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.Viewers}}
	var mu sync.Mutex
	var group sync.WaitGroup
	got := map[int]int{}
	for i := range c.Viewers {
		group.Go(func() {
			wait := pollEvery
			first := time.Duration(i) * pollEvery / time.Duration(c.Viewers)
			for tick := time.NewTimer(first); ; tick.Reset(wait) {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				status, after := poll(ctx, web, "http://"+addr+"/party/join/"+c.Shown[i%len(c.Shown)]+"/state")
				if ctx.Err() != nil {
					return
				}
				if status == http.StatusOK {
					wait = max(after, pollEvery)
				} else {
					wait = max(after, min(2*wait, pollSlowest))
				}
				mu.Lock()
				got[status]++
				mu.Unlock()
			}
		})
	}
	return func() map[int]int {
		group.Wait()
		return got
	}
}

// poll makes one request. after is when the server wants the next one, 0 if it does not say.
func poll(ctx context.Context, web *http.Client, url string) (status int, after time.Duration) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0
	}
	answer, err := web.Do(request)
	if err != nil {
		return 0, 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection can be used again
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	return answer.StatusCode, time.Duration(seconds) * time.Second
}

// burnCPU keeps a processor busy until the test ends.
func burnCPU(b *testing.B) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "sh", "-c", "while :; do :; done")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
}
