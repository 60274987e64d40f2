package admission

import (
	"errors"
	"slices"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/ledger"
	"partyline/party/reserve"
)

// beginRemove runs before a PartyRemove. The host removes the member before the after-hook runs, and the member must
// not come back in between. Only a leader's kick of a member counts, because the host refuses all others. The host does
// not know members who are away. So the module ends their kept seat here, with the ban, and answers the leader itself;
// SDKs ignore the refusal that follows.
func (a *Admission) beginRemove(v *ledger.Visit, m Message, l *reserve.Look) error {
	err := v.LookAfter(l)
	if party.ReasonOf(err) == party.PartyNotFound {
		return nil
	}
	if err != nil || v.Last.Leader().SessionID != m.Sender.SessionID {
		return err
	}
	asks := v.Book.Requests[m.Target.SessionID].Session == m.Target // may be a member who is away and asks from a new connection
	if v.Book.Keeps(m.Target.UserID) && !asks {
		kept := v.Book.Kept[m.Target.UserID]
		err := v.Ban(m.Target.UserID, kept)
		v.Report(party.Change{Kind: party.MemberLeft, ID: v.ID, Session: kept.Member, At: v.At}, removalNews(v, party.MemberRemoved, kept.Member, m))
		return errors.Join(err, a.send(m.Sender, &rtapi.Envelope{Cid: m.CID}))
	}
	named, _ := v.Last.Session(m.Target.SessionID)
	if coming := v.Book.Pending[m.Target.SessionID]; coming != nil && coming.By == m.Target.SessionID {
		named.Session = coming.Session // may be a member by the time the host handles this
	}
	if named.Session == m.Target && m.Target.SessionID != m.Sender.SessionID { // the leader cannot kick themself
		conf := a.Policy().Parties
		v.Book.BeginKick(m.Target.UserID, m.Sender.SessionID, a.Now(), conf.KickBan > 0, conf.KickBanJoins)
		a.joins.begin(m.Sender.SessionID, join{id: v.ID, until: a.Now().Add(reserve.PendingTTL)})
	}
	return nil
}

// afterRemove runs after a PartyRemove, of a member or of a session that only asked to join. A member is banned for
// kick_ban of the rules, by user, so that a reconnect does not help, and has no kept seat.
func (a *Admission) afterRemove(v *ledger.Visit, m Message) (err error) {
	target := m.Target
	if v.JoinLost(target) { // there is nobody to ban
		v.Report(party.Change{Kind: party.SeatsChanged, ID: v.ID})
		return nil
	}
	defer a.joins.end(m.Sender.SessionID)
	defer delete(v.Book.Kicking, target.UserID)
	if _, lately := v.Book.Admitted[target.SessionID]; lately {
		members, err := a.Roster.Members(v.ID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(members, func(m party.Member) bool { return m.Session == target }) {
			// The host did not know them as a member yet, and has only removed their request.
			delete(v.Book.Requests, target.SessionID)
			return nil
		}
	}
	_, member := v.Book.Kicking[target.UserID] // even if its connection has ended since
	kept := v.Book.Kept[target.UserID]
	if kept != nil && kept.Member.SessionID != target.SessionID {
		kept = nil
	}
	if member = member || kept != nil; !member {
		if member, err = a.Roster.WasMember(v.ID, target.SessionID); err != nil {
			return err
		}
	}
	devices := a.otherDevices(v, m)
	if _, asked := v.Book.Requests[target.SessionID]; !asked && len(devices) > 0 {
		member = true // until its seat moved to another device, just before the host handled the message
	}
	if !member {
		delete(v.Book.Requests, target.SessionID) // it only asked, and the leader rejected it
		v.Report(removalNews(v, party.RequestRejected, target, m))
		return nil
	}
	v.MemberGone(target, v.At, false, m.Sender.UserID)
	for _, s := range devices {
		a.vacate(v, s, m.Sender.UserID)
	}
	v.Report(removalNews(v, party.MemberRemoved, target, m))
	return v.Ban(target.UserID, kept)
}

// otherDevices lists the target's other sessions that came in before the kick: a device may take over the seat while the
// host handles the kick, and a kick is of the user.
func (a *Admission) otherDevices(v *ledger.Visit, m Message) (devices []party.Session) {
	isOther := func(other party.Member) bool {
		return other.UserID == m.Target.UserID && other.SessionID != m.Target.SessionID && other.SessionID != m.Sender.SessionID
	}
	if members, err := a.Roster.Members(v.ID); err != nil || !slices.ContainsFunc(members, isOther) { // nearly always
		return nil
	}
	seen, err := a.Roster.LookOnce(v.ID) // for the times
	if err != nil {
		return nil
	}
	began := a.Now()
	if kick, underWay := v.Book.Kicking[m.Target.UserID]; underWay {
		began = kick.At
	}
	for _, other := range seen.Members {
		if isOther(other) && !other.JoinedAt.After(began) {
			devices = append(devices, other.Session)
		}
	}
	return devices
}

// removalNews returns the news that the sender removed a member or rejected a request.
func removalNews(v *ledger.Visit, kind party.ChangeKind, s party.Session, m Message) party.Change {
	return party.Change{Kind: kind, ID: v.ID, Session: s, By: m.Sender.UserID}
}
