package api

import (
	"context"
	"net/http"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Workspace is the settings of the workspace that the key belongs to.
type Workspace struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Slug      string    `json:"slug"`
	Zone      string    `json:"zone" doc:"IANA"`
	WeekStart string    `json:"week_start" enum:"monday,sunday,saturday"`
	Language  string    `json:"language" doc:"BCP 47"`
	Currency  string    `json:"currency" doc:"ISO 4217"`
	Country   string    `json:"country,omitempty" doc:"ISO 3166: how a phone number without a country is read"`
	Demo      bool      `json:"demo,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version" doc:"Goes up with each change"`
}

// WorkspacePatch changes what is there.
type WorkspacePatch struct {
	Name      *string `json:"name,omitempty" minLength:"1" maxLength:"120"`
	Zone      *string `json:"zone,omitempty"`
	WeekStart *string `json:"week_start,omitempty" enum:"monday,sunday,saturday"`
	Language  *string `json:"language,omitempty"`
	Currency  *string `json:"currency,omitempty"`
	Country   *string `json:"country,omitempty"`
	Version   int64   `json:"version,omitempty" doc:"Refuses the change unless this is still the version"`
}

// Member is a person in the workspace.
type Member struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Role      string    `json:"role" enum:"owner,admin,analyst,agent,viewer"`
	State     string    `json:"state" enum:"active,disabled,removed"`
	Teams     []string  `json:"team_ids"`
	CreatedAt time.Time `json:"created_at"`
}

// Invite asks somebody to become a member. URL is there only in the answer that made the link.
type Invite struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Role      string    `json:"role"`
	Teams     []string  `json:"team_ids"`
	InvitedBy string    `json:"invited_by,omitempty" doc:"Id of the member"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	URL       string    `json:"url,omitempty" doc:"Where the invited one joins: shown once, works once"`
}

// NewInvite asks for an invitation.
type NewInvite struct {
	Email string   `json:"email"`
	Role  string   `json:"role" enum:"owner,admin,analyst,agent,viewer" doc:"None that may what you may not"`
	Teams []string `json:"team_ids,omitempty"`
}

// Team is a unit that members belong to.
type Team struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Manager string   `json:"manager_id,omitempty" doc:"Whom escalations go to"`
	Members []string `json:"member_ids"`
}

// TeamPatch changes what is there.
type TeamPatch struct {
	Name    *string   `json:"name,omitempty" minLength:"1" maxLength:"120"`
	Manager *string   `json:"manager_id,omitempty" doc:"Empty: none"`
	Members *[]string `json:"member_ids,omitempty" nullable:"false"`
}

// Key is an API key. Secret is there only in the answer that made it.
type Key struct {
	ID        string     `json:"id"`
	Public    string     `json:"public" doc:"The visible beginning of the key"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	CreatedBy string     `json:"created_by,omitempty" doc:"Id of the member"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"Exact to a minute"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Secret    string     `json:"secret,omitempty" doc:"The key itself: shown once"`
}

// NewKey asks for an API key.
type NewKey struct {
	Name    string     `json:"name" minLength:"1" maxLength:"120"`
	Scopes  []string   `json:"scopes" minItems:"1" doc:"No more than you have yourself"`
	Expires *time.Time `json:"expires_at,omitempty" doc:"Never when left out"`
}

// Attribute is an entry of the register of what is known about contacts.
type Attribute struct {
	Key       string     `json:"key" minLength:"1" maxLength:"64"`
	Kind      string     `json:"kind" enum:"text,number,bool,date"`
	Title     string     `json:"title,omitempty" maxLength:"200"`
	Sliceable bool       `json:"sliceable,omitempty" doc:"Offered where figures are sliced"`
	Personal  *bool      `json:"personal,omitempty" doc:"Shown only to who may identify contacts. Until somebody decides, what is called like a name, a number of an identity, a birthday, an address or the like is. Left out of a change, it stays as it is"`
	FirstSeen *time.Time `json:"first_seen,omitempty" readOnly:"true"`
}

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Member    string            `json:"member_id,omitempty"`
	Key       string            `json:"key_id,omitempty"`
	Name      string            `json:"name" doc:"Of who did it, as it was then"`
	IP        string            `json:"ip,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Action    string            `json:"action" doc:"key.revoke, member.role ..."`
	Kind      string            `json:"object_kind"`
	Object    string            `json:"object_id"`
	Details   map[string]string `json:"details"`
}

func workspaceOf(w identity.Workspace) Workspace {
	return Workspace{string(w.ID), w.Name, w.Slug, w.Zone, string(w.WeekStart), w.Language, w.Currency, w.Country, w.Demo, w.CreatedAt, w.Version}
}

func memberOf(m identity.Member) Member {
	return Member{string(m.ID), m.Name, m.Email, string(m.Role), string(m.State), texts(m.Teams), m.CreatedAt}
}

func inviteOf(i identity.Invite) Invite {
	return Invite{string(i.ID), i.Email, string(i.Role), texts(i.Teams), string(i.InvitedBy), i.CreatedAt, i.ExpiresAt, ""}
}

func teamOf(t identity.Team) Team {
	return Team{string(t.ID), t.Name, string(t.Manager), texts(t.Members)}
}

func keyOf(k identity.APIKey) Key {
	return Key{string(k.ID), k.Public, k.Name, texts(k.Scopes), string(k.CreatedBy), k.CreatedAt, instantOf(k.ExpiresAt), instantOf(k.UsedAt), instantOf(k.RevokedAt), ""}
}

func attributeOf(x contact.Attribute) Attribute {
	return Attribute{x.Key, string(x.Kind), x.Title, x.Sliceable, &x.Personal, instantOf(x.FirstSeen)}
}

func entryOf(e identity.Entry) AuditEntry {
	return AuditEntry{e.ID, e.At, string(e.Member), string(e.Key), e.Name, e.IP, e.RequestID, e.Action, e.Kind, e.Object, e.Details}
}

// texts and typed turn a list of ids into texts and back.
func texts[S ~string](list []S) []string { return mapped(list, func(s S) string { return string(s) }) }

func typed[S ~string](list []string) []S { return mapped(list, func(s string) S { return S(s) }) }

// as gives a text a type of its own, and leaves nothing nothing.
func as[S ~string](s *string) *S {
	if s == nil {
		return nil
	}
	v := S(*s)
	return &v
}

func (a *API) settingsRoutes() {
	a.workspaceRoutes()
	a.memberRoutes()
	a.inviteRoutes()
	a.teamRoutes()
	a.keyRoutes()
	a.registerRoutes()
	a.auditRoutes()
}

func (a *API) workspaceRoutes() {
	const tag = "Workspace"
	handle(a, route{http.MethodGet, "/v1/workspace", identity.FeedbackRead, "get-workspace", "Get the workspace's settings", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[Workspace], error) {
			w, err := a.Identity.Workspace(ctx, actor.Workspace)
			return &body[Workspace]{workspaceOf(w)}, err
		})
	handle(a, route{http.MethodPatch, "/v1/workspace", identity.WorkspaceManage, "change-workspace", "Change the workspace's settings", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body WorkspacePatch }) (*body[Workspace], error) {
			p := in.Body
			w, err := a.Identity.UpdateWorkspace(ctx, actor.Workspace, actor, identity.WorkspacePatch{Name: p.Name, Zone: p.Zone,
				WeekStart: as[identity.WeekStart](p.WeekStart), Language: p.Language, Currency: p.Currency, Country: p.Country, Version: p.Version})
			return &body[Workspace]{workspaceOf(w)}, err
		})
}

func (a *API) memberRoutes() {
	const tag = "Members"
	type members struct {
		Members []Member `json:"members"`
	}
	handle(a, route{http.MethodGet, "/v1/members", identity.MembersManage, "list-members", "List members by name", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[members], error) {
			list, err := a.Identity.Members(ctx, actor.Workspace)
			return &body[members]{members{mapped(list, memberOf)}}, err
		})
	get := func(ctx context.Context, actor identity.Actor, id string) (*body[Member], error) {
		m, err := a.Identity.Member(ctx, actor.Workspace, identity.MemberID(id))
		return &body[Member]{memberOf(m)}, err
	}
	handle(a, route{http.MethodGet, "/v1/members/{id}", identity.MembersManage, "get-member", "Get a member", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Member], error) {
			return get(ctx, actor, in.ID)
		})
	handle(a, route{http.MethodPatch, "/v1/members/{id}", identity.MembersManage, "change-member", "Change a member's role, disable or enable them", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body struct {
				Role  string `json:"role,omitempty" enum:"owner,admin,analyst,agent,viewer" doc:"None that may what you may not"`
				State string `json:"state,omitempty" enum:"active,disabled"`
			}
		}) (*body[Member], error) {
			member := identity.MemberID(in.ID)
			if in.Body.Role != "" {
				if err := a.Identity.ChangeRole(ctx, actor.Workspace, actor, member, identity.Role(in.Body.Role)); err != nil {
					return nil, err
				}
			}
			if in.Body.State != "" {
				if err := a.Identity.SetState(ctx, actor.Workspace, actor, member, identity.State(in.Body.State)); err != nil {
					return nil, err
				}
			}
			return get(ctx, actor, in.ID)
		})
	type reset struct {
		Password string `json:"password" doc:"Temporary, shown once: it is changed at the next sign-in"`
	}
	handle(a, route{http.MethodPost, "/v1/members/{id}/password", identity.MembersManage, "reset-password", "Give a member a temporary password, and sign them out everywhere", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[reset], error) {
			password, err := a.Identity.ResetMember(ctx, actor.Workspace, actor, identity.MemberID(in.ID))
			return &body[reset]{reset{password}}, err
		})
	handle(a, route{http.MethodDelete, "/v1/members/{id}", identity.MembersManage, "remove-member", "Remove a member; what they did keeps its name", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Identity.SetState(ctx, actor.Workspace, actor, identity.MemberID(in.ID), identity.Removed)
		})
}

func (a *API) inviteRoutes() {
	const tag = "Members"
	type invites struct {
		Invites []Invite `json:"invites"`
	}
	answer := func(i identity.Invite, token string, err error) (*body[Invite], error) {
		out := inviteOf(i)
		out.URL = a.Base + "/invitations/" + token
		return &body[Invite]{out}, err
	}
	handle(a, route{http.MethodGet, "/v1/invites", identity.MembersManage, "list-invites", "List invitations that wait for an answer", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[invites], error) {
			list, err := a.Identity.Invites(ctx, actor.Workspace)
			return &body[invites]{invites{mapped(list, inviteOf)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/invites", identity.MembersManage, "create-invite", "Invite somebody; the answer has the link to hand on", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body NewInvite }) (*body[Invite], error) {
			return answer(a.Identity.Invite(ctx, actor.Workspace, actor, identity.NewInvite{
				Email: in.Body.Email, Role: identity.Role(in.Body.Role), Teams: typed[identity.TeamID](in.Body.Teams)}))
		})
	handle(a, route{http.MethodPost, "/v1/invites/{id}/resend", identity.MembersManage, "resend-invite", "Make a new link; the old one ends", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Invite], error) {
			return answer(a.Identity.ResendInvite(ctx, actor.Workspace, actor, identity.InviteID(in.ID)))
		})
	handle(a, route{http.MethodDelete, "/v1/invites/{id}", identity.MembersManage, "revoke-invite", "End an invitation", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Identity.RevokeInvite(ctx, actor.Workspace, actor, identity.InviteID(in.ID))
		})
}

func (a *API) teamRoutes() {
	const tag = "Teams"
	type teams struct {
		Teams []Team `json:"teams"`
	}
	handle(a, route{http.MethodGet, "/v1/teams", identity.TeamsManage, "list-teams", "List teams by name", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[teams], error) {
			list, err := a.Identity.Teams(ctx, actor.Workspace)
			return &body[teams]{teams{mapped(list, teamOf)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/teams", identity.TeamsManage, "create-team", "Make a team", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Name    string   `json:"name" minLength:"1" maxLength:"120"`
				Manager string   `json:"manager_id,omitempty"`
				Members []string `json:"member_ids,omitempty"`
			}
		}) (*body[Team], error) {
			t, err := a.Identity.CreateTeam(ctx, actor.Workspace, actor, in.Body.Name, identity.MemberID(in.Body.Manager))
			if err == nil && len(in.Body.Members) > 0 {
				members := typed[identity.MemberID](in.Body.Members)
				t, err = a.Identity.UpdateTeam(ctx, actor.Workspace, actor, t.ID, identity.TeamPatch{Members: &members})
			}
			return &body[Team]{teamOf(t)}, err
		})
	handle(a, route{http.MethodGet, "/v1/teams/{id}", identity.TeamsManage, "get-team", "Get a team", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Team], error) {
			t, err := a.Identity.Team(ctx, actor.Workspace, identity.TeamID(in.ID))
			return &body[Team]{teamOf(t)}, err
		})
	handle(a, route{http.MethodPatch, "/v1/teams/{id}", identity.TeamsManage, "change-team", "Change a team", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body TeamPatch
		}) (*body[Team], error) {
			p := identity.TeamPatch{Name: in.Body.Name, Manager: as[identity.MemberID](in.Body.Manager)}
			if in.Body.Members != nil {
				members := typed[identity.MemberID](*in.Body.Members)
				p.Members = &members
			}
			t, err := a.Identity.UpdateTeam(ctx, actor.Workspace, actor, identity.TeamID(in.ID), p)
			return &body[Team]{teamOf(t)}, err
		})
	handle(a, route{http.MethodDelete, "/v1/teams/{id}", identity.TeamsManage, "delete-team", "Delete a team, not its members", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Identity.DeleteTeam(ctx, actor.Workspace, actor, identity.TeamID(in.ID))
		})
}

func (a *API) keyRoutes() {
	const tag = "Keys"
	type keys struct {
		Keys []Key `json:"keys"`
	}
	handle(a, route{http.MethodGet, "/v1/keys", identity.KeysManage, "list-keys", "List API keys, revoked ones too", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[keys], error) {
			list, err := a.Identity.Keys(ctx, actor.Workspace)
			return &body[keys]{keys{mapped(list, keyOf)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/keys", identity.KeysManage, "create-key", "Make an API key; the answer has its secret, once", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body NewKey }) (*body[Key], error) {
			n := identity.NewKey{Name: in.Body.Name, Scopes: typed[identity.Permission](in.Body.Scopes)}
			if in.Body.Expires != nil {
				n.Expires = *in.Body.Expires
			}
			k, secret, err := a.Identity.CreateKey(ctx, actor.Workspace, actor, n)
			out := keyOf(k)
			out.Secret = secret
			return &body[Key]{out}, err
		})
	handle(a, route{http.MethodDelete, "/v1/keys/{id}", identity.KeysManage, "revoke-key", "Revoke an API key", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Identity.RevokeKey(ctx, actor.Workspace, actor, identity.KeyID(in.ID))
		})
}

func (a *API) registerRoutes() {
	const tag = "Fields"
	type fields struct {
		Fields []feedback.Field `json:"fields"`
	}
	handle(a, route{http.MethodGet, "/v1/fields", identity.FeedbackRead, "list-fields", "List what feedback can be sliced by", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[fields], error) {
			list, err := a.Feedback.Register(ctx, actor.Workspace)
			return &body[fields]{fields{orEmpty(list)}}, err
		})
	handle(a, route{http.MethodPut, "/v1/fields", identity.AttributesManage, "change-field", "Name a field for people, or hide it", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Field  string `json:"field" enum:"attribute,answer,contact"`
				Key    string `json:"key"`
				Title  string `json:"title,omitempty" maxLength:"200"`
				Hidden bool   `json:"hidden,omitempty"`
			}
		}) (*struct{}, error) {
			f := in.Body
			return nil, a.Feedback.ChangeField(ctx, actor.Workspace, actor, feedback.Field{Field: f.Field, Key: f.Key, Title: f.Title, Hidden: f.Hidden})
		})
	type attributes struct {
		Attributes []Attribute `json:"attributes"`
	}
	handle(a, route{http.MethodGet, "/v1/attributes", identity.ContactsRead, "list-attributes", "List the register of what is known about contacts", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[attributes], error) {
			list, err := a.Contacts.Attributes(ctx, actor.Workspace)
			return &body[attributes]{attributes{mapped(list, attributeOf)}}, err
		})
	handle(a, route{http.MethodPut, "/v1/attributes", identity.AttributesManage, "change-attribute", "Change an attribute of contacts, or make one", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body Attribute }) (*struct{}, error) {
			x := in.Body
			if x.Personal == nil {
				was, err := a.Contacts.Personal(ctx, actor.Workspace, x.Key)
				if err != nil {
					return nil, err
				}
				x.Personal = &was
			}
			return nil, a.Contacts.SetAttribute(ctx, actor.Workspace, actor, contact.Attribute{Key: x.Key, Kind: contact.AttributeKind(x.Kind),
				Title: x.Title, Sliceable: x.Sliceable, Personal: *x.Personal})
		})
}

// AuditPage is a page of the audit log.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    string       `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *API) auditRoutes() {
	handle(a, route{http.MethodGet, "/v1/audit", identity.AuditRead, "list-audit", "Read the audit log, newest first", "Audit", 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Paging
			Member string `query:"member" doc:"Id of the member who did it"`
			Key    string `query:"key" doc:"Id of the API key that did it"`
			Action string `query:"action" doc:"key.revoke, or a beginning that ends with a dot: key."`
			Kind   string `query:"object_kind"`
			Object string `query:"object_id"`
			Q      string `query:"q" doc:"Words found anywhere in who, what and the details"`
			From   string `query:"from" doc:"First day (2026-01-31, in the workspace's zone) or instant (RFC 3339)"`
			To     string `query:"to" doc:"Last day, included, or instant, excluded"`
		}) (*body[AuditPage], error) {
			w, err := a.Identity.Workspace(ctx, actor.Workspace)
			if err != nil {
				return nil, err
			}
			q := identity.AuditQuery{Member: identity.MemberID(in.Member), Key: identity.KeyID(in.Key), Action: in.Action, Kind: in.Kind, Object: in.Object,
				Text: in.Q, Cursor: in.Cursor, Limit: in.Limit}
			if q.From, err = moment("from", in.From, w.Location(), false); err != nil {
				return nil, err
			}
			if q.To, err = moment("to", in.To, w.Location(), true); err != nil {
				return nil, err
			}
			p, err := a.Identity.AuditLog(ctx, actor.Workspace, actor, q)
			return &body[AuditPage]{AuditPage{mapped(p.Entries, entryOf), p.Next}}, err
		})
}

// moment reads a day or an instant; the end of a day when after is set.
func moment(path, s string, zone *time.Location, after bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := clock.ParseDay(s); err == nil {
		if after {
			d++
		}
		return d.Start(zone), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fault.Bad("api.moment", fault.Field{Path: path, Code: "form", Msg: "a day has the form 2026-01-31, an instant 2026-01-31T09:30:00Z"})
	}
	return t, nil
}
