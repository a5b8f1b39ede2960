package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"helm.sh/helm/v4/pkg/action"
)

// lint is `helm lint PATH`. Source: helm v4.3.1 pkg/cmd/lint.go.
func lint(args []string, k *known, out io.Writer) error {
	o, err := parse(args, func(f *pflag.FlagSet, o *options) { f.BoolVar(&o.strict, "strict", false, "") })
	if err != nil {
		return err
	}
	if len(o.rest) != 1 {
		return errLeft
	}
	path := o.rest[0]
	kube, err := o.kube()
	if err != nil {
		return err
	}
	given, err := o.merged()
	if err != nil {
		return err
	}
	client := action.NewLint()
	client.Strict = o.strict
	client.Namespace = o.namespace
	client.KubeVersion = kube
	client.SkipSchemaValidation = k.acceptOwn(path, o) && k.accept(path, o)
	result := client.Run([]string{path}, given)
	var message strings.Builder
	fmt.Fprintf(&message, "==> Linting %s\n", path)
	if len(result.Messages) == 0 {
		for _, err := range result.Errors {
			fmt.Fprintf(&message, "Error %s\n", err)
		}
	}
	for _, one := range result.Messages {
		fmt.Fprintf(&message, "%s\n", one)
	}
	fmt.Fprintf(out, "%s\n", message.String())
	failed := 0
	if len(result.Errors) != 0 {
		failed = 1
	}
	summary := fmt.Sprintf("1 chart(s) linted, %d chart(s) failed", failed)
	if failed > 0 {
		return errors.New(summary)
	}
	fmt.Fprintln(out, summary)
	return nil
}
