package contract

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Calls of the social scenarios that need more than a path.

// group creates a group and returns its ID.
func (a *Actor) group(name string, open bool, maxCount int) string {
	a.w.t.Helper()
	res := a.HTTP(http.MethodPost, "/v2/group", map[string]any{"name": name, "open": open, "max_count": maxCount})
	var group struct {
		ID string `json:"id"`
	}
	a.decode(res.Body, &group)
	return group.ID
}

// deleteNotifications deletes all of the actor's notifications.
func (a *Actor) deleteNotifications() {
	a.w.t.Helper()
	res := a.w.request(http.MethodGet, "/v2/notification?limit=100", a.session.Auth(), nil)
	var list struct {
		Notifications []struct {
			ID string `json:"id"`
		} `json:"notifications"`
	}
	a.decode(res.Body, &list)
	ids := url.Values{}
	for _, n := range list.Notifications {
		ids.Add("ids", n.ID)
	}
	a.HTTP(http.MethodDelete, "/v2/notification?"+ids.Encode(), nil)
}

// object is a storage object to write.
type object struct{ collection, key, value, version string }

func (a *Actor) write(objects ...object) {
	a.w.t.Helper()
	list := make([]any, len(objects))
	for i, o := range objects {
		row := map[string]any{"collection": o.collection, "key": o.key, "value": o.value}
		if o.version != "" {
			row["version"] = o.version
		}
		list[i] = row
	}
	a.HTTP(http.MethodPut, "/v2/storage", map[string]any{"objects": list})
}

func (a *Actor) read(collection, key, owner string) {
	a.w.t.Helper()
	a.HTTP(http.MethodPost, "/v2/storage", readRequest(collection, key, owner))
}

func readRequest(collection, key, owner string) map[string]any {
	return map[string]any{"object_ids": []any{map[string]string{"collection": collection, "key": key, "user_id": owner}}}
}

// version returns the version of one of the actor's objects. The transcript does not record this call.
func (a *Actor) version(collection, key string) string {
	a.w.t.Helper()
	res := a.w.request(http.MethodPost, "/v2/storage", a.session.Auth(), marshal(a.w.t, readRequest(collection, key, a.UserID())))
	var list struct {
		Objects []struct {
			Version string `json:"version"`
		} `json:"objects"`
	}
	a.decode(res.Body, &list)
	if len(list.Objects) != 1 {
		a.w.t.Fatalf("%s: storage %s/%s: %s", a.name, collection, key, res.Body)
	}
	return list.Objects[0].Version
}

func (a *Actor) erase(collection, key, version string) {
	a.w.t.Helper()
	row := map[string]string{"collection": collection, "key": key}
	if version != "" {
		row["version"] = version
	}
	a.HTTP(http.MethodPut, "/v2/storage/delete", map[string]any{"object_ids": []any{row}})
}

func (a *Actor) decode(body []byte, v any) {
	a.w.t.Helper()
	if err := json.Unmarshal(body, v); err != nil {
		a.w.t.Fatalf("%s: %s: %v", a.name, body, err)
	}
}
