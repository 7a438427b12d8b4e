package command

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kolo/test/process"
)

// TestNothingIsMadeByMistake: a command on a folder without Kolo, and a server whose port is taken, say so and make nothing.
func TestNothingIsMadeByMistake(t *testing.T) {
	t.Parallel()
	k := process.New(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	out, err := k.Try("serve", "--listen", l.Addr().String(), "--data", nowhere)
	if err == nil || !strings.Contains(out, "KOLO_LISTEN") {
		t.Errorf("a port that is taken: %v, %s", err, out)
	}
	for _, args := range [][]string{{"admin", "reset-password", "a@example.com"}, {"admin", "rebuild"}, {"export", "members"}} {
		if out, err := k.Try(append(args, "--data", nowhere)...); err == nil || !strings.Contains(out, "there is no Kolo in "+nowhere) {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	if _, err := os.Stat(nowhere); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

// TestRebuildBesideAServer: in the embedded set-up the columns belong to one process, and the command says what to do.
func TestRebuildBesideAServer(t *testing.T) {
	t.Parallel()
	k := process.New(t)
	k.Serve()
	if out, err := k.Try("admin", "rebuild"); err == nil || !strings.Contains(out, "kolo.duckdb is in use by another process") || !strings.Contains(out, "stop that one first") {
		t.Errorf("%v, %s", err, out)
	}
}
