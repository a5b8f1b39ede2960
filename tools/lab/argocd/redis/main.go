// redis serves Argo CD's cache from memory, for a lab that ends with its parent.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// version is set by the linker.
var version = "devel"

func main() {
	address := flag.String("address", "127.0.0.1:6379", "host:port to listen on")
	asked := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *asked {
		fmt.Println("miniredis", version)
		return
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(*address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer server.Close()
	fmt.Println("listening on", server.Addr())

	// Expiry follows the clock of the process, which miniredis leaves to its caller.
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	for {
		select {
		case <-tick.C:
			server.FastForward(time.Second)
		case <-ended:
			return
		}
	}
}
