package match

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// TokenLife is how long matched players have to use their token.
const TokenLife = 30 * time.Second

// errToken is every reason for which a token does not lead into a match.
var errToken = errors.New("match token invalid")

// Tokens issues and reads the tokens that matched players join a relayed match with.
type Tokens struct {
	Key []byte           // the server's session encryption key, shared with session tokens
	Now func() time.Time // time.Now when nil
}

// Issue returns a token for a new relayed match, good for [TokenLife]. All who were given
// the same token meet in the same match.
func (t Tokens) Issue() string {
	claims := jwt.MapClaims{"mid": uuid.NewString() + ".", "exp": t.now().Add(TokenLife).Unix()}
	// Signing with an HMAC key cannot fail.
	signed, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(t.Key)
	return signed
}

// matchID reads the match ID out of a token that is ours and not yet expired.
func (t Tokens) matchID(token string) (string, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return t.Key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Name}), jwt.WithTimeFunc(t.now))
	if err != nil {
		return "", errors.Join(errToken, err)
	}
	// A session token is signed with the same key but names no match.
	id, ok := claims["mid"].(string)
	if !ok {
		return "", errToken
	}
	return id, nil
}

func (t Tokens) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
