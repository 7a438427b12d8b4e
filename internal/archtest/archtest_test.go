// Package archtest keeps the import rules of the house (docs/architecture.md).
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors lists the house from the ground up. A package imports packages of lower floors, and of its own package tree.
var floors = [][]string{
	{"internal/foundation"},
	{"internal/people", "internal/touchpoint"},
	{"internal/listen", "internal/understand"},
	{"internal/rescue", "internal/fix", "internal/tell", "internal/programme", "internal/deliver"},
	{"internal/flow"},
	{"internal/demo"},
	{"internal/edge"},
	{"internal/app"},
	{"cmd", "test"},
}

// sideways lists the imports between packages of one floor, each with its reason.
var sideways = map[[2]string]string{
	{"internal/understand/export", "internal/understand/stat"}:        "small groups are held back in files as on pages",
	{"internal/understand/export", "internal/understand/population"}:  "and so is what a workspace knows of its customers",
	{"internal/understand/insight", "internal/understand/population"}: "answers are judged and weighted by what the workspace knows of its customers",

	{"internal/people/contact", "internal/people/identity"}:          "a contact belongs to a workspace, and members act on it",
	{"internal/understand/insight", "internal/listen/feedback"}:      "the columns are derived from feedback, and Find gives feedback back",
	{"internal/understand/insight", "internal/understand/stat"}:      "every answer carries its interval",
	{"internal/listen/imports", "internal/listen/feedback"}:          "an import hands its rows to the one intake",
	{"internal/understand/export", "internal/listen/feedback"}:       "feedback is what is exported",
	{"internal/understand/export", "internal/listen/event"}:          "and events",
	{"internal/understand/export", "internal/understand/label"}:      "files have what was understood of texts",
	{"internal/understand/export", "internal/understand/theme"}:      "files name themes",
	{"internal/understand/export", "internal/listen/imports"}:        "refused rows are exported too",
	{"internal/understand/export", "internal/understand/label"}:      "with what was understood of it, and corrections",
	{"internal/understand/export", "internal/understand/theme"}:      "and themes by name",
	{"internal/understand/export", "internal/understand/text"}:       "what is personal is masked before those who may not see it",
	{"internal/understand/export", "internal/understand/alert"}:      "alerts are a list like others",
	{"internal/understand/export", "internal/understand/insight"}:    "an export is of what a question finds",
	{"internal/understand/sentiment", "internal/understand/learn"}:   "its classifiers are trained and kept there",
	{"internal/understand/learn", "internal/understand/text"}:        "features are made of words",
	{"internal/understand/reading", "internal/understand/text"}:      "a reading is of words and clauses",
	{"internal/understand/reading", "internal/understand/learn"}:     "with the models that were trained there",
	{"internal/understand/reading", "internal/understand/model"}:     "the trained models lie in a package of their own",
	{"internal/understand/reading", "internal/understand/sentiment"}: "and has a sentiment",
	{"internal/understand/theme", "internal/understand/text"}:        "themes are found in words, and rules match them",
	{"internal/understand/theme", "internal/understand/learn"}:       "the theme of a new text is learned",
	{"internal/understand/eval", "internal/understand/text"}:         "what is evaluated",
	{"internal/understand/eval", "internal/understand/learn"}:        "what is evaluated",
	{"internal/understand/eval", "internal/understand/sentiment"}:    "what is evaluated",
	{"internal/understand/eval", "internal/understand/model"}:        "and kept beside the models",
	{"internal/understand/eval", "internal/understand/theme"}:        "what is evaluated",
	{"internal/understand/eval", "internal/understand/reading"}:      "what is evaluated",
	{"internal/understand/label", "internal/listen/feedback"}:        "what is read is feedback",
	{"internal/understand/label", "internal/listen/event"}:           "and what happened is told with the same masks",
	{"internal/understand/label", "internal/understand/reading"}:     "a label is a reading that is kept",
	{"internal/understand/label", "internal/understand/sentiment"}:   "and can be corrected",
	{"internal/understand/label", "internal/understand/text"}:        "clause by clause",
	{"internal/understand/assist", "internal/understand/text"}:       "personal data is masked before anything leaves",
	{"internal/understand/adapt", "internal/listen/feedback"}:        "a workspace teaches by its feedback",
	{"internal/understand/adapt", "internal/understand/assist"}:      "which may name what was found",
	{"internal/understand/adapt", "internal/understand/insight"}:     "whose classes turn ratings into labels",
	{"internal/understand/adapt", "internal/understand/label"}:       "by the corrections of its members",
	{"internal/understand/adapt", "internal/understand/reading"}:     "what is adapted",
	{"internal/understand/adapt", "internal/understand/stat"}:        "how sure a gain is",
	{"internal/understand/adapt", "internal/understand/text"}:        "word by word",
	{"internal/understand/adapt", "internal/understand/theme"}:       "and the themes that are told",
	{"internal/understand/alert", "internal/listen/feedback"}:        "with the words behind it",
	{"internal/understand/alert", "internal/understand/insight"}:     "what is watched is the answer to a question",
	{"internal/understand/alert", "internal/understand/stat"}:        "what is normal, and what is too far from it",
	{"internal/understand/driving", "internal/understand/insight"}:   "what moves a score is asked of its answers",
	{"internal/understand/driving", "internal/understand/stat"}:      "by the statistics of drivers",
	{"internal/understand/driving", "internal/listen/feedback"}:      "among the fields that feedback has",
	{"internal/understand/scan", "internal/understand/insight"}:      "segments are compared by answers to questions",
	{"internal/understand/scan", "internal/understand/stat"}:         "corrected for looking at all of them",
	{"internal/understand/scan", "internal/listen/feedback"}:         "by the fields that feedback has",
	{"internal/understand/export", "internal/understand/driving"}:    "drivers are a list too",
	{"internal/understand/export", "internal/understand/scan"}:       "and so are segments",
	{"internal/understand/insight", "internal/understand/text"}:      "what says nearly the same is found by its words",
	{"internal/understand/insight", "internal/understand/search"}:    "and texts are found by what was said",
	{"internal/understand/search", "internal/understand/text"}:       "by the stems of its words",
	{"internal/understand/export", "internal/understand/health"}:     "and how customers stand",
	{"internal/understand/health", "internal/listen/event"}:          "what customers did decides whether they stay",
	{"internal/understand/health", "internal/understand/insight"}:    "and what they said, of which it asks the columns",
	{"internal/understand/health", "internal/understand/stat"}:       "the composition, the model and its validation are there",
	{"internal/edge/api", "internal/edge/transfer"}:                  "files come and go the same way for programs",
	{"internal/edge/web", "internal/edge/transfer"}:                  "and for browsers",
	{"internal/edge/api", "internal/edge/web"}:                       "a member's browser may use the API with the session of the pages",
}

// forbidden lists what domains never import: they know nothing of how the outside reaches them, nor of drivers.
var forbidden = map[string]string{
	"net/http":                         "a domain does not know HTTP",
	"html/template":                    "a domain renders nothing",
	"github.com/a-h/templ":             "a domain renders nothing",
	"database/sql":                     "rows are reached through store, columns through column",
	"github.com/mattn/go-sqlite3":      "drivers stay in store",
	"github.com/jackc/pgx/v5":          "drivers stay in store",
	"github.com/duckdb/duckdb-go/v2":   "drivers stay in column/duck",
	"github.com/ClickHouse/clickhouse": "drivers stay in column/clickhouse",
	"github.com/danielgtaylor/huma/v2": "the API is edge/api's",
}

func floorOf(pkg string) int {
	for i, f := range floors {
		for _, prefix := range f {
			if pkg == prefix || strings.HasPrefix(pkg, prefix+"/") {
				return i
			}
		}
	}
	return -1
}

// domain is the package tree that a package belongs to: three steps deep, "internal/listen/feedback".
func domain(pkg string) string {
	parts := strings.Split(pkg, "/")
	return strings.Join(parts[:min(3, len(parts))], "/")
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files := 0
	used := map[[2]string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "node_modules", "testdata", ".git", "bin", "data":
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if pkg == "." || pkg == "internal/archtest" {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := floorOf(pkg)
		if from < 0 {
			t.Errorf("%s stands on no floor of the house", pkg)
		}
		test := strings.HasSuffix(path, "_test.go")
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			check(t, pkg, from, name, test, used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files were looked at", files)
	}
	for pair, reason := range sideways {
		if !used[pair] {
			t.Logf("nobody uses the permission %s -> %s (%s)", pair[0], pair[1], reason)
		}
	}
}

func check(t *testing.T, pkg string, from int, name string, test bool, used map[[2]string]bool) {
	t.Helper()
	isDomain := from >= 1 && floors[from][0] != "internal/edge" && floors[from][0] != "internal/app" && floors[from][0] != "cmd"
	if isDomain && !test {
		for bad, reason := range forbidden {
			if name == bad || strings.HasPrefix(name, bad+"/") {
				t.Errorf("%s imports %s: %s", pkg, name, reason)
			}
		}
	}
	imported, ok := strings.CutPrefix(name, "kolo/")
	if !ok {
		return
	}
	to := floorOf(imported)
	switch {
	case test: // tests may set a stage from below and above, but not import what stands on top of them in the program
		return
	case to > from:
		t.Errorf("%s imports %s, which stands above it", pkg, imported)
	case to == from && from > 0 && domain(pkg) != domain(imported):
		pair := [2]string{domain(pkg), domain(imported)}
		used[pair] = true
		if _, ok := sideways[pair]; !ok && floors[from][0] != "cmd" {
			t.Errorf("%s imports %s beside it: list it in archtest with its reason, or turn it around", pkg, imported)
		}
	case (strings.HasSuffix(imported, "/column/duck") || strings.HasSuffix(imported, "/column/clickhouse")) && from > 0 && floors[from][0] != "internal/app" && floors[from][0] != "cmd":
		t.Errorf("%s imports %s: only app chooses an engine", pkg, imported)
	}
}
