package eval

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"kolo/internal/understand/learn"
	"kolo/internal/understand/reading"
)

// Sources are where rows come from.
type Sources struct {
	Data   string // folder of the data sets
	Corpus fs.FS  // the project's own texts
}

// rows are all rows of a language that the model of this language learns from.
func (s Sources) rows(language string) (rows []Row, err error) {
	corpus, err := ReadCorpus(s.Corpus, language)
	if err != nil {
		return nil, err
	}
	authored, err := ReadAuthored(s.Data, language)
	if err != nil {
		return nil, err
	}
	clauses, err := ReadClauses(s.Data, language)
	if err != nil {
		return nil, err
	}
	return append(append(authored, clauses...), corpus...), nil
}

// TrainAll trains the models that come with Kolo, on everything that may train them, and writes them to a folder.
func TrainAll(s Sources, folder string, log io.Writer) error {
	var all []Row
	write := func(language string, rows []Row, o learn.Options) error {
		p, err := trainPart(language, rows, o)
		if err != nil {
			return err
		}
		file, err := p.Model.Encode(p.Note)
		if err != nil {
			return err
		}
		fmt.Fprintf(log, "%s: %d texts, %d n-grams, %d bytes\n", language, len(rows), p.Model.Rows(), len(file))
		return os.WriteFile(filepath.Join(folder, language+".bin"), file, 0o644)
	}
	for _, l := range Languages {
		rows, err := s.rows(l)
		if err != nil {
			return err
		}
		all = append(all, rows...)
		if err := write(l, rows, recipe); err != nil {
			return err
		}
	}
	any := recipe
	any.Features.MinCount = 8
	return write(reading.Any, all, any)
}
