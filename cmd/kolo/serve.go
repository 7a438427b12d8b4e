package main

import (
	"fmt"
	"os"

	"kolo/internal/app"
	"kolo/internal/foundation/telemetry"
)

type serveCommand struct{}

func (serveCommand) Run(e *env) error {
	if err := app.CanListen(e.config); err != nil {
		return err
	}
	a, err := app.Open(e, e.config, e.log)
	if err != nil {
		return err
	}
	return a.Serve(e, func(address string) {
		e.log.Info("Kolo serves", "address", address, "cluster", e.config.Cluster())
	})
}

type migrateCommand struct{}

func (migrateCommand) Run(e *env) error {
	r, err := app.OpenRows(e, e.config, e.log)
	if err != nil {
		return err
	}
	return r.Close()
}

type configCommand struct{}

func (configCommand) Run(e *env) error { return e.config.Print(os.Stdout) }

type versionCommand struct{}

func (versionCommand) Run() error {
	b := telemetry.ReadBuild()
	_, err := fmt.Println("kolo", b.Version, b.Revision, b.Go)
	return err
}
