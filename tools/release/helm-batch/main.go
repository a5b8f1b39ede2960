// Many calls of `helm template` and `helm lint` in one process, by Helm's own packages.
//
// Each line of the input is a JSON array: the arguments of one call, as helm takes them. The answer to it is a line too,
// with how helm would end and what it would write:
//
//	{"code": 0, "stdout": "---\n# Source: …", "stderr": ""}
//
// The calls are made one after the other, because Helm's log belongs to the process. A call that takes longer than the
// limit, or has arguments that are not known here, ends this process with exit code 3: it and all that follow are left
// to helm. With the argument `version` it tells the version of these packages.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
)

// A process lives for seconds: collecting garbage less often saves a tenth of them.
const (
	gcPercent   = 1000
	memoryLimit = 512 << 20
)

// How long a call may take; the largest umbrella takes a fifth of a second.
const limit = 20 * time.Second

const exitLeft = 3

// What is not known here, so that only helm itself can answer.
var errLeft = errors.New("left to helm")

// Answer is how helm would end.
type answer struct {
	Code   int    `json:"code"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(common.DefaultCapabilities.HelmVersion.Version)
		return
	}
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	replies := os.Stdout
	os.Stdout = os.Stderr // whatever else prints must not look like an answer
	if err := serve(os.Stdin, replies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitLeft)
	}
}

// serve answers every line of the input.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	k := newKnown()
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var args []string
			if err := json.Unmarshal(line, &args); err != nil {
				return fmt.Errorf("%w: %w", errLeft, err)
			}
			watchdog := time.AfterFunc(limit, func() { os.Exit(exitLeft) })
			err := respond(args, k, out)
			watchdog.Stop()
			if err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// respond makes one call and writes its answer.
func respond(args []string, k *known, out io.Writer) error {
	var stdout, stderr bytes.Buffer
	slog.SetDefault(slog.New(logTo(&stderr)))
	err := call(args, k, &stdout)
	if errors.Is(err, errLeft) {
		return err
	}
	result := answer{}
	if err != nil {
		result.Code = 1
		fmt.Fprintln(&stderr, "Error:", err) // as cobra does for helm
	}
	result.Stdout, result.Stderr = stdout.String(), stderr.String()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(result)
}

func call(args []string, k *known, out io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "template":
		return template(args[1:], k, out)
	case len(args) > 0 && args[0] == "lint":
		return lint(args[1:], k, out)
	}
	return errLeft
}

// logTo is the log as helm writes it: without the time, and without what it writes only with --debug.
// Source: helm v4.3.1 internal/logging/logging.go.
func logTo(out io.Writer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{
		Level: slog.LevelInfo,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
}

// quietly does something without its log.
func quietly(work func()) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	work()
	slog.SetDefault(before)
}
