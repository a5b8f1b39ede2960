package main

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// What components hand to each other. A type for each, so that lines cannot be sent where figures are wanted.
type (
	lineSink   struct{}
	figureSink struct{}
	signalSink struct{}
	targets    []map[string]string
)

func (lineSink) AlloyCapsule()   {}
func (figureSink) AlloyCapsule() {}
func (signalSink) AlloyCapsule() {}

// kind is what is known about a component: the arguments that we use of it, and what others may refer to.
type kind struct {
	arguments func() any
	exports   map[string]any
}

// kinds are the components that we use, with the arguments of their reference pages at the version of the image.
// Something else that is wanted is one more entry here.
var kinds = map[string]kind{
	"logging":                          {func() any { return new(logging) }, nil},
	"discovery.kubernetes":             {func() any { return new(discoverKubernetes) }, map[string]any{"targets": targets{}}},
	"discovery.relabel":                {func() any { return new(discoverRelabel) }, map[string]any{"output": targets{}, "rules": []relabelRule{}}},
	"loki.source.kubernetes":           {func() any { return new(kubernetesLines) }, nil},
	"loki.source.kubernetes_events":    {func() any { return new(kubernetesEvents) }, nil},
	"loki.process":                     {func() any { return new(lokiProcess) }, map[string]any{"receiver": lineSink{}}},
	"loki.write":                       {func() any { return new(lokiWrite) }, map[string]any{"receiver": lineSink{}}},
	"otelcol.receiver.otlp":            {func() any { return new(otlpReceiver) }, nil},
	"otelcol.processor.memory_limiter": {func() any { return new(memoryLimiter) }, map[string]any{"input": signalSink{}}},
	"otelcol.processor.attributes":     {func() any { return new(attributes) }, map[string]any{"input": signalSink{}}},
	"otelcol.processor.batch":          {func() any { return new(batch) }, map[string]any{"input": signalSink{}}},
	"otelcol.exporter.otlp":            {func() any { return new(otlpExporter) }, map[string]any{"input": signalSink{}}},
	"otelcol.exporter.prometheus":      {func() any { return new(prometheusExporter) }, map[string]any{"input": signalSink{}}},
	"prometheus.remote_write":          {func() any { return new(remoteWrite) }, map[string]any{"receiver": figureSink{}}},
}

type logging struct {
	Level  string `alloy:"level,attr,optional"`
	Format string `alloy:"format,attr,optional"`
}

func (l *logging) SetToDefault() { *l = logging{Level: "info", Format: "logfmt"} }

func (l *logging) Validate() error {
	return errors.Join(oneOf("level", l.Level, "error", "warn", "info", "debug"), oneOf("format", l.Format, "logfmt", "json"))
}

type discoverKubernetes struct {
	Role       string `alloy:"role,attr"`
	Namespaces *struct {
		OwnNamespace bool     `alloy:"own_namespace,attr,optional"`
		Names        []string `alloy:"names,attr,optional"`
	} `alloy:"namespaces,block,optional"`
	Selectors []struct {
		Role  string `alloy:"role,attr"`
		Label string `alloy:"label,attr,optional"`
		Field string `alloy:"field,attr,optional"`
	} `alloy:"selectors,block,optional"`
}

func (d *discoverKubernetes) Validate() error {
	return oneOf("role", d.Role, "node", "pod", "service", "endpoints", "endpointslice", "ingress")
}

type discoverRelabel struct {
	Targets targets       `alloy:"targets,attr"`
	Rules   []relabelRule `alloy:"rule,block,optional"`
}

type relabelRule struct {
	SourceLabels []string `alloy:"source_labels,attr,optional"`
	Separator    string   `alloy:"separator,attr,optional"`
	Regex        string   `alloy:"regex,attr,optional"`
	TargetLabel  string   `alloy:"target_label,attr,optional"`
	Replacement  string   `alloy:"replacement,attr,optional"`
	Action       string   `alloy:"action,attr,optional"`
}

func (r *relabelRule) SetToDefault() {
	*r = relabelRule{Separator: ";", Regex: "(.*)", Replacement: "$1", Action: "replace"}
}

func (r *relabelRule) Validate() error {
	if r.Action == "replace" && r.TargetLabel == "" {
		return errors.New("replace wants a target_label")
	}
	return errors.Join(pattern("regex", r.Regex), oneOf("action", r.Action, "replace", "keep", "drop", "labelkeep", "labeldrop"))
}

type kubernetesLines struct {
	Targets   targets    `alloy:"targets,attr"`
	ForwardTo []lineSink `alloy:"forward_to,attr"`
}

type kubernetesEvents struct {
	JobName    string     `alloy:"job_name,attr,optional"`
	Namespaces []string   `alloy:"namespaces,attr,optional"`
	LogFormat  string     `alloy:"log_format,attr,optional"`
	ForwardTo  []lineSink `alloy:"forward_to,attr"`
}

func (k *kubernetesEvents) SetToDefault() {
	*k = kubernetesEvents{JobName: "loki.source.kubernetes_events", LogFormat: "logfmt"}
}

func (k *kubernetesEvents) Validate() error {
	return oneOf("log_format", k.LogFormat, "logfmt", "json")
}

type lokiProcess struct {
	ForwardTo []lineSink `alloy:"forward_to,attr"`
	Stages    []stage    `alloy:"stage,enum,optional"`
}

// stage has one of its fields set: which one is what follows the dot in `stage.drop`.
type stage struct {
	Drop         *dropStage    `alloy:"drop,block,optional"`
	Replace      *replaceStage `alloy:"replace,block,optional"`
	Limit        *limitStage   `alloy:"limit,block,optional"`
	LabelKeep    *keepStage    `alloy:"label_keep,block,optional"`
	StaticLabels *staticStage  `alloy:"static_labels,block,optional"`
}

type dropStage struct {
	Reason     string        `alloy:"drop_counter_reason,attr,optional"`
	Expression string        `alloy:"expression,attr,optional"`
	OlderThan  time.Duration `alloy:"older_than,attr,optional"`
}

func (d *dropStage) Validate() error {
	if d.Expression == "" && d.OlderThan == 0 {
		return errors.New("would drop every line")
	}
	return pattern("expression", d.Expression)
}

type replaceStage struct {
	Expression string `alloy:"expression,attr"`
	Replace    string `alloy:"replace,attr,optional"`
}

func (r *replaceStage) Validate() error {
	if err := pattern("expression", r.Expression); err != nil {
		return err
	}
	if regexp.MustCompile(r.Expression).NumSubexp() == 0 {
		return errors.New("expression has no group, so nothing is replaced")
	}
	return nil
}

type limitStage struct {
	Rate        float64 `alloy:"rate,attr"`
	Burst       int     `alloy:"burst,attr"`
	ByLabelName string  `alloy:"by_label_name,attr,optional"`
	Drop        bool    `alloy:"drop,attr,optional"`
}

func (l *limitStage) Validate() error {
	if l.Rate <= 0 || l.Burst <= 0 {
		return errors.New("rate and burst must be above zero")
	}
	if l.ByLabelName != "" && !l.Drop {
		return errors.New("a limit for each label must drop")
	}
	return nil
}

type keepStage struct {
	Values []string `alloy:"values,attr"`
}

type staticStage struct {
	Values map[string]string `alloy:"values,attr"`
}

type lokiWrite struct {
	Endpoints []endpoint        `alloy:"endpoint,block"`
	Labels    map[string]string `alloy:"external_labels,attr,optional"`
}

type endpoint struct {
	URL string `alloy:"url,attr"`
}

func (e *endpoint) Validate() error {
	if !regexp.MustCompile(`^https?://[a-z0-9.-]+(:[0-9]+)?/`).MatchString(e.URL) {
		return fmt.Errorf("url %q is not a full one", e.URL)
	}
	return nil
}

type otlpReceiver struct {
	GRPC   *listener `alloy:"grpc,block,optional"`
	HTTP   *listener `alloy:"http,block,optional"`
	Output output    `alloy:"output,block"`
}

func (r *otlpReceiver) Validate() error {
	if r.GRPC == nil && r.HTTP == nil {
		return errors.New("listens to nothing: grpc, http or both")
	}
	return nil
}

type listener struct {
	Endpoint string `alloy:"endpoint,attr"`
}

type output struct {
	Metrics []signalSink `alloy:"metrics,attr,optional"`
	Logs    []signalSink `alloy:"logs,attr,optional"`
	Traces  []signalSink `alloy:"traces,attr,optional"`
}

type memoryLimiter struct {
	CheckInterval time.Duration `alloy:"check_interval,attr"`
	Limit         string        `alloy:"limit,attr"`
	SpikeLimit    string        `alloy:"spike_limit,attr,optional"`
	Output        output        `alloy:"output,block"`
}

func (m *memoryLimiter) Validate() error {
	size := regexp.MustCompile(`^[0-9]+[KMG]iB$`)
	if !size.MatchString(m.Limit) || (m.SpikeLimit != "" && !size.MatchString(m.SpikeLimit)) {
		return errors.New("limit and spike_limit are sizes such as 400MiB")
	}
	return nil
}

type attributes struct {
	Actions []action `alloy:"action,block"`
	Output  output   `alloy:"output,block"`
}

type action struct {
	Key     string `alloy:"key,attr,optional"`
	Pattern string `alloy:"pattern,attr,optional"`
	Action  string `alloy:"action,attr"`
}

func (a *action) Validate() error {
	if a.Key == "" && a.Pattern == "" {
		return errors.New("an action wants a key or a pattern")
	}
	return errors.Join(pattern("pattern", a.Pattern), oneOf("action", a.Action, "delete", "hash"))
}

type batch struct {
	Timeout time.Duration `alloy:"timeout,attr,optional"`
	Output  output        `alloy:"output,block"`
}

type otlpExporter struct {
	Client struct {
		Endpoint string `alloy:"endpoint,attr"`
		TLS      *struct {
			Insecure bool `alloy:"insecure,attr,optional"`
		} `alloy:"tls,block,optional"`
	} `alloy:"client,block"`
}

type prometheusExporter struct {
	ForwardTo []figureSink `alloy:"forward_to,attr"`
}

type remoteWrite struct {
	Endpoints []endpoint `alloy:"endpoint,block"`
}

func oneOf(name, value string, allowed ...string) error {
	for _, item := range allowed {
		if item == value {
			return nil
		}
	}
	return fmt.Errorf("%s is %q, not one of %q", name, value, allowed)
}

func pattern(name, expression string) error {
	if _, err := regexp.Compile(expression); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
