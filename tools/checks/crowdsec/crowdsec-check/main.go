// crowdsec-check reads configuration as CrowdSec does: `config` by its own loader, with what lies over the file in FILE.local,
// and `logs` by the strict reader of its file source. The source of requests wants a firewall that no registry vouches for.
package main

import (
	"fmt"
	"os"

	"github.com/crowdsecurity/crowdsec/pkg/acquisition/modules/file"
	"github.com/crowdsecurity/crowdsec/pkg/csconfig"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: crowdsec-check config|logs FILE"))
	}
	if os.Args[1] == "config" {
		_, merged, err := csconfig.NewConfig(os.Args[2], false, false, true)
		fail(err)
		fmt.Print(merged)
		return
	}
	text, err := os.ReadFile(os.Args[2])
	fail(err)
	source := fileacquisition.Source{}
	fail(source.UnmarshalConfig(text))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
