package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kolo/internal/app"
)

type demoCommand struct {
	Feedback  int    `default:"20000" help:"How many pieces of feedback."`
	Seed      uint64 `default:"1" help:"The same seed makes the same company."`
	End       string `help:"First day after its two years of history (2026-01-31); the last Monday by default." placeholder:"DAY"`
	Workspace string `default:"Lirona" help:"Name of the workspace that is made for it."`
	Out       string `help:"Folder for the files that come with it (truth.json, contacts, events, labels); demo inside the data folder by default." placeholder:"DIR"`
	FilesOnly bool   `help:"Write the files, feedback included, and leave the database alone."`
}

func (c demoCommand) Run(e *env) error {
	if c.End == "" {
		c.End = app.LastMonday(time.Now())
	}
	company, err := app.Demo{Seed: c.Seed, Feedback: c.Feedback, End: c.End}.Company()
	if err != nil {
		return atFlags(err, map[string]string{"feedback": "--feedback", "end": "--end"})
	}
	if c.Out == "" {
		c.Out = filepath.Join(e.config.Data, "demo")
	}
	if err := os.MkdirAll(c.Out, 0o700); err != nil {
		return err
	}
	fmt.Printf("%s\n", company)
	if c.FilesOnly {
		if err := company.Write(c.Out); err != nil {
			return err
		}
		fmt.Printf("written to  %s\n", c.Out)
		return nil
	}
	r, err := app.OpenRows(e, e.config, e.log)
	if err != nil {
		return err
	}
	defer r.Close()
	ws, email, password, err := r.DemoWorkspace(e, c.Workspace, "en", false)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := r.FillDemo(e, ws.ID, company, 0, func(n int) error {
		if n%50_000 < 2000 && n > 2000 {
			fmt.Fprintf(os.Stderr, "%d of %d\n", n, c.Feedback)
		}
		return e.Err()
	}); err != nil {
		return err
	}
	took := time.Since(start)
	if err := company.Write(c.Out); err != nil {
		return err
	}
	fmt.Printf("workspace   %s (%s)\n", ws.Name, ws.ID)
	fmt.Printf("feedback    %d, with contacts and events in %.1f s\n", c.Feedback, took.Seconds())
	fmt.Printf("sign in     %s  %s   (shown once)\n", email, password)
	fmt.Printf("truth       %s\n", filepath.Join(c.Out, "truth.json"))
	return nil
}
