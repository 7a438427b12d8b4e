package theme

import (
	"encoding/binary"
	"encoding/json"

	"math"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

var themeColumns = []string{"workspace", "id", "parent", "origin", "state", "into_theme", "pinned", "names", "rule", "quote_of", "language", "texts", "named_by",
	"by_person", "moved", "centroid", "created_at", "changed_at"}

func scanTheme(s store.Scanner) (t Theme, err error) {
	var pinned, byPerson, moved int
	var names string
	var centroid []byte
	var at int64
	if err := s.Scan(&t.ID, &t.Parent, &t.Origin, &t.State, &t.Into, &pinned, &names, &t.Rule, &t.QuoteOf, &t.Language, &t.Texts, &t.NamedBy, &byPerson, &moved, &centroid, &at); err != nil {
		return t, err
	}
	if json.Unmarshal([]byte(names), &t.Names) != nil { // spoilt: a theme without a name must not keep all texts from being read
		t.Names = map[string]string{}
	}
	for ; len(centroid) >= 4; centroid = centroid[4:] {
		t.Centroid = append(t.Centroid, math.Float32frombits(binary.LittleEndian.Uint32(centroid)))
	}
	t.Pinned, t.ByPerson, t.Moved, t.ChangedAt = pinned != 0, byPerson != 0, moved != 0, time.UnixMilli(at).UTC()
	return t, nil
}

// read gives the tree of a workspace as it is now.
func read(tx *store.Tx, ws identity.WorkspaceID) (*Tree, error) {
	version, err := versionOf(tx, ws)
	if err != nil {
		return nil, err
	}
	own, err := store.All(tx, scanTheme, `/* theme.read */ SELECT id, parent, origin, state, into_theme, pinned, names, rule, quote_of, language, texts, named_by, by_person, moved,
		centroid, changed_at FROM theme WHERE workspace = $1 ORDER BY created_at, id`, string(ws))
	if err != nil {
		return nil, err
	}
	return NewTree(own, version), nil
}

func versionOf(tx *store.Tx, ws identity.WorkspaceID) (int64, error) {
	v, err := store.One(tx, store.Value[int64], "/* theme.versionOf */ SELECT version FROM theme_version WHERE workspace = $1", string(ws))
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return v, err
}

// put keeps themes, and moves the version on.
func put(tx *store.Tx, ws identity.WorkspaceID, list ...Theme) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		names, err := json.Marshal(changed(t))
		if err != nil {
			return err
		}
		centroid := make([]byte, 0, 4*len(t.Centroid))
		for _, x := range t.Centroid {
			centroid = binary.LittleEndian.AppendUint32(centroid, math.Float32bits(x))
		}
		rows[i] = []any{string(ws), t.ID, t.Parent, string(t.Origin), string(t.State), t.Into, number(t.Pinned), string(names), t.Rule, t.QuoteOf, t.Language, t.Texts,
			t.NamedBy, number(t.ByPerson), number(t.Moved), centroid, tx.Millis(), tx.Millis()}
	}
	if _, err := tx.InsertMany("theme.put", "theme", themeColumns, rows, `ON CONFLICT (workspace, id) DO UPDATE SET parent = excluded.parent, origin = excluded.origin, state = excluded.state,
		into_theme = excluded.into_theme, pinned = excluded.pinned, names = excluded.names, rule = excluded.rule, quote_of = excluded.quote_of,
		language = excluded.language, texts = excluded.texts, named_by = excluded.named_by, by_person = excluded.by_person, moved = excluded.moved,
		centroid = excluded.centroid, changed_at = excluded.changed_at`); err != nil {
		return err
	}
	_, err := tx.Exec("/* theme.put */ INSERT INTO theme_version (workspace, version) VALUES ($1, 1) ON CONFLICT (workspace) DO UPDATE SET version = theme_version.version + 1", string(ws))
	return err
}

// changed are the names that were given here: those of the starting set stay Kolo's own, which may give better ones.
func changed(t Theme) map[string]string {
	base := starting(t.ID)
	if base == nil {
		return t.Names
	}
	names := map[string]string{}
	for l, n := range t.Names {
		if base.Names[l] != n {
			names[l] = n
		}
	}
	return names
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
