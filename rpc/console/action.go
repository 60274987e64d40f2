package console

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"

	"partyline/internal/web"
	"partyline/party"
)

const (
	maxForm = 4096 // bytes
	maxName = 64   // characters of a name in the log
)

// Actions of the page's forms. The comments are the names of their parameters.
const (
	actionRevoke = "revoke_invite" // invite
	actionPardon = "pardon"        // party, user
	actionReload = "reload_rules"
)

// handleAction does the action of a form and redirects to the page, so that a reload does not repeat it. Forms of other
// sites are refused: by what the browser says, and because they do not have the token.
func (c *Console) handleAction(h http.Header, r *http.Request) web.Answer {
	if err := c.origins.Check(r); err != nil {
		c.Logger.Warn("console action refused: it came from another site from=%q origin=%q", web.ClientIP(r, c.ProxyCount), r.Header.Get("Origin"))
		return web.Plain(http.StatusForbidden)
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return web.Plain(http.StatusBadRequest)
	}
	form := r.PostForm
	if subtle.ConstantTimeCompare([]byte(form.Get("token")), []byte(c.token)) != 1 {
		c.Logger.Warn("console action refused: its form is not from this page from=%q", web.ClientIP(r, c.ProxyCount))
		return web.Plain(http.StatusForbidden)
	}
	on, err := c.runAction(r.Context(), form)
	if err == nil {
		user, _, _ := r.BasicAuth()
		c.Logger.Info("console action action=%s on=%q by=%q from=%q", form.Get("action"), on, user[:min(len(user), maxName)], web.ClientIP(r, c.ProxyCount))
		h.Set("Location", "console?"+url.Values{"done": {form.Get("action")}}.Encode()) // relative: a proxy may add a path in front
		return web.Plain(http.StatusSeeOther)
	}
	refusal := party.Outcome(r.Context(), err)
	if refusal.Reason == party.Internal {
		c.Logger.Error("console page failed error=%v cause=%v", err, refusal.Cause)
	}
	return c.show(r, refusal)
}

// runAction does the action and returns what it acted on, for the log.
func (c *Console) runAction(ctx context.Context, form url.Values) (on string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	switch form.Get("action") {
	case actionRevoke:
		return "invite " + form.Get("invite"), c.Revoke(ctx, form.Get("invite"))
	case actionPardon:
		id, err := party.ParseID(form.Get("party"))
		if err != nil {
			return "", err
		}
		return "user " + form.Get("user") + " in party " + id.String(), c.Pardon(ctx, id, form.Get("user"))
	case actionReload:
		now, err := c.Source.Rules(ctx, true)
		return fmt.Sprintf("version %d in force, newest broken: %t", now.Version, now.Error != ""), err
	}
	return "", party.Refuse(party.InvalidRequest, "action: there is no such action.")
}

// actionTexts are texts for the operator after an action, by action.
var actionTexts = map[string]string{
	actionRevoke: "The invite is revoked.",
	actionPardon: "The player may come back.",
	actionReload: "The rules file was read again.",
}
