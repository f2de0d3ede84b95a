package builtin

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed lists/cities.txt
var cityList string

//go:embed lists/names.txt
var nameList string

// cities and firstNames are in lower case; lists/README.md tells where they come from.
var cities = sync.OnceValue(func() map[string]bool { return setOf(cityList) })

var firstNames = sync.OnceValue(func() map[string]bool { return setOf(nameList) })

func setOf(list string) map[string]bool {
	out := make(map[string]bool, strings.Count(list, "\n"))
	for line := range strings.Lines(list) {
		out[strings.TrimSuffix(line, "\n")] = true
	}
	return out
}
