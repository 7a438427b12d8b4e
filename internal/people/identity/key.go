package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// A key reads kolo_ + 8 characters that name it + 32 that are secret + 6 that are a checksum of all before, base62. The
// checksum turns typing errors and guesses away without asking the database.
const (
	keyPrefix   = "kolo_"
	publicLen   = len(keyPrefix) + 8
	secretLen   = 32
	checksumLen = 6
	keyLen      = publicLen + secretLen + checksumLen
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func randomBase62(n int) string {
	b := make([]byte, n)
	for i := range b {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil {
			panic("identity: no randomness: " + err.Error()) // crypto/rand does not fail on the systems we run on
		}
		b[i] = base62[k.Int64()]
	}
	return string(b)
}

func checksum(s string) string {
	sum := crc32.ChecksumIEEE([]byte(s))
	b := make([]byte, checksumLen)
	for i := range b {
		b[i] = base62[sum%62]
		sum /= 62
	}
	return string(b)
}

func newSecret() (public, secret string) {
	public = keyPrefix + randomBase62(publicLen-len(keyPrefix))
	body := public + randomBase62(secretLen)
	return public, body + checksum(body)
}

// wellFormed tells whether a text can be a key at all.
func wellFormed(secret string) bool {
	return len(secret) == keyLen && strings.HasPrefix(secret, keyPrefix) &&
		checksum(secret[:keyLen-checksumLen]) == secret[keyLen-checksumLen:]
}

// NewKey asks for an API key.
type NewKey struct {
	Name    string
	Scopes  []Permission
	Expires time.Time // zero: never
}

// CreateKey makes a key with no scope that its maker lacks. The secret is shown once.
func (s *Service) CreateKey(ctx context.Context, ws WorkspaceID, actor Actor, in NewKey) (k APIKey, secret string, err error) {
	if err := actor.RequireIn("identity.CreateKey", ws, KeysManage); err != nil {
		return k, "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		k, secret, err = createKey(tx, ws, actor, in)
		return err
	})
	return k, secret, err
}

func createKey(tx *store.Tx, ws WorkspaceID, actor Actor, in NewKey) (k APIKey, secret string, err error) {
	const op = "identity.CreateKey"
	var bad fields
	in.Name = bad.name("name", in.Name)
	if len(in.Scopes) == 0 {
		bad.add("scopes", "required", "a key needs at least one scope")
	}
	for _, p := range in.Scopes {
		if !slices.Contains(Permissions(), p) {
			bad.add("scopes", "enum", string(p)+" is not a scope")
		} else if !actor.May(p) {
			bad.add("scopes", "denied", "you do not have "+string(p)+" yourself")
		}
	}
	if !in.Expires.IsZero() && !in.Expires.After(tx.Now) {
		bad.add("expires_at", "range", "the key would have expired already")
	}
	if err := bad.err(op); err != nil {
		return k, "", err
	}
	public, secret := newSecret()
	scopes := slices.Clone(in.Scopes)
	slices.Sort(scopes)
	k = APIKey{ID: KeyID(id.New(tx.Now)), Workspace: ws, Public: public, Name: in.Name, Scopes: slices.Compact(scopes),
		CreatedBy: actor.Member, CreatedAt: tx.Now, ExpiresAt: in.Expires}
	if _, err = tx.Exec(`/* identity.createKey */ INSERT INTO api_key (workspace, id, public, secret_hash, name, scopes, created_by,
		created_at, expires_at, used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`,
		string(ws), string(k.ID), public, hashOf(secret), k.Name, joinScopes(k.Scopes), string(k.CreatedBy), tx.Millis(),
		millis(k.ExpiresAt)); err != nil {
		return k, "", err
	}
	return k, secret, Audit(tx, actor, "key.create", "key", string(k.ID), map[string]string{
		"name": k.Name, "public": public, "scopes": joinScopes(k.Scopes)})
}

// Keys lists the workspace's keys, revoked ones too, the newest first.
func (s *Service) Keys(ctx context.Context, ws WorkspaceID) (list []APIKey, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanKey, "/* identity.Keys */ SELECT "+keyColumns+" FROM api_key WHERE workspace = $1 ORDER BY id DESC", string(ws))
		return err
	})
	return list, err
}

// RevokeKey ends a key: usually at once in this process, within ten seconds in all. A second time does nothing.
func (s *Service) RevokeKey(ctx context.Context, ws WorkspaceID, actor Actor, key KeyID) error {
	const op = "identity.RevokeKey"
	if err := actor.RequireIn(op, ws, KeysManage); err != nil {
		return err
	}
	var k APIKey
	err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
		k, err = store.One(tx, scanKey, "/* identity.RevokeKey */ SELECT "+keyColumns+" FROM api_key WHERE workspace = $1 AND id = $2", string(ws), string(key))
		if err != nil || !k.RevokedAt.IsZero() {
			return err
		}
		if _, err = tx.Exec("/* identity.RevokeKey */ UPDATE api_key SET revoked_at = $3 WHERE workspace = $1 AND id = $2",
			string(ws), string(key), tx.Millis()); err != nil {
			return err
		}
		return Audit(tx, actor, "key.revoke", "key", string(key), map[string]string{"name": k.Name, "public": k.Public})
	})
	if err == nil {
		s.keys.forget(k.Public)
	}
	return err
}

// Key tells who holds the secret, or fault.Unauthenticated. It asks the database at most every ten seconds per key, so a
// revocation by another process takes that long to be seen here.
func (s *Service) Key(ctx context.Context, secret string) (Actor, error) {
	refused := fault.New(fault.Unauthenticated, "identity.Key", "the API key is unknown, expired or revoked")
	if !wellFormed(secret) {
		return Actor{}, refused
	}
	now := s.db.Clock().Now()
	public, hash := secret[:publicLen], hashOf(secret)
	k, ok := s.keys.get(public, now)
	if !ok {
		err := s.db.View(ctx, func(tx *store.Tx) (err error) {
			k, err = store.One(tx, scanHashedKey, "/* identity.Key */ SELECT "+keyColumns+", secret_hash FROM api_key WHERE public = $1", public)
			return err
		})
		if fault.Is(err, fault.NotFound) {
			return Actor{}, refused
		}
		if err != nil {
			return Actor{}, err
		}
		s.keys.put(public, k, now)
	}
	// Constant time, and also for a key that has ended: how long a refusal takes tells nothing.
	same := subtle.ConstantTimeCompare(hash, k.hash) == 1
	if !same || !k.RevokedAt.IsZero() || !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now) {
		return Actor{}, refused
	}
	if !ok && now.Sub(k.UsedAt) >= time.Minute {
		// Only now and then, and not worth refusing a caller for.
		_ = s.db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec("/* identity.Key */ UPDATE api_key SET used_at = $3 WHERE workspace = $1 AND id = $2 AND used_at <= $4",
				string(k.Workspace), string(k.ID), now.UnixMilli(), now.Add(-time.Minute).UnixMilli())
			return err
		})
	}
	return Actor{Workspace: k.Workspace, Key: k.ID, Scopes: k.Scopes, Name: k.Name}, nil
}

type hashedKey struct {
	APIKey
	hash []byte
}

// keyCache remembers what the database said about keys for a short while.
type keyCache struct {
	mu   sync.RWMutex
	keys map[string]cachedKey
}

type cachedKey struct {
	hashedKey
	read time.Time
}

const keyLife, maxCachedKeys = 10 * time.Second, 10_000

func (c *keyCache) get(public string, now time.Time) (hashedKey, bool) {
	c.mu.RLock()
	k, ok := c.keys[public]
	c.mu.RUnlock()
	return k.hashedKey, ok && now.Sub(k.read) < keyLife
}

func (c *keyCache) put(public string, k hashedKey, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxCachedKeys {
		c.keys = map[string]cachedKey{}
	}
	c.keys[public] = cachedKey{k, now}
}

func (c *keyCache) forget(public string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keys, public)
}

const keyColumns = "id, workspace, public, name, scopes, created_by, created_at, expires_at, used_at, revoked_at"

func scanKey(s store.Scanner) (k APIKey, err error) {
	err = scanKeyInto(s, &k)
	return k, err
}

func scanHashedKey(s store.Scanner) (k hashedKey, err error) {
	err = scanKeyInto(s, &k.APIKey, &k.hash)
	return k, err
}

func scanKeyInto(s store.Scanner, k *APIKey, more ...any) error {
	var scopes string
	var created, expires, used, revoked int64
	err := s.Scan(append([]any{&k.ID, &k.Workspace, &k.Public, &k.Name, &scopes, &k.CreatedBy, &created, &expires, &used, &revoked}, more...)...)
	k.CreatedAt, k.ExpiresAt, k.UsedAt, k.RevokedAt = instant(created), instant(expires), instant(used), instant(revoked)
	for p := range strings.FieldsSeq(scopes) {
		k.Scopes = append(k.Scopes, Permission(p))
	}
	return err
}

func joinScopes(list []Permission) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = string(p)
	}
	return strings.Join(words, " ")
}

// millis and instant turn times into rows and back; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
