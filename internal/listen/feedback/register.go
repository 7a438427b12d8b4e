package feedback

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Register lists what feedback can be sliced by; see Fields.
func (s *Service) Register(ctx context.Context, ws identity.WorkspaceID) (list []Field, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = Fields(tx, ws)
		return err
	})
	return list, err
}

// Titles lists what people call the fields; see the function Titles.
func (s *Service) Titles(ctx context.Context, ws identity.WorkspaceID) (titles map[string]string, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		titles, err = Titles(tx, ws)
		return err
	})
	return titles, err
}

// ChangeField is SetField on behalf of somebody: it asks for the permission, checks the title and writes the log.
func (s *Service) ChangeField(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Field) error {
	const op = "feedback.ChangeField"
	if err := actor.RequireIn(op, ws, identity.AttributesManage); err != nil {
		return err
	}
	f.Title = strings.TrimSpace(f.Title)
	if utf8.RuneCountInString(f.Title) > 200 {
		return fault.Bad(op, fault.Field{Path: "title", Code: "too_long", Msg: "a title has at most 200 characters"})
	}
	if !utf8.ValidString(f.Title+f.Field+f.Key) || strings.ContainsFunc(f.Title, unicode.IsControl) {
		return fault.Bad(op, fault.Field{Path: "title", Code: "form", Msg: "a title is one line of text"})
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := SetField(tx, ws, f); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "field.set", "feedback field", f.Field+"."+f.Key, map[string]string{
			"title": f.Title, "hidden": strconv.FormatBool(f.Hidden)})
	})
}
