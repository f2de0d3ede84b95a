package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"callwright/internal/app"
	"callwright/internal/ascode"
	"callwright/internal/client"
)

func export() *cobra.Command {
	var c client.Client
	var withID bool
	cmd := &cobra.Command{Use: "export AGENT_ID", Short: "Print an agent with its skills, rules and widget as YAML", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		c.URL = strings.TrimRight(c.URL, "/")
		return ascode.Export(cmd.Context(), c, args[0], withID, cmd.OutOrStdout())
	}}
	clientFlags(cmd.Flags(), &c, "agents, skills, guardrails and widgets, read")
	cmd.Flags().BoolVar(&withID, "with-id", false, "write the agent's id too, so that the file stays with it when its name changes")
	return cmd
}

func apply() *cobra.Command {
	var c client.Client
	var o ascode.Options
	var file string
	cmd := &cobra.Command{Use: "apply -f FILE", Short: "Make an agent what a YAML file says", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		f, err := readFile(file, cmd.InOrStdin())
		if err != nil {
			return err
		}
		c.URL = strings.TrimRight(c.URL, "/")
		return ascode.Apply(cmd.Context(), c, f, o, cmd.OutOrStdout())
	}}
	f := cmd.Flags()
	f.StringVarP(&file, "file", "f", "", "the file, as callwright export prints it; - for standard input")
	clientFlags(f, &c, "agents, skills, guardrails and widgets, read and write")
	f.BoolVar(&o.DryRun, "dry-run", false, "tell what would change, and change nothing")
	f.BoolVar(&o.Prune, "prune", false, "delete skills, and clear sections, that the file does not have")
	f.BoolVar(&o.RotateSecrets, "rotate-secrets", false, "send secrets that the file holds in clear even where the server has one")
	f.BoolVar(&o.Publish, "publish", false, "publish the draft when it is not what callers get")
	return cmd
}

func readFile(name string, in io.Reader) (*ascode.File, error) {
	var text []byte
	var err error
	switch name {
	case "":
		return nil, fmt.Errorf("-f is required: the file to apply, or - for standard input")
	case "-":
		name = "standard input"
		text, err = io.ReadAll(in)
	default:
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	return ascode.Parse(name, text)
}

// clientFlags are the flags of a command that speaks to a server.
func clientFlags(f *pflag.FlagSet, c *client.Client, scopes string) {
	f.StringVar(&c.URL, "url", "http://"+app.Defaults().Listen, "the server")
	f.StringVar(&c.Key, "key", "", "API key for "+scopes+"; better in CALLWRIGHT_KEY")
}
