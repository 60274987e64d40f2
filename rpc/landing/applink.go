package landing

import (
	"encoding/json"
	"fmt"
	"net/http"

	"partyline/internal/web"
	"partyline/party/rules"
)

// The two files by which a phone learns that invite links belong to an app. Both platforms
// fetch them through caches of their own, follow no redirect, and look for them at the root
// of the host alone: where public_url has a path, the proxy has to pass them on from there.

// apple serves apple-app-site-association when the rules name an iOS app.
func (s *Site) apple(*http.Request) (web.Answer, error) {
	return s.linkFile(func(v rules.Invites) (any, bool) {
		paths := publicPath(v.PublicURL) + joinPath + "*"
		var details []any
		for _, id := range v.App.IOS.AppIDs {
			details = append(details, map[string]any{
				"appIDs": []string{id}, "components": []any{map[string]string{"/": paths, "comment": "party invites"}}, // iOS 13 and later
				"appID": id, "paths": []string{paths}, // before
			})
		}
		return map[string]any{"applinks": map[string]any{"apps": []string{}, "details": details}}, len(details) > 0 // apps are none, by the format
	})
}

// android serves assetlinks.json when the rules name an Android app and its certificates.
func (s *Site) android(*http.Request) (web.Answer, error) {
	return s.linkFile(func(v rules.Invites) (any, bool) {
		app := v.App.Android
		return []any{map[string]any{
			"relation": []string{"delegate_permission/common.handle_all_urls"},
			"target":   map[string]any{"namespace": "android_app", "package_name": app.Package, "sha256_cert_fingerprints": app.Fingerprints},
		}}, app.Package != "" && len(app.Fingerprints) > 0
	})
}

func (s *Site) linkFile(content func(rules.Invites) (any, bool)) (web.Answer, error) {
	v, configured := content(s.Policy().Invites)
	if !configured {
		return web.Answer{}, errNotFound
	}
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return web.Answer{}, fmt.Errorf("write the app links: %w", err)
	}
	body = append(body, '\n')
	return web.Answer{Status: http.StatusOK, Kind: "application/json", Cache: cacheAnHour, Policy: web.DataPolicy, Tag: web.Tag(body), Body: body}, nil
}
