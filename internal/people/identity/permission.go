package identity

import (
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
)

// Role is what a member is in a workspace.
type Role string

// The roles, from the one that may most.
const (
	Owner   Role = "owner"
	Admin   Role = "admin"
	Analyst Role = "analyst"
	Agent   Role = "agent"
	Viewer  Role = "viewer"
)

// Roles lists them from the one that may most.
func Roles() []Role { return []Role{Owner, Admin, Analyst, Agent, Viewer} }

// rank orders the roles; an unknown one is below all.
func (r Role) rank() int {
	i := slices.Index(Roles(), r)
	if i < 0 {
		return -1
	}
	return len(Roles()) - i
}

// Permission is one thing that may be done. The scopes of an API key have the same names.
type Permission string

// The permissions.
const (
	FeedbackRead     Permission = "feedback.read"
	FeedbackWrite    Permission = "feedback.write"
	EventsWrite      Permission = "events.write" // tell what customers do, and who they are
	ContactsRead     Permission = "contacts.read"
	ContactsWrite    Permission = "contacts.write"
	ContactsIdentify Permission = "contacts.identify" // see who a contact is: names, addresses, personal attributes
	InsightsRead     Permission = "insights.read"
	InsightsSave     Permission = "insights.save"
	LabelsCorrect    Permission = "labels.correct" // say what a text is about and how it speaks of it
	ThemesManage     Permission = "themes.manage"  // change the themes, and what the models learn
	AlertsWork       Permission = "alerts.work"    // take alerts on, snooze and close them
	AlertsManage     Permission = "alerts.manage"  // say what is watched
	ImportsWrite     Permission = "imports.write"
	ExportsRead      Permission = "exports.read"
	MembersManage    Permission = "members.manage"
	TeamsManage      Permission = "teams.manage"
	KeysManage       Permission = "keys.manage"
	AttributesManage Permission = "attributes.manage"
	WebhooksManage   Permission = "webhooks.manage"
	DeliveriesManage Permission = "deliveries.manage" // see what was sent, and send it again
	AuditRead        Permission = "audit.read"
	WorkspaceManage  Permission = "workspace.manage"
	Erase            Permission = "erase"
)

// Permissions lists them all.
func Permissions() []Permission {
	return []Permission{FeedbackRead, FeedbackWrite, EventsWrite, ContactsRead, ContactsWrite, ContactsIdentify, InsightsRead, InsightsSave, LabelsCorrect, ThemesManage, AlertsWork, AlertsManage,
		ImportsWrite, ExportsRead, MembersManage, TeamsManage, KeysManage, AttributesManage, WebhooksManage, DeliveriesManage, AuditRead, WorkspaceManage, Erase}
}

// granted is the whole rule: what is not in a role's row is denied.
var granted = map[Role][]Permission{
	Owner: Permissions(),
	Admin: {FeedbackRead, FeedbackWrite, EventsWrite, ContactsRead, ContactsWrite, ContactsIdentify, InsightsRead, InsightsSave, LabelsCorrect, ThemesManage, AlertsWork, AlertsManage,
		ImportsWrite, ExportsRead, MembersManage, TeamsManage, KeysManage, AttributesManage, WebhooksManage, DeliveriesManage, AuditRead, Erase},
	Analyst: {FeedbackRead, FeedbackWrite, EventsWrite, ContactsRead, InsightsRead, InsightsSave, LabelsCorrect, ThemesManage, AlertsWork, AlertsManage, ImportsWrite, ExportsRead, AttributesManage},
	Agent:   {FeedbackRead, FeedbackWrite, EventsWrite, ContactsRead, ContactsWrite, ContactsIdentify, InsightsRead, InsightsSave, LabelsCorrect, AlertsWork},
	Viewer:  {FeedbackRead, InsightsRead},
}

// May tells whether a role has a permission.
func (r Role) May(p Permission) bool { return slices.Contains(granted[r], p) }

// Actor is who does something in one workspace: a member through a session, a program through a key, or Kolo itself. The
// zero Actor may do nothing.
type Actor struct {
	Workspace WorkspaceID
	Member    MemberID
	Person    PersonID
	Session   SessionID
	Role      Role
	Key       KeyID
	Scopes    []Permission // of the key
	Name      string       // the person's, or the key's
	IP        string       // filled in by the edge
	RequestID string       // filled in by the edge

	// MustChange says that the session was begun with a temporary password: the edge lets it change that and nothing else.
	MustChange bool

	program bool
}

// Program is Kolo itself at work in a workspace, by the name of the part that works ("demo", "command line"). It may do
// everything there.
func Program(ws WorkspaceID, name string) Actor {
	return Actor{Workspace: ws, Name: name, program: true}
}

// May tells whether the actor has a permission in its workspace.
func (a Actor) May(p Permission) bool {
	switch {
	case a.Workspace == "":
		return false
	case a.program:
		return slices.Contains(Permissions(), p)
	case a.Key != "":
		return slices.Contains(a.Scopes, p)
	case a.Member != "":
		return a.Role.May(p)
	}
	return false
}

// Require is nil when the actor has the permission, and fault.Denied when not.
func (a Actor) Require(op string, p Permission) error {
	if a.May(p) {
		return nil
	}
	return fault.New(fault.Denied, op, "this needs the permission %s", p)
}

// RequireIn is Require, and that the actor acts in this workspace: every use case that is given both asks this.
func (a Actor) RequireIn(op string, ws WorkspaceID, p Permission) error {
	if a.Workspace != ws || ws == "" {
		return fault.New(fault.Denied, op, "you are not in this workspace")
	}
	return a.Require(op, p)
}

// give is nil when the actor may give a role: none above its own, and none that may what it may not itself, for whoever has
// the role could do that in its stead.
func (a Actor) give(op string, r Role) error {
	if r.rank() > a.rank() {
		return fault.New(fault.Denied, op, "you cannot give a role above your own")
	}
	var lacks []string
	for _, p := range granted[r] {
		if !a.May(p) {
			lacks = append(lacks, string(p))
		}
	}
	if len(lacks) > 0 {
		return fault.New(fault.Denied, op, "you cannot give the role %s, which may more than you: you do not have %s yourself", r, strings.Join(lacks, ", "))
	}
	return nil
}

// rank is how high a role the actor may give or touch. A key acts as an admin at most, so that a leaked key with
// members.manage cannot make owners.
func (a Actor) rank() int {
	switch {
	case a.program:
		return Owner.rank()
	case a.Key != "":
		return Admin.rank()
	}
	return a.Role.rank()
}
