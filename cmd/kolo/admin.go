package main

import (
	"fmt"

	"kolo/internal/app"
)

type adminCommand struct {
	Bootstrap bootstrapCommand `cmd:"" help:"Create a workspace, its owner and an API key, and print them once."`
}

type bootstrapCommand struct {
	Workspace string `required:"" help:"Name of the workspace."`
	Email     string `required:"" help:"E-mail address of its owner."`
}

func (c bootstrapCommand) Run(e *env) error {
	r, err := app.OpenRows(e, e.config, e.log)
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := r.Identity.Bootstrap(e, c.Workspace, c.Email)
	if err != nil {
		return err
	}
	fmt.Printf("workspace  %s (%s)\n", b.Workspace.Name, b.Workspace.ID)
	fmt.Printf("owner      %s\n", b.Member.Email)
	if b.Password != "" {
		fmt.Printf("password   %s   (temporary: it is changed at the first sign-in)\n", b.Password)
	} else {
		fmt.Printf("password   the one that %s has already\n", b.Member.Email)
	}
	fmt.Printf("api key    %s\n", b.Secret)
	fmt.Println("This is shown once. Keep the key where only the program that needs it can read it.")
	return nil
}
