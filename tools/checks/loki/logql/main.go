// logql reads questions in LogQL with Loki's own parser.
//
// Standard input is a JSON list of texts; each that the parser refuses is a line `position: message`, and the exit code is 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

func main() {
	var queries []string
	if err := json.NewDecoder(os.Stdin).Decode(&queries); err != nil {
		fmt.Fprintln(os.Stderr, "standard input is not a JSON list of texts:", err)
		os.Exit(2)
	}
	failed := false
	for position, query := range queries {
		if _, err := syntax.ParseExpr(query); err != nil {
			fmt.Printf("%d: %v\n", position, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
