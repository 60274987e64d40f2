package match

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// TokenLife is how long a token for matched players is valid.
const TokenLife = 30 * time.Second

// errTokenInvalid is the error for every token that cannot be used to join a match.
var errTokenInvalid = errors.New("match token invalid")

// Tokens issues and reads the tokens with which matched players join a relayed match.
type Tokens struct {
	Key []byte           // the server's session encryption key; session tokens use the same key
	Now func() time.Time // nil means time.Now
}

// Issue returns a token for a new relayed match, valid for [TokenLife]. All players with the same token join the same
// match.
func (t Tokens) Issue() string {
	claims := jwt.MapClaims{"mid": uuid.NewString() + ".", "exp": t.now().Add(TokenLife).Unix()}
	// Signing with an HMAC key cannot fail.
	signed, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(t.Key)
	return signed
}

// matchID returns the match ID of a valid token that this server has issued.
func (t Tokens) matchID(token string) (string, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return t.Key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Name}), jwt.WithTimeFunc(t.now))
	if err != nil {
		return "", errors.Join(errTokenInvalid, err)
	}
	// A session token has the same key but no match ID.
	id, ok := claims["mid"].(string)
	if !ok {
		return "", errTokenInvalid
	}
	return id, nil
}

func (t Tokens) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
