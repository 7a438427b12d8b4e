package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/eval"
)

type evalCommand struct {
	Show  evalShowCommand  `cmd:"" default:"withargs" help:"Measure how well texts are understood, on held-out data, and print tables."`
	Train evalTrainCommand `cmd:"" help:"Train the models that come with Kolo, from data that may train them."`
}

type evalData struct {
	Corpus string `type:"existingdir" default:"internal/understand/learn/corpus" help:"The folder of Kolo's own texts."`
}

// sources are the folder that --data names, which for these commands holds data sets, and Kolo's own texts.
func (d evalData) sources(e *env) (eval.Sources, error) {
	if _, err := os.Stat(filepath.Join(e.config.Data, eval.Authored)); err != nil {
		return eval.Sources{}, fault.New(fault.Invalid, "eval", "there are no data sets in %s: name their folder with --data", e.config.Data)
	}
	return eval.Sources{Data: e.config.Data, Corpus: os.DirFS(d.Corpus)}, nil
}

type evalShowCommand struct {
	evalData `embed:""`
	Rounds   int      `default:"5" help:"Folds of the cross-validation on authored texts; fewer take less time and judge models that learned from less."`
	Only     []string `placeholder:"SECTION" help:"Only these sections; all by default: ${sections}."`
}

func (c evalShowCommand) Run(e *env) error {
	tables := eval.Sections(c.Only)
	if len(tables) == 0 {
		return fault.New(fault.Invalid, "eval", "there is no such section; there are: %s", eval.SectionNames())
	}
	sources, err := c.sources(e)
	if err != nil {
		return err
	}
	sources.Rounds = max(c.Rounds, 2)
	for _, s := range tables {
		ts, err := s.Run(e, sources)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for _, t := range ts {
			if err := t.Write(os.Stdout); err != nil {
				return err
			}
		}
	}
	return nil
}

type evalTrainCommand struct {
	evalData `embed:""`
	Out      string   `type:"existingdir" default:"internal/understand/model" help:"Where the models are written, to be built into the program, with the figures of how good they are."`
	Rounds   int      `default:"5" help:"Folds of the cross-validation that finds these figures."`
	Only     []string `placeholder:"LANGUAGE" enum:"en,he,fa,ru,any" help:"Only the models of these languages (en, he, fa, ru; any for that of all others), without judging them."`
}

func (c evalTrainCommand) Run(e *env) error {
	sources, err := c.sources(e)
	if err != nil {
		return err
	}
	sources.Rounds = max(c.Rounds, 2)
	return eval.TrainAll(e, sources, c.Out, c.Only, os.Stdout)
}
