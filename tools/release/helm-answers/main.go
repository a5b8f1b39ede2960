// The helm that chart-testing finds on its PATH: it repeats the answers that are in a folder, and runs helm for the rest.
//
// HELM_ANSWERS is a folder with a file for each answer, called after the SHA-256 of the arguments as a JSON array: a line
// with exit code and length of the output, the output, and the errors. HELM_PROGRAM is helm itself.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// The version of Helm beside which it was built.
var version string

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--answers-version" {
		fmt.Println(version)
		return
	}
	if content, err := os.ReadFile(filepath.Join(os.Getenv("HELM_ANSWERS"), name(os.Args[1:]))); err == nil {
		head, rest, _ := bytes.Cut(content, []byte("\n"))
		var code, length int
		if _, err := fmt.Sscanf(string(head), "%d %d", &code, &length); err == nil && length <= len(rest) {
			os.Stdout.Write(rest[:length])
			os.Stderr.Write(rest[length:])
			os.Exit(code)
		}
	}
	program := os.Getenv("HELM_PROGRAM")
	err := syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ())
	fmt.Fprintln(os.Stderr, "helm-answers:", program, err)
	os.Exit(127)
}

func name(args []string) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(args)
	sum := sha256.Sum256(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:])
}
