package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// environment fills flags that were not given from CALLWRIGHT_… variables: the
// flag's name in capitals, or that with _FILE for the name of a file that holds
// the value. Values of a list are separated by spaces, since a CIDR's ports have
// commas.
func environment(flags *pflag.FlagSet) error {
	var bad error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" {
			return
		}
		name := variable(f.Name)
		value, ok := os.LookupEnv(name)
		if path, set := os.LookupEnv(name + "_FILE"); set && !ok {
			raw, err := os.ReadFile(path)
			if err != nil {
				bad = errors.Join(bad, fmt.Errorf("%s_FILE: %w", name, err))
				return
			}
			value, ok = strings.TrimSpace(string(raw)), true
		}
		if !ok {
			return
		}
		values := []string{value}
		if f.Value.Type() == "stringArray" {
			values = strings.Fields(value)
		}
		for _, v := range values {
			if err := flags.Set(f.Name, v); err != nil {
				bad = errors.Join(bad, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	return bad
}

// variable is the name of a flag's environment variable.
func variable(flag string) string {
	return "CALLWRIGHT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
