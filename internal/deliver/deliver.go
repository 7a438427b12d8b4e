// Package deliver sends: e-mail to members, and events to the webhooks of a workspace. What is to be sent is queued in the
// transaction of the change that it tells of, and is then sent by whichever process is free, at least once: a process that
// is killed after the other side has taken a delivery, and before that was written down, leaves it to be sent again, with
// the same Message-ID or webhook-id, by which receivers know it.
package deliver

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/people/identity"
)

// ID names a delivery: a UUIDv7. The Message-ID of a mail and the webhook-id of an event are made of it.
type ID string

// WebhookID names a webhook.
type WebhookID string

// Kind is the way that a delivery goes.
type Kind string

// The kinds.
const (
	Email Kind = "email"
	Hook  Kind = "webhook"
)

// State is where a delivery stands.
type State string

// The states. Redeliver brings the last two back to the first.
const (
	Queued State = "queued"
	Sent   State = "sent"
	Failed State = "failed"
)

// Kinds and States list them.
func Kinds() []Kind { return []Kind{Email, Hook} }

// States lists the states.
func States() []State { return []State{Queued, Sent, Failed} }

// Reason is why an attempt failed.
type Reason string

// The reasons.
const (
	Refused      Reason = "refused"      // the other side said no: Status and Detail say more
	Redirected   Reason = "redirected"   // the webhook's address has moved; redirects are not followed
	Gone         Reason = "gone"         // the webhook said 410: it is disabled
	TimedOut     Reason = "timeout"      // no answer in time
	Unreachable  Reason = "unreachable"  // no connection, or it broke
	Blocked      Reason = "blocked"      // the webhook's address leads to a place that is not public
	Interrupted  Reason = "interrupted"  // every process that tried ended suddenly
	Disabled     Reason = "disabled"     // the webhook was disabled meanwhile
	Deleted      Reason = "deleted"      // the webhook is no longer there, or the member no longer active
	Unconfigured Reason = "unconfigured" // there is no mail server
)

// Message is what is to be sent: a mail to Address, or an event to Webhook.
type Message struct {
	Kind  Kind
	Topic string // what it tells of: "alert.opened"

	Member   identity.MemberID // whom a mail is for; "" for somebody who is no member
	Address  string
	Name     string // of the reader
	Language string // BCP 47
	Subject  string
	Text     string
	HTML     string // may be empty
	// Secret says that the text lets its reader in, as the link of an invitation does: it is kept no longer than until the mail was sent or given
	// up, and cannot be sent again.
	Secret bool

	Webhook WebhookID
	Event   []byte // JSON
}

// Delivery is a message with what became of it.
type Delivery struct {
	ID        ID
	Workspace identity.WorkspaceID
	Kind      Kind
	Topic     string
	State     State
	Member    identity.MemberID
	Webhook   WebhookID
	Address   string // of a mail
	Secret    bool   // what it said is forgotten once it has ended
	Subject   string // of a mail
	Attempts  int
	Status    int // of the last answer: of SMTP or of HTTP; 0 for none
	Reason    Reason
	Detail    string // what the other side said, in its own words
	CreatedAt time.Time
	TriedAt   time.Time // zero: never
	NextAt    time.Time // zero unless it is queued
	EndedAt   time.Time // zero while it is queued
}

// Filter says which deliveries to list. Empty fields do not filter.
type Filter struct {
	Kind    Kind
	State   State
	Topic   string
	Webhook WebhookID
	Cursor  string
	Limit   int // 50, at most 500
}

// Webhook is where a workspace's events go.
type Webhook struct {
	ID           WebhookID
	Workspace    identity.WorkspaceID
	Name         string // may be empty
	URL          string
	Events       []string // types of events; "*" for all, those to come too
	Enabled      bool
	Reason       string // why it is not: "member" turned it off, it was "failing" for days, or it said that it is "gone"
	Failures     int    // in a row
	FailingSince time.Time
	RestUntil    time.Time // nothing is sent before
	SucceededAt  time.Time // zero: never
	CreatedAt    time.Time

	secret, oldSecret string
	oldUntil          time.Time
}

// Any stands for all types of events.
const Any = "*"

// The types of events that webhooks can be told of.
const (
	AlertOpened    = "alert.opened"
	AlertEscalated = "alert.escalated" // it has at least doubled since it was told
	AlertClosed    = "alert.closed"
	TestEvent      = "webhook.test" // goes to the webhook that is tested, whatever it listens to
)

// Events lists the types that a webhook can choose.
func Events() []string { return []string{AlertOpened, AlertEscalated, AlertClosed} }

// Hears tells whether the webhook wants events of a type.
func (w Webhook) Hears(event string) bool {
	return slices.Contains(w.Events, Any) || slices.Contains(w.Events, event)
}

// secrets are what is signed with now: the new one first.
func (w Webhook) secrets(now time.Time) []string {
	if w.oldSecret != "" && now.Before(w.oldUntil) {
		return []string{w.secret, w.oldSecret}
	}
	return []string{w.secret}
}

// waits are those between attempts, after the example of Standard Webhooks: the last comes a little over three days after
// the first. What is still refused then is given up.
var waits = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// MaxAttempts is how often a delivery is tried.
var MaxAttempts = len(waits) + 1

// wait is how long to wait after so many attempts, with jitter of a fifth to either side so that what failed together does
// not come back together, and not shorter than the other side asked for.
func wait(attempts int, asked time.Duration) time.Duration {
	d := waits[min(max(attempts, 1), len(waits))-1]
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	return max(d, asked)
}

const (
	failingFor = 5 * 24 * time.Hour  // after which a webhook that does nothing but fail is disabled
	forgotten  = 30 * time.Hour      // without an attempt, longer than a delivery waits for its next: a failure is the first again
	restMost   = time.Hour           // that a failing webhook is left alone
	overlap    = 24 * time.Hour      // in which an old secret signs beside the new one
	keep       = 90 * 24 * time.Hour // that deliveries are kept
)

// rest is how long a webhook that failed so often in a row is left alone: from the second failure on, doubling from 10 s.
func rest(failures int) time.Duration {
	if failures < 2 {
		return 0
	}
	return min(10*time.Second<<min(failures-2, 10), restMost)
}

const maxDetail = 500

// clip cuts a text to a number of characters.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
