package landing

import (
	"encoding/json"
	"net/http"

	"partyline/internal/web"
	"partyline/party/rules"
)

// The two files by which a phone learns that invite links belong to an app. Both platforms
// fetch them through caches of their own, follow no redirect, and look for them at the root
// of the host alone: where public_url has a path, the proxy has to pass them on from there.

// apple serves apple-app-site-association when the rules name an iOS app.
func (s *Site) apple() route {
	return s.linkFile(func(v rules.Invites) (any, bool) {
		app, paths := v.App, publicPath(v.PublicURL)+joinPath+"*"
		type component struct {
			Path    string `json:"/"`
			Comment string `json:"comment"`
		}
		type detail struct {
			AppIDs     []string    `json:"appIDs"` // iOS 13 and later
			Components []component `json:"components"`
			AppID      string      `json:"appID"` // before
			Paths      []string    `json:"paths"`
		}
		type appLinks struct {
			Apps    []string `json:"apps"` // always empty, by the format
			Details []detail `json:"details"`
		}
		links := appLinks{Apps: []string{}}
		for _, id := range app.IOS.AppIDs {
			links.Details = append(links.Details, detail{
				AppIDs: []string{id}, Components: []component{{paths, "party invites"}},
				AppID: id, Paths: []string{paths},
			})
		}
		return map[string]appLinks{"applinks": links}, len(links.Details) > 0
	})
}

// android serves assetlinks.json when the rules name an Android app and its certificates.
func (s *Site) android() route {
	return s.linkFile(func(v rules.Invites) (any, bool) {
		app := v.App
		type target struct {
			Namespace    string   `json:"namespace"`
			Package      string   `json:"package_name"`
			Fingerprints []string `json:"sha256_cert_fingerprints"`
		}
		type statement struct {
			Relation []string `json:"relation"`
			Target   target   `json:"target"`
		}
		return []statement{{
			Relation: []string{"delegate_permission/common.handle_all_urls"},
			Target:   target{"android_app", app.Android.Package, app.Android.Fingerprints},
		}}, app.Android.Package != "" && len(app.Android.Fingerprints) > 0
	})
}

func (s *Site) linkFile(content func(rules.Invites) (any, bool)) route {
	return route{fail: plainFailure, answer: func(r *http.Request) web.Answer {
		v, configured := content(s.policy().Invites)
		if !configured {
			return plainFailure(r, failure{status: http.StatusNotFound})
		}
		body, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			s.logError(r, "landing: app links: %v", err)
			return plainFailure(r, failure{status: http.StatusInternalServerError})
		}
		body = append(body, '\n')
		return web.Answer{Status: http.StatusOK, Kind: "application/json", Cache: cacheAnHour, Policy: web.DataPolicy, Tag: web.Tag(body), Body: body}
	}}
}
