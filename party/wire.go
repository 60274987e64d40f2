package party

// Stream modes. On the module's own streams every entry is a hidden presence: no client hears of it, it ends with its
// session, and all nodes of a cluster see it.
const (
	StreamMode        uint8 = 7   // the host's parties: subject = the party's UUID, label = its node
	NotificationsMode uint8 = 0   // every live socket; subject = its user
	StatusMode        uint8 = 1   // a user's Nakama status
	MirrorMode        uint8 = 101 // of a party, with the address of its own stream: one presence per member session
	PartiesMode       uint8 = 102 // subject = the user: one presence per session, listing its parties
	MemberStatusMode  uint8 = 103 // of a party: one presence per member session that has reported a status
	PartyMatchMode    uint8 = 104 // of a party: one presence per member session, whose status is the ID of the party's match
)
