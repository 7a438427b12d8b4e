package main

import (
	"kolo/internal/app"
	"kolo/internal/foundation/fault"
)

type workerCommand struct{}

func (workerCommand) Run(e *env) error {
	if !e.config.Cluster() {
		return fault.New(fault.Invalid, "worker", "kolo worker is for the cluster set-up: with KOLO_DATABASE_URL and KOLO_CLICKHOUSE_URL any number of processes share the work. "+
			"Without them everything belongs to the one process of kolo serve, which does its work itself")
	}
	if err := app.CanListen(e.config); err != nil {
		return err
	}
	a, err := app.Open(e, e.config, e.log)
	if err != nil {
		return err
	}
	return a.Work(e, func(address string) {
		e.log.Info("Kolo works; only health and metrics are served", "address", address)
	})
}
