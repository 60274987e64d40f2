package party

// Stream modes. On those of our own every entry is a hidden presence: no client hears of
// it, it vanishes with its session, and a cluster sees it everywhere.
const (
	StreamMode        uint8 = 7   // Nakama's parties: subject = the party's UUID, label = its node
	NotificationsMode uint8 = 0   // every live socket, with its user as subject
	StatusMode        uint8 = 1   // a user's Nakama status
	MirrorMode        uint8 = 101 // of a party, addressed as its own stream: one presence per member session
	PartiesMode       uint8 = 102 // subject = the user: one presence per session, listing its parties
	MemberStatusMode  uint8 = 103 // of a party: one presence per member session that has told what it does
	PartyMatchMode    uint8 = 104 // of a party: one presence per member session, whose status is the ID of the party's match
)
