package landing

import (
	"encoding/json"
	"net/http"

	"partyline/internal/web"
	"partyline/party"
)

// publicState is the body of the state route: the preview of the invite without what a stranger does not need (launch
// data, match, and the IDs of users and party), and the scene that the page's script shows.
type publicState struct {
	State     party.InviteState `json:"state"`
	Inviter   publicProfile     `json:"inviter"`
	Waiting   int               `json:"waiting"`
	Party     *publicParty      `json:"party,omitempty"`
	Message   string            `json:"message"`
	Info      []party.InfoField `json:"info"`
	ExpiresAt int64             `json:"expires_at"`
	View      scene             `json:"view"`
}

// publicFailure is the body if there is no invite to show.
type publicFailure struct {
	Reason party.Reason `json:"reason"`
	View   scene        `json:"view"`
}

type publicProfile struct {
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
	AvatarURL   string `json:"avatar_url"`
}

type publicMember struct {
	publicProfile
	Leader   bool     `json:"leader"`
	Stage    string   `json:"stage"`
	Progress *float64 `json:"progress,omitempty"`
	Text     string   `json:"text"`
}

type publicParty struct {
	Size    int            `json:"size"`
	MaxSize int            `json:"max_size"`
	Held    int            `json:"held"`
	Open    bool           `json:"open"`
	Members []publicMember `json:"members"`

	Attributes map[string]json.RawMessage `json:"attributes,omitempty"`
}

// state answers the polling of the page, and of pages that others make. Its ETag covers the whole body, so a poll
// costs only a 304 until something visible changes. If many pages are open, the answer says when to ask again.
func (s *Site) state(r *http.Request) (web.Answer, error) {
	_, p, err := s.preview(r)
	if err != nil {
		return web.Answer{}, err
	}
	c, t := s.rulesAndTexts(r)
	status := http.StatusOK
	if !live(p.State) {
		status = http.StatusGone
	}
	body := publicState{
		State: p.State, Inviter: publicProfileOf(p.Inviter), Party: publicPartyOf(p),
		Message: p.Message, Info: p.Info, ExpiresAt: p.ExpiresAt, View: sceneOf(p, c, t),
	}
	if body.Party != nil {
		body.Waiting = p.Waiting
	}
	if body.Info == nil {
		body.Info = []party.InfoField{}
	}
	a := jsonAnswer(status, body)
	a.RetryAfter = s.pace.next(s.Now(), 1)
	return a, nil
}

func (s *Site) stateFailure(r *http.Request, f failure) web.Answer {
	_, t := s.rulesAndTexts(r)
	a := jsonAnswer(f.status, publicFailure{Reason: f.reason, View: failureScene(f, t)})
	a.Cache, a.Tag, a.RetryAfter = web.NoStore, "", f.wait
	return a
}

// jsonAnswer panics on a value that JSON cannot represent, and guard turns the panic into a failure. In the types
// above that could only be a NaN or infinite progress, which is removed before.
func jsonAnswer(status int, v any) web.Answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	body = append(body, '\n')
	return web.Answer{
		Status: status, ContentType: "application/json", Cache: cacheChecked, Policy: web.DataPolicy,
		Tag: web.Tag(body), NoIndex: true, Body: body,
	}
}

func publicProfileOf(p party.Profile) publicProfile {
	return publicProfile{Username: p.Username, DisplayName: p.DisplayName, AvatarURL: picture(p.AvatarURL)}
}

// publicPartyOf returns nil if the invite cannot be used any more: people outside need not know who was in the party.
func publicPartyOf(p party.Preview) *publicParty {
	if p.Party == nil || !live(p.State) {
		return nil
	}
	pub := &publicParty{Size: p.Party.Size, MaxSize: p.Party.MaxSize, Held: p.Party.Held, Open: p.Party.Open, Members: []publicMember{}, Attributes: p.Party.Attributes}
	for _, m := range p.Party.Members {
		member := publicMember{
			publicProfile: publicProfileOf(m.Profile), Leader: m.UserID != "" && m.UserID == p.Party.LeaderUserID,
			Stage: m.Stage, Text: m.Text,
		}
		if m.Progress != nil && *m.Progress >= 0 && *m.Progress <= 1 {
			member.Progress = m.Progress
		}
		pub.Members = append(pub.Members, member)
	}
	return pub
}
