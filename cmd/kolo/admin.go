package main

import (
	"fmt"

	"kolo/internal/app"
)

type adminCommand struct {
	Bootstrap bootstrapCommand `cmd:"" help:"Create a workspace, its owner and an API key, and print them once."`
	Reset     resetCommand     `cmd:"" name:"reset-password" help:"Give somebody a temporary password, print it once, and sign them out everywhere."`
	Rebuild   rebuildCommand   `cmd:"" help:"Empty the columns, which answer questions, and fill them again from the rows."`
}

// openExisting opens the rows of an instance that must be there already.
func openExisting(e *env) (*app.Rows, error) {
	if err := app.Exists(e.config); err != nil {
		return nil, err
	}
	return app.OpenRows(e, e.config, e.log)
}

type rebuildCommand struct{}

func (rebuildCommand) Run(e *env) error {
	if err := app.Exists(e.config); err != nil {
		return err
	}
	n, err := app.Rebuild(e, e.config, e.log)
	if err == nil {
		fmt.Printf("%d changes in the columns\n", n)
	}
	return err
}

type resetCommand struct {
	Email string `arg:"" help:"E-mail address of the person."`
}

func (c resetCommand) Run(e *env) error {
	r, err := openExisting(e)
	if err != nil {
		return err
	}
	defer r.Close()
	password, err := r.Identity.ResetPassword(e, c.Email)
	if err != nil {
		return err
	}
	fmt.Printf("password   %s   (temporary: it is changed at the next sign-in)\n", password)
	return nil
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
		return atFlags(err, map[string]string{"name": "--workspace", "email": "--email"})
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
