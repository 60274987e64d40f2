// Package matchmaking gives parties seats in running matches and keeps the seats for them.
//
// [WithSeats] puts a seat table (package matchmaking/seats) in front of any match handler. The table alone decides
// who may join, on which team, and who may come back. The handler behind it sees only players who have a seat.
// [Relay] is the handler of matches named party_match; it relays data between the players. The rest of the module
// uses [Matches] to make such matches, to fill their open seats and to ask who sits where. [Matches] sends signals
// to a match, so the match may run on another node.
//
// Its subpackages form matches and run the queues. This package builds on package party and on the host. It
// registers nothing and never imports hooks, rpc or module/wiring. A game's own module may import it to give its
// own handlers seats.
package matchmaking
