// Command servers starts one PostgreSQL and one ClickHouse on free ports of 127.0.0.1, runs a command with their URLs in
// its environment; they end with this process:
//
//	go run ./test/servers -- go test ./...
//
// Tests that find no such URLs start servers of their own; sharing them saves a start for every package.
package main

import (
	"fmt"
	"os"
	"os/exec"

	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/store/storetest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: servers -- command [arguments]")
		os.Exit(2)
	}
	os.Exit(run(args))
}

func run(args []string) int {
	for _, server := range []struct {
		name, variable string
		start          func() (string, error)
	}{
		{"postgresql", "KOLO_TEST_POSTGRES_URL", storetest.Start},
		{"clickhouse-server", "KOLO_TEST_CLICKHOUSE_URL", clickhousetest.Start},
	} {
		if os.Getenv(server.variable) != "" {
			continue
		}
		url, err := server.start()
		switch {
		case err != nil:
			fmt.Fprintf(os.Stderr, "SKIPPED: %s did not start: %v\n", server.name, err)
		case url == "":
			fmt.Fprintf(os.Stderr, "SKIPPED: %s is not installed\n", server.name)
		default:
			_ = os.Setenv(server.variable, url) // fails only for names that are no names
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			return code
		}
		return 1
	}
	return 0
}
