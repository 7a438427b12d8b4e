package deliver

import (
	"context"
	"encoding/json"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Mode is how a member wants to be told of a topic by e-mail.
type Mode string

// The modes.
const (
	Immediately Mode = "immediately"
	Daily       Mode = "daily"
	Never       Mode = "none"
)

// Modes lists them.
func Modes() []Mode { return []Mode{Immediately, Daily, Never} }

// Alerts is the topic of early warnings.
const Alerts = "alerts"

// Preference is what a member chose of a topic.
type Preference struct {
	Member identity.MemberID
	Topic  string
	Mode   Mode
	Hour   int  // of a daily mail, 0 to 23, in the workspace's zone
	Mine   bool // only what is the member's own to look after
	Chosen bool // otherwise it is what their role has by itself
}

// usual is what a role has by itself: those who watch the figures hear of alerts, nobody else is bothered.
func usual(role identity.Role, topic string) Preference {
	p := Preference{Topic: topic, Mode: Never, Hour: 8}
	switch role {
	case identity.Owner, identity.Admin, identity.Analyst:
		p.Mode = Immediately
	}
	return p
}

// Preferences are those of members for a topic: what they chose, or what their role has by itself.
func Preferences(tx *store.Tx, ws identity.WorkspaceID, topic string, members []identity.Member) (map[identity.MemberID]Preference, error) {
	chosen, err := store.All(tx, func(s store.Scanner) (p Preference, err error) {
		var mine int64
		err = s.Scan(&p.Member, &p.Topic, &p.Mode, &p.Hour, &mine)
		p.Mine, p.Chosen = mine == 1, true
		return p, err
	}, "/* deliver.Preferences */ SELECT member, topic, mode, hour, mine FROM notification WHERE workspace = $1 AND topic = $2", string(ws), topic)
	if err != nil {
		return nil, err
	}
	out := map[identity.MemberID]Preference{}
	for _, m := range members {
		p := usual(m.Role, topic)
		p.Member = m.ID
		out[m.ID] = p
	}
	for _, p := range chosen {
		if _, ok := out[p.Member]; ok {
			out[p.Member] = p
		}
	}
	return out, nil
}

// mayChoose lets members choose for themselves, and those who manage members for anybody.
func mayChoose(op string, ws identity.WorkspaceID, actor identity.Actor, member identity.MemberID) error {
	if actor.Workspace == ws && ws != "" && actor.Member != "" && actor.Member == member {
		return nil
	}
	return actor.RequireIn(op, ws, identity.MembersManage)
}

// Preference is one member's for a topic.
func (s *Service) Preference(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, member identity.MemberID, topic string) (p Preference, err error) {
	if err := mayChoose("deliver.Preference", ws, actor, member); err != nil {
		return p, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		m, err := identity.GetMember(tx, ws, member)
		if err != nil {
			return err
		}
		all, err := Preferences(tx, ws, topic, []identity.Member{m})
		p = all[member]
		return err
	})
	return p, err
}

// Choose sets how a member is told. What waits for a daily mail that is no longer wanted is dropped.
func (s *Service) Choose(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, p Preference) (Preference, error) {
	const op = "deliver.Choose"
	if err := mayChoose(op, ws, actor, p.Member); err != nil {
		return p, err
	}
	var bad []fault.Field
	if p.Topic != Alerts {
		bad = append(bad, fault.Field{Path: "topic", Code: "unknown", Msg: "there is the topic alerts"})
	}
	if p.Mode != Immediately && p.Mode != Daily && p.Mode != Never {
		bad = append(bad, fault.Field{Path: "mode", Code: "enum", Msg: "mail comes immediately, daily or none"})
	}
	if p.Hour < 0 || p.Hour > 23 {
		bad = append(bad, fault.Field{Path: "hour", Code: "range", Msg: "an hour is from 0 to 23"})
	}
	if bad != nil {
		return p, fault.Bad(op, bad...)
	}
	p.Chosen = true
	return p, s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := identity.GetMember(tx, ws, p.Member)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`/* deliver.Choose */ INSERT INTO notification (workspace, member, topic, mode, hour, mine) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (workspace, member, topic) DO UPDATE SET mode = excluded.mode, hour = excluded.hour, mine = excluded.mine`,
			string(ws), string(p.Member), p.Topic, string(p.Mode), p.Hour, flag(p.Mine)); err != nil {
			return err
		}
		if p.Mode != Daily {
			if _, err := tx.Exec("/* deliver.Choose */ DELETE FROM digest WHERE workspace = $1 AND member = $2 AND topic = $3", string(ws), string(p.Member), p.Topic); err != nil {
				return err
			}
		}
		return identity.Audit(tx, actor, "member.notifications", "member", string(m.ID), map[string]string{"email": m.Email, "mode": string(p.Mode)})
	})
}

// Waiting is something that waits for a member's daily mail.
type Waiting struct {
	ID   string // of the thing; unique in its topic
	Data json.RawMessage
}

// Wait keeps something for a member's next daily mail. The same thing again replaces what waits.
func Wait(tx *store.Tx, ws identity.WorkspaceID, member identity.MemberID, topic string, w Waiting) error {
	_, err := tx.Exec(`/* deliver.Wait */ INSERT INTO digest (workspace, member, topic, id, data, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace, member, topic, id) DO UPDATE SET data = excluded.data`, string(ws), string(member), topic, w.ID, string(w.Data), tx.Millis())
	return err
}

// Mailbox is a member for whom something waits.
type Mailbox struct {
	Workspace identity.WorkspaceID
	Member    identity.MemberID
}

// Mailboxes lists for whom something of a topic waits.
func Mailboxes(tx *store.Tx, topic string) ([]Mailbox, error) {
	return store.All(tx, func(s store.Scanner) (m Mailbox, err error) {
		err = s.Scan(&m.Workspace, &m.Member)
		return m, err
	}, "/* deliver.Mailboxes */ SELECT DISTINCT workspace, member FROM digest WHERE topic = $1 ORDER BY workspace, member", topic)
}

// Boundary is the last moment, up to now, at which an hour began on a day of a zone: a daily mail holds what came before it.
// Where clocks skip the hour, the day has its mail when they have skipped.
func Boundary(now time.Time, hour int, zone *time.Location) time.Time {
	local := now.In(zone)
	for back := range 3 {
		if t := time.Date(local.Year(), local.Month(), local.Day()-back, hour, 0, 0, 0, zone); !t.After(now) {
			return t
		}
	}
	return now // cannot be: three days hold an hour of each name
}

// Collect takes what waits for a member since before a moment, the oldest first, out of the box: what is done with it
// belongs into the same transaction.
func Collect(tx *store.Tx, box Mailbox, topic string, before time.Time) ([]Waiting, error) {
	list, err := store.All(tx, func(s store.Scanner) (w Waiting, err error) {
		var data string
		err = s.Scan(&w.ID, &data)
		w.Data = json.RawMessage(data)
		return w, err
	}, "/* deliver.Collect */ SELECT id, data FROM digest WHERE workspace = $1 AND member = $2 AND topic = $3 AND created_at < $4 ORDER BY created_at, id",
		string(box.Workspace), string(box.Member), topic, before.UnixMilli())
	if err != nil || len(list) == 0 {
		return nil, err
	}
	_, err = tx.Exec("/* deliver.Collect */ DELETE FROM digest WHERE workspace = $1 AND member = $2 AND topic = $3 AND created_at < $4",
		string(box.Workspace), string(box.Member), topic, before.UnixMilli())
	return list, err
}
