// Package roster reads the host's parties. Each call reads the host's streams as they are at that moment. A party's own
// stream has its members. Hidden presences on the module's own streams have their order, the leader and the party's
// facts. The ledger alone writes those, after the host has done its part.
//
// It mirrors this behaviour of the host: the leader is the creator, then the member promoted last. When that session is
// gone, the member that joined first leads.
//
// Nothing here reads or writes the database. Safe for concurrent use. Lock order: a party's mirror, then a user's list,
// then the attendance.
package roster
