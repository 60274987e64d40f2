package landing

import (
	"encoding/json"
	"fmt"
	"net/http"

	"partyline/internal/web"
	"partyline/party/rules"
)

// These two files tell a phone that invite links belong to an app. Both platforms follow no redirect and look for them
// only at the root of the host: if public_url has a path, the proxy has to forward them from the root.

// apple serves apple-app-site-association if the rules name an iOS app.
func (s *Site) apple(*http.Request) (web.Answer, error) {
	return s.linkFile(func(v rules.Invites) (any, bool) {
		paths := publicPath(v.PublicURL) + joinPath + "*"
		var details []any
		for _, id := range v.App.IOS.AppIDs {
			details = append(details, map[string]any{
				"appIDs": []string{id}, "components": []any{map[string]string{"/": paths, "comment": "party invites"}}, // iOS 13 and later
				"appID": id, "paths": []string{paths}, // before iOS 13
			})
		}
		return map[string]any{"applinks": map[string]any{"apps": []string{}, "details": details}}, len(details) > 0 // the format wants an empty list for apps
	})
}

// android serves assetlinks.json if the rules name an Android app and its certificates.
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
	return web.Answer{Status: http.StatusOK, ContentType: "application/json", Cache: cacheAnHour, Policy: web.DataPolicy, Tag: web.Tag(body), Body: body}, nil
}
