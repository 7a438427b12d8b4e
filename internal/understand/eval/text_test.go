package eval

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dataSets writes a folder such as --data names, with a few made-up texts.
func dataSets(t *testing.T) Sources {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for code, lines := range map[string][2]string{
		"en": {`{"text":"Write to joe@example.com please","sentiment":"neutral","pii":["email"]}` + "\n" + `{"text":"Rings under 0161 496 0000 all day","sentiment":"negative","pii":[]}`,
			`{"text":"The soup was hot, but the waiter was cold","aspects":[{"theme":"food","sentiment":"positive","quote":"The soup was hot"},{"theme":"staff_attitude","sentiment":"negative","quote":"but the waiter was cold"}],"overall":"mixed"}`},
		"he": {`{"text":"שמי רינת אלמוגי, תתקשרו אליי בבקשה","sentiment":"neutral","pii":["name"]}`, `{"text":"המרק היה חם","aspects":[{"theme":"food","sentiment":"positive","quote":"המרק היה חם"}],"overall":"positive"}`},
		"fa": {`{"text":"ایمیل من کجا است و چرا جواب نمیدید","sentiment":"negative","pii":["email"]}`, `{"text":"سوپ داغ بود","aspects":[{"theme":"food","sentiment":"positive","quote":"سوپ داغ بود"}],"overall":"positive"}`},
		"ru": {`{"text":"Звоните по номеру +7 916 123-45-67","sentiment":"neutral","pii":["phone"]}`, `{"text":"Суп горячий","aspects":[{"theme":"food","sentiment":"positive","quote":"Суп горячий"}],"overall":"positive"}`},
	} {
		write("authored/"+code+".jsonl", lines[0]+"\n")
		write("authored_clauses/"+code+".jsonl", lines[1]+"\n")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range map[string]string{
		"eng_Latn/test.tsv": "index_id\tcategory\ttext\n1\ttravel\tThe train left the station an hour late\n2\ttravel\tПоезд ушёл на час позже\n",
		"rus_Cyrl/test.tsv": "index_id\tcategory\ttext\n1\ttravel\tПоезд ушёл со станции на час позже\n",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write("multi_sib200/sib200_50langs.tar.gz", b.String())
	return Sources{Data: dir}
}

func row(t *testing.T, tables []Table, title, first string) []string {
	t.Helper()
	for _, x := range tables {
		if strings.Contains(x.Title, title) {
			for _, r := range x.Rows {
				if r[0] == first {
					return r
				}
			}
		}
	}
	t.Fatalf("there is no row %q in %q", first, title)
	return nil
}

func TestLanguageSection(t *testing.T) {
	t.Parallel()
	tables, err := languageSection(t.Context(), dataSets(t))
	if err != nil {
		t.Fatal(err)
	}
	// One of the three sentences is not in the language that it is said to be in.
	if r := row(t, tables, "sentences", "whole"); r[1] != "3" || r[2] != "66.67" || r[3] != "75.00" {
		t.Errorf("whole sentences: %q", r)
	}
	if r := row(t, tables, "taken for", "en as ru"); r[1] != "1" {
		t.Errorf("confusion: %q", r)
	}
	if r := row(t, tables, "customers", "fa, Arabic yeh and kaf"); !slices.Equal(r[1:3], []string{"1", "100.00"}) {
		t.Errorf("Persian: %q", r)
	}
}

func TestBorderSection(t *testing.T) {
	t.Parallel()
	tables, err := borderSection(t.Context(), dataSets(t))
	if err != nil {
		t.Fatal(err)
	}
	if r := row(t, tables, "Clauses", "en"); !slices.Equal(r[1:], []string{"2", "100.00", "100.00", "100.00", "1.00", "2.00"}) {
		t.Errorf("borders: %q", r)
	}
}

func TestPersonalSection(t *testing.T) {
	t.Parallel()
	tables, err := personalSection(t.Context(), dataSets(t))
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string][]string{
		"en": {"2", "1", "1", "100.00", "0", "0", "2", "1", "50.00"}, // the number is not marked
		"he": {"1", "0", "0", "-", "1", "1", "1", "0", "100.00"},
		"fa": {"1", "1", "0", "0.00", "0", "0", "0", "0", "-"}, // no address is there
		"ru": {"1", "1", "1", "100.00", "0", "0", "1", "0", "100.00"},
	} {
		if r := row(t, tables, "Personal", code); !slices.Equal(r[1:], want) {
			t.Errorf("%s: %q, want %q", code, r[1:], want)
		}
	}
}
