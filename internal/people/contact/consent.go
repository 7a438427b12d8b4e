package contact

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Consent is what a contact agreed to, or no longer agrees to.
type Consent struct {
	Channel string // "email", "sms", "phone", ...; "*" for all
	Purpose string // "survey", "announcement", "marketing", ...; "*" for all
	Granted bool
	At      time.Time
	Source  string // where it was said: "import", "unsubscribe page", "member"
	Proof   string // the words or the reference that prove it
}

// word is the form of a channel or purpose.
func word(s string) string { return strings.ToLower(clean(s)) }

// SetConsent writes down what a contact agreed to, or withdrew. A decision without a time was made now. Earlier ones are
// kept; the latest counts.
func (s *Service) SetConsent(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, contact ID, c Consent) error {
	if err := actor.RequireIn("contact.SetConsent", ws, identity.ContactsWrite); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := RecordConsent(tx, ws, contact, c); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "contact.consent", "contact", string(contact), map[string]string{
			"channel": word(c.Channel), "purpose": word(c.Purpose), "granted": strconv.FormatBool(c.Granted)})
	})
}

// RecordConsent is SetConsent in the caller's transaction, for what contacts themselves decide (an unsubscribe link).
func RecordConsent(tx *store.Tx, ws identity.WorkspaceID, contact ID, c Consent) error {
	const op = "contact.RecordConsent"
	if _, err := living(tx, ws, contact); err != nil {
		return err
	}
	c.Channel, c.Purpose, c.Source, c.Proof = word(c.Channel), word(c.Purpose), clean(c.Source), clean(c.Proof)
	var bad []fault.Field
	for path, s := range map[string]string{"channel": c.Channel, "purpose": c.Purpose} {
		if s == "" || utf8.RuneCountInString(s) > maxKey {
			bad = append(bad, fault.Field{Path: path, Code: "required", Msg: "a word of 1 to 64 characters is needed, or * for all"})
		}
	}
	for path, s := range map[string]string{"source": c.Source, "proof": c.Proof} {
		if utf8.RuneCountInString(s) > 4*maxValue {
			bad = append(bad, fault.Field{Path: path, Code: "too_long", Msg: "at most 4000 characters"})
		}
	}
	if c.At.IsZero() || c.At.After(tx.Now) {
		c.At = tx.Now
	}
	if len(bad) > 0 {
		return fault.Bad(op, bad...)
	}
	_, err := tx.Exec(`/* contact.RecordConsent */ INSERT INTO contact_consent
		(workspace, contact, channel, purpose, id, granted, at, source, proof) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		string(ws), string(contact), c.Channel, c.Purpose, id.New(tx.Now), flag(c.Granted), c.At.UnixMilli(), c.Source, c.Proof)
	return err
}

// ConsentHistory lists all decisions of a contact, the latest first.
func (s *Service) ConsentHistory(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, contact ID) (list []Consent, err error) {
	if err := actor.RequireIn("contact.ConsentHistory", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = consentHistory(tx, ws, contact)
		return err
	})
	if !actor.May(identity.ContactsIdentify) {
		for i := range list {
			list[i].Proof = ""
		}
	}
	return list, err
}

func consentHistory(tx *store.Tx, ws identity.WorkspaceID, contact ID) ([]Consent, error) {
	return store.All(tx, func(s store.Scanner) (c Consent, err error) {
		var granted, at int64
		err = s.Scan(&c.Channel, &c.Purpose, &granted, &at, &c.Source, &c.Proof)
		c.Granted, c.At = granted == 1, instant(at)
		return c, err
	}, `/* contact.consentHistory */ SELECT channel, purpose, granted, at, source, proof FROM contact_consent
		WHERE workspace = $1 AND contact = $2 ORDER BY at DESC, id DESC`, string(ws), string(contact))
}

// consents gives the latest decision of each channel and purpose, the latest first.
func consents(tx *store.Tx, ws identity.WorkspaceID, contact ID) ([]Consent, error) {
	history, err := consentHistory(tx, ws, contact)
	return latest(history), err
}

// latest keeps the first of each channel and purpose.
func latest(history []Consent) (list []Consent) {
	seen := map[[2]string]bool{}
	for _, c := range history {
		if key := [2]string{c.Channel, c.Purpose}; !seen[key] {
			seen[key] = true
			list = append(list, c)
		}
	}
	return list
}

// Decided tells what contacts decided on a channel and a purpose: true for granted, false for withdrawn; those who said
// nothing are not in the map. A decision on all channels or purposes ("*") counts as one on this; the latest wins.
func Decided(tx *store.Tx, ws identity.WorkspaceID, contacts []ID, channel, purpose string) (map[ID]bool, error) {
	type decision struct {
		granted int64
		at      int64
		id      string
	}
	latest := map[ID]decision{}
	err := eachIn(tx, contacts, `/* contact.Decided */ SELECT contact, granted, at, id FROM contact_consent
		WHERE workspace = $1 AND channel IN ($2, '*') AND purpose IN ($3, '*') AND contact IN %s`,
		[]any{string(ws), word(channel), word(purpose)}, func(s store.Scanner) error {
			var c ID
			var d decision
			err := s.Scan(&c, &d.granted, &d.at, &d.id)
			if old, ok := latest[c]; !ok || d.at > old.at || d.at == old.at && d.id > old.id {
				latest[c] = d
			}
			return err
		})
	out := make(map[ID]bool, len(latest))
	for c, d := range latest {
		out[c] = d.granted == 1
	}
	return out, err
}
