package imports

import (
	"strings"
	"testing"
	"time"
)

// TestRowsAreFoundInTheIdsThatAreMadeOfThem, and in no id that a file has.
func TestRowsAreFoundInTheIdsThatAreMadeOfThem(t *testing.T) {
	t.Parallel()
	im := Import{Fingerprint: strings.Repeat("0123456789abcdef", 4)}
	if row, ok := RowOf(newBuilder(Mapping{}, im, time.UTC, time.Time{}).prefix + "314"); !ok || row != 314 {
		t.Errorf("%d %v", row, ok)
	}
	for _, id := range []string{"", "314", "import-314", "import-0123456789abcdef-", "import-0123456789abcdef-3a", "ximport-0123456789abcdef-3", "import-0123456789abcdef-99999999999999999999"} {
		if row, ok := RowOf(id); ok {
			t.Errorf("%q is row %d", id, row)
		}
	}
}
