// Command testcount reads the output of go test -json, shows what failed, and
// ends with the count of tests. It fails when a test failed, was skipped (a
// missing part must not pass for a pass) or when there was none.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

func main() {
	passed, failed, skipped, broken := 0, 0, 0, 0
	output := map[string][]string{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // not of the test runner: show it
			continue
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[name] = append(output[name], e.Output)
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			switch {
			case e.Test == "":
				if e.Action == "fail" {
					broken++
					fmt.Print(strings.Join(output[name], ""))
				}
				if e.Action != "skip" { // a package without tests
					fmt.Printf("%-5s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
				}
			case e.Action == "pass":
				passed++
			case e.Action == "skip":
				skipped++
				fmt.Print("SKIPPED: ", strings.Join(output[name], ""))
			default:
				failed++
				fmt.Print(strings.Join(output[name], ""))
			}
			delete(output, name)
		}
	}
	if failed == 0 {
		failed = broken // a package that did not build, or died
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || skipped > 0 || passed == 0 {
		os.Exit(1)
	}
}
