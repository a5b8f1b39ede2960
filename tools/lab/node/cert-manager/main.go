// cert-manager's controller, webhook and cainjector in one program, which reads from its name what it is.
//
// Upstream's: the configuration with its defaults and its judgement, every controller, issuer and solver, the webhook, the
// injectors. Ours: what puts them together, in the order of upstream's commands, with the flags that our chart has and no
// others, without profiling and without TLS for metrics.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cert-manager/cert-manager/internal/cmd/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation/field"
	logsapi "k8s.io/component-base/logs/api/v1"
	ctrl "sigs.k8s.io/controller-runtime"
)

var programs = map[string]func(context.Context, []string) error{
	"controller": controllerMain,
	"webhook":    webhookMain,
	"cainjector": cainjectorMain,
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "%s is none of cert-manager's programs\n", name)
		os.Exit(1)
	}
	ctx, exit := util.SetupExitHandler(context.Background(), util.GracefulShutdown)
	defer exit()
	logf.InitLogs()
	defer logf.FlushLogs()
	ctrl.SetLogger(logf.Log)
	if err := run(logf.NewContext(ctx, logf.Log, name), os.Args[1:]); err != nil {
		logf.Log.Error(err, "error executing command")
		util.SetExitCode(err)
	}
}

// parsed reads the flags, and has upstream judge what came of them.
func parsed(flags *pflag.FlagSet, arguments []string, logging *logsapi.LoggingConfiguration, judge func() field.ErrorList) error {
	logf.AddFlags(logging, flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if errs := judge(); len(errs) > 0 {
		return fmt.Errorf("error validating flags: %w", errs.ToAggregate())
	}
	return logf.ValidateAndApply(logging)
}
