package tmpl

import (
	"fmt"
	"slices"
	"strings"
)

const secretPrefix = "{{secret."

// SecretRefs returns the names in the {{secret.NAME}} references of a setting,
// each once. The error is worded for the setting's author.
func SecretRefs(text string) ([]string, error) {
	var names []string
	_, err := ExpandSecrets(text, func(name string) (string, error) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		return "", nil
	})
	return names, err
}

// ExpandSecrets returns text with every {{secret.NAME}} replaced by what look
// returns. What look returns is not searched again, so a secret that looks like
// a reference stays as it is.
func ExpandSecrets(text string, look func(name string) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, secretPrefix)
		if strings.Contains(before, "{{") {
			return "", fmt.Errorf("has {{ that starts no secret: write {{secret.NAME}}")
		}
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || !validSecretName(name) {
			return "", fmt.Errorf("has a secret without a valid name: write {{secret.NAME}} with letters, digits and _")
		}
		value, err := look(name)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		text = after
	}
}

func validSecretName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return true
}
