// inhibited tells which alerts Alertmanager would hold back: it reads alerts that fire together, as a JSON list of label
// sets, and prints `true` or `false` for each of them, as Alertmanager's own code judges them by a configuration.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/types"
	"github.com/prometheus/common/model"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: inhibited alertmanager.yml < alerts.json")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string) error {
	configuration, err := config.LoadFile(file)
	if err != nil {
		return err
	}
	var firing []model.LabelSet
	if err := json.NewDecoder(os.Stdin).Decode(&firing); err != nil {
		return err
	}
	recorder := eventrecorder.NopRecorder()
	alerts, err := mem.NewAlerts(ctx, time.Hour, 0, nil, slog.New(slog.DiscardHandler), recorder, nil, nil)
	if err != nil {
		return err
	}
	defer alerts.Close()
	now := time.Now()
	for _, labels := range firing {
		alert := model.Alert{Labels: labels, StartsAt: now, EndsAt: now.Add(time.Hour)}
		if err := alerts.Put(ctx, &types.Alert{Alert: alert, UpdatedAt: now}); err != nil {
			return err
		}
	}
	inhibitor := inhibit.NewInhibitor(alerts, configuration.InhibitRules, slog.New(slog.DiscardHandler), recorder)
	go inhibitor.Run()
	defer inhibitor.Stop()
	inhibitor.WaitForLoading()
	for _, labels := range firing {
		fmt.Println(inhibitor.Mutes(ctx, labels))
	}
	return nil
}
