package flow

import (
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/theme"
)

// Title is open to tests.
func Title(l *i18n.Locale, tree *theme.Tree, titles map[string]string, a alert.Alert) string {
	return title(l, known{tree: tree, titles: titles}, a)
}

// Tell is what the job does in its transaction.
func (f *Flow) Tell(tx *store.Tx, ws identity.WorkspaceID) error {
	tree, err := f.Themes.TreeIn(tx, ws)
	if err != nil {
		return err
	}
	_, err = f.tell(tx, ws, tree)
	return err
}
