// Package matchmaking gives parties seats in running matches and keeps them there.
//
// [WithSeats] puts a seat table (package matchmaking/seats) in front of any match
// handler: it alone decides who comes in, on which team, and who may come back; the
// handler behind it sees only players who have a seat. [Relay] is the handler of
// matches named party_match, which passes data on between its players. [Matches] is how
// the rest of the module makes such matches, fills their open seats and asks who sits
// where; it speaks to a match with signals, so it may be on another node.
//
// Packages of formation and queues are below this one. It builds on package party and
// on the host; it registers nothing and never imports hooks, rpc or module/wiring. A
// game's own module may import it to give its own handlers seats.
package matchmaking
