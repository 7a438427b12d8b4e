package main

import (
	"errors"
	"log/slog"
	"slices"
	"testing"

	"kolo/internal/foundation/config"
	"kolo/internal/foundation/fault"
)

// What is wrong is said of the flag that was typed.
func TestWhatIsWrongIsSaidOfFlags(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + t.TempDir()}, config.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	e := &env{t.Context(), cfg, slog.New(slog.DiscardHandler)}
	for _, c := range []struct {
		command interface{ Run(*env) error }
		flags   []string
	}{
		{bootstrapCommand{Workspace: "", Email: "bad"}, []string{"--email", "--workspace"}},
		{demoCommand{Feedback: 0, Workspace: "x"}, []string{"--feedback"}},
		{demoCommand{Feedback: -5, Workspace: "x"}, []string{"--feedback"}},
		{demoCommand{Feedback: 10, End: "soon", Workspace: "x"}, []string{"--end"}},
	} {
		var f *fault.Error
		if err := c.command.Run(e); !errors.As(err, &f) {
			t.Errorf("%+v: %v", c.command, err)
			continue
		}
		var flags []string
		for _, x := range f.Fields {
			flags = append(flags, x.Path)
		}
		slices.Sort(flags)
		if !slices.Equal(flags, c.flags) {
			t.Errorf("%+v: %v", c.command, f.Fields)
		}
	}
}
