// Package roster is the module's view of the native engine's parties. What it says is the truth
// of the host's streams at the moment of the call: a party's own stream says who is a member;
// hidden presences on streams of the module's own say in which order, who leads, and what the
// party's facts are. Those are written after the engine has done its part, by the ledger alone.
//
// Native behaviour it mirrors: the leader is the creator, then the member promoted last; once
// that session is gone it is the member that joined first.
//
// Nothing here reads or writes the database. Safe for concurrent use. Lock order: a
// party's mirror, then a user's list, then the attendance.
package roster
