package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what one argon2id hash takes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
}

// hasher makes and checks password hashes, few at a time: a hundred people signing in at once must wait for each other
// rather than take 64 MiB each.
type hasher struct {
	cost  Cost
	slots chan struct{}
	dummy string // what an unknown address is checked against, so that it takes as long as a known one
}

const hashesAtOnce = 2

func newHasher(c Cost) *hasher {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 64 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	h := &hasher{cost: c, slots: make(chan struct{}, hashesAtOnce)}
	h.dummy = phc(c, make([]byte, 16), make([]byte, 32))
	return h
}

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash gives the PHC form of a new hash with its own salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, 16)
	rand.Read(salt) //nolint:errcheck // crypto/rand never fails
	return phc(h.cost, salt, argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, 1, 32)), nil
}

// check tells whether the password is the one that was hashed. With an empty kept hash it works as long, and says no.
func (h *hasher) check(ctx context.Context, kept, password string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	known := kept != ""
	if !known {
		kept = h.dummy
	}
	var c Cost
	var version int
	var rest string
	if _, err := fmt.Sscanf(kept, "$argon2id$v=%d$m=%d,t=%d,p=1$%s", &version, &c.MemoryKiB, &c.Passes, &rest); err != nil {
		return false, fmt.Errorf("a password hash cannot be read: %w", err)
	}
	left, right, _ := strings.Cut(rest, "$")
	salt, err1 := base64.RawStdEncoding.DecodeString(left)
	want, err2 := base64.RawStdEncoding.DecodeString(right)
	if err1 != nil || err2 != nil || len(want) != 32 || version != argon2.Version {
		return false, fmt.Errorf("a password hash cannot be read")
	}
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, 1, 32)
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func phc(c Cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, b64(salt), b64(sum))
}

// newToken makes a secret of 256 random bits for a cookie or a link, and what is kept of it.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) //nolint:errcheck // crypto/rand never fails
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, hashOf(token)
}

// hashOf is enough for a secret that is random itself; only what people choose needs a slow hash.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// temporaryPassword has 100 random bits and can be read out over the phone.
func temporaryPassword() string {
	t := strings.ToLower(rand.Text())
	return t[0:5] + "-" + t[5:10] + "-" + t[10:15] + "-" + t[15:20]
}
