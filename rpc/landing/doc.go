// Package landing serves what an invited player sees before the game runs: the
// invite's page, its live state, its QR code and picture, the page's assets and the files that
// let phones open invite links in the app.
//
// Everything here is a GET (or HEAD) and reads only: a link-preview bot that fetches
// an invite uses nothing up. What strangers may see is decided by the kernel's
// PublicPreview; this package drops launch data, user IDs and the party's ID on top,
// because a party ID alone is enough to join an open party. No invite code is ever written
// to a log.
package landing
