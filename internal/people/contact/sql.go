package contact

import (
	"fmt"
	"sync"

	"kolo/internal/foundation/jsonread"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// sizes of the lists in IN, from the largest: few enough that the statements stay prepared.
var sizes = [...]int{1024, 256, 64, 16, 4, 1}

// eachIn asks a question about a list of any length; query has %s where the list goes, after the parameters in args.
func eachIn[S ~string](tx *store.Tx, list []S, query string, args []any, row func(store.Scanner) error) error {
	return eachInAny(tx, list, func(s S) any { return string(s) }, query, args, row)
}

// eachInBytes is eachIn for a column of bytes.
func eachInBytes(tx *store.Tx, list []string, query string, args []any, row func(store.Scanner) error) error {
	return eachInAny(tx, list, func(s string) any { return []byte(s) }, query, args, row)
}

func eachInAny[S any](tx *store.Tx, list []S, arg func(S) any, query string, args []any, row func(store.Scanner) error) error {
	for len(list) > 0 {
		size := 1
		for _, n := range sizes {
			if n*3/4 <= len(list) { // rather one statement whose last element is repeated than many small ones
				size = n
				break
			}
		}
		all := make([]any, 0, len(args)+size)
		all = append(all, args...)
		for i := range size {
			all = append(all, arg(list[min(i, len(list)-1)]))
		}
		if err := each(tx, inText(query, len(args), size), all, row); err != nil {
			return err
		}
		list = list[min(size, len(list)):]
	}
	return nil
}

func each(tx *store.Tx, query string, args []any, row func(store.Scanner) error) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

var inTexts sync.Map

type inKey struct {
	query       string
	after, size int
}

func inText(query string, after, size int) string {
	key := inKey{query, after, size}
	if s, ok := inTexts.Load(key); ok {
		return s.(string)
	}
	s := fmt.Sprintf(query, store.In(after, size))
	inTexts.Store(key, s)
	return s
}

// AttributesOf reads the attributes alone, for who slices figures by them; contacts without any are left out.
func AttributesOf(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID]map[string]string, error) {
	out := map[ID]map[string]string{}
	r := jsonread.Get() // by hand: the columns ask for the attributes of everybody who said something
	defer r.Put()
	err := eachIn(tx, ids, "/* contact.AttributesOf */ SELECT id, attributes FROM contact WHERE workspace = $1 AND attributes <> '{}' AND id IN %s", []any{string(ws)},
		func(s store.Scanner) error {
			var id ID
			var text string
			if err := s.Scan(&id, &text); err != nil {
				return err
			}
			v, err := r.ParseOwn(text)
			if err != nil {
				return err
			}
			out[id] = r.Texts("attributes", v)
			return nil
		})
	return out, err
}

// LanguagesOf reads the languages of contacts; those without one are left out.
func LanguagesOf(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID]string, error) {
	out := map[ID]string{}
	err := eachIn(tx, ids, "/* contact.LanguagesOf */ SELECT id, language FROM contact WHERE workspace = $1 AND language <> '' AND id IN %s", []any{string(ws)},
		func(s store.Scanner) error {
			var id ID
			var language string
			err := s.Scan(&id, &language)
			out[id] = language
			return err
		})
	return out, err
}
