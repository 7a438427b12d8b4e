package flow

import (
	"kolo/internal/deliver"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// invited mails somebody the link of their invitation, where there is a mail server: who invited them has the link as well.
func (f *Flow) invited(tx *store.Tx, i identity.Invite, token string) error {
	if !f.Deliver.Mail.On() {
		return nil
	}
	w, err := identity.GetWorkspace(tx, i.Workspace)
	if err != nil {
		return err
	}
	l := i18n.Load().Language(w.Language) // which language somebody reads who is no member yet is not known
	letter := mail.Letter{Language: l.Tag(), Direction: l.Dir()}
	role := l.T("role." + string(i.Role))
	letter.Title = l.T("mail.invite_title", "workspace", w.Name)
	letter.Lead = l.T("invitation.lead", "role", role)
	if m, err := identity.GetMember(tx, w.ID, i.InvitedBy); err == nil {
		letter.Lead = l.T("invitation.by", "name", m.Name, "role", role)
	}
	letter.Do = mail.Link{Label: l.T("invitation.do"), URL: f.Base + "/invitations/" + token}
	letter.Foot = l.T("mail.invite_foot", "until", l.DateTime(i.ExpiresAt, w.Location()))
	_, err = f.Deliver.Queue(tx, w.ID, deliver.Message{Kind: deliver.Email, Topic: "invite", Address: i.Email, Language: letter.Language,
		Subject: letter.Title, Text: letter.Text(), HTML: letter.HTML(), Secret: true})
	return err
}
