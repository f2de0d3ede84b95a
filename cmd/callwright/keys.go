package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/control"
	"callwright/internal/secret"
)

func keys() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Manage API keys"}
	cmd.AddCommand(createKey(), listKeys(), rotateKey(), revokeKey())
	return cmd
}

// keysCommand is a command that works on the server's data, beside a server that
// may be running.
func keysCommand(cmd *cobra.Command, org *string, run func(ctx context.Context, c *control.Service, args []string, out io.Writer) error) *cobra.Command {
	o := app.Defaults()
	var database string
	dataFlags(cmd.Flags(), &o.Data, &database)
	cmd.Flags().StringVar(org, "org", "", "name of the organization")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		o.Log, o.DatabaseURL = slog.New(slog.DiscardHandler), secret.New(database)
		server, err := app.New(cmd.Context(), o)
		if err != nil {
			return err
		}
		return errors.Join(run(cmd.Context(), server.Control, args, cmd.OutOrStdout()), server.Close())
	}
	return cmd
}

func createKey() *cobra.Command {
	var org, name, scopes, env, expires string
	cmd := &cobra.Command{Use: "create", Short: "Make an API key and print it, alone, on standard output", Args: cobra.NoArgs}
	keysCommand(cmd, &org, func(ctx context.Context, c *control.Service, _ []string, out io.Writer) error {
		end, err := parseExpires(expires, time.Now())
		if err != nil {
			return err
		}
		_, plain, err := c.IssueKey(ctx, org, control.KeySpec{Name: name, Env: callwright.Environment(env), Scopes: parseScopes(scopes), Expires: end})
		if err != nil {
			return err
		}
		fmt.Fprintln(out, plain)
		return nil
	})
	f := cmd.Flags()
	f.Lookup("org").Usage = "name of the organization, which is made if there is none"
	f.StringVar(&name, "name", "", "name of the key")
	f.StringVar(&scopes, "scopes", "", "all, or a list such as agents:read,skills:write")
	f.StringVar(&env, "env", string(callwright.Live), "live, or test: a key that talks to drafts only")
	f.StringVar(&expires, "expires", "", "when it ends: a duration such as 720h, or a date such as 2027-12-31 (00:00 UTC) (default never)")
	return cmd
}

// parseExpires reads a duration from now, a date or an instant. Whether it lies in
// the future is for control to judge.
func parseExpires(text string, now time.Time) (callwright.Time, error) {
	if text == "" {
		return 0, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return callwright.At(now.Add(d)), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return callwright.At(t), nil
		}
	}
	return 0, fmt.Errorf("--expires: use a duration such as 720h, or a date such as 2027-12-31")
}

func listKeys() *cobra.Command {
	var org string
	cmd := &cobra.Command{Use: "list", Short: "List the keys of an organization", Args: cobra.NoArgs}
	return keysCommand(cmd, &org, func(ctx context.Context, c *control.Service, _ []string, out io.Writer) error {
		actor, err := c.CommandLine(ctx, org)
		if err != nil {
			return err
		}
		lines, err := c.AllKeys(ctx, actor)
		if err != nil {
			return err
		}
		return printKeys(out, lines)
	})
}

func printKeys(out io.Writer, lines []control.KeyLine) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tENV\tKIND\tPREFIX\tSCOPES\tLAST USED\tEXPIRES\tSTATE")
	for _, k := range lines {
		state := k.State
		if state == "active" && k.GraceEndsAt != 0 {
			state += ", the one before until " + minute(k.GraceEndsAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s…\t%s\t%s\t%s\t%s\n", k.ID, printable(k.Name), k.Env, k.Kind, k.Prefix, scopeNames(k.Scopes), minute(k.LastUsedAt), minute(k.ExpiresAt), state)
	}
	return w.Flush()
}

// printable keeps a name on its line and in its column.
func printable(name string) string { return strings.Join(strings.Fields(name), " ") }

func scopeNames(scopes []callwright.Scope) string {
	if all := callwright.Scopes(); len(scopes) == len(all) && !slices.ContainsFunc(all, func(s callwright.Scope) bool { return !slices.Contains(scopes, s) }) {
		return "all"
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ",")
}

func minute(t callwright.Time) string {
	if t == 0 {
		return "never"
	}
	return t.Time().Format("2006-01-02T15:04Z")
}

func rotateKey() *cobra.Command {
	var org string
	var grace time.Duration
	cmd := &cobra.Command{Use: "rotate ID", Short: "Give a key another text and print it, alone, on standard output", Args: cobra.ExactArgs(1)}
	keysCommand(cmd, &org, func(ctx context.Context, c *control.Service, args []string, out io.Writer) error {
		actor, err := c.CommandLine(ctx, org)
		if err != nil {
			return err
		}
		var plain string
		if id, ok := publishableID(args[0]); ok {
			var k callwright.PublishableKey
			k, err = c.RotatePublishableKey(ctx, actor, "", id, grace, nil)
			plain = k.KeyPublic
		} else {
			_, plain, err = c.RotateKey(ctx, actor, callwright.KeyID(args[0]), grace)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, plain)
		return nil
	})
	cmd.Flags().DurationVar(&grace, "grace", control.DefaultGrace, "how long the old text works too; 0 ends it at once")
	return cmd
}

func revokeKey() *cobra.Command {
	var org string
	cmd := &cobra.Command{Use: "revoke ID", Short: "End a key at once, for good", Args: cobra.ExactArgs(1)}
	return keysCommand(cmd, &org, func(ctx context.Context, c *control.Service, args []string, out io.Writer) error {
		actor, err := c.CommandLine(ctx, org)
		if err != nil {
			return err
		}
		if id, ok := publishableID(args[0]); ok {
			err = c.RevokePublishableKey(ctx, actor, "", id)
		} else {
			err = c.RevokeKey(ctx, actor, callwright.KeyID(args[0]))
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "revoked "+args[0])
		return nil
	})
}

// publishableID tells the id of a publishable key from that of a secret one.
func publishableID(id string) (callwright.PublishableKeyID, bool) {
	p := callwright.PublishableKeyID(id)
	return p, strings.HasPrefix(id, p.Prefix())
}

func parseScopes(text string) []callwright.Scope {
	if text == "all" {
		return callwright.Scopes()
	}
	var out []callwright.Scope
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, callwright.Scope(s))
		}
	}
	return out
}
