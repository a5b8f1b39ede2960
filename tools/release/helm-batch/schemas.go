package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// known is what calls share.
type known struct {
	charts charts
	// The compiled schemas of values, by content; nil for one that has to be left to Helm.
	compiled map[[sha256.Size]byte]*jsonschema.Schema
	// The decisions of accept, by chart and values: a chart is linted and rendered with the same.
	accepted map[string]bool
}

func newKnown() *known {
	return &known{
		compiled: map[[sha256.Size]byte]*jsonschema.Schema{},
		accepted: map[string]bool{},
	}
}

// accept tells whether the schemas of a chart and of the charts below it accept its values. If not, or if it is not sure,
// Helm validates them itself.
func (k *known) accept(path string, o *options) (accepted bool) {
	key := fmt.Sprintf("%q", []any{path, o.values.ValueFiles, o.values.Values})
	if accepted, done := k.accepted[key]; done {
		return accepted
	}
	defer func() { k.accepted[key] = accepted }()
	quietly(func() {
		given, err := o.merged()
		if err != nil {
			return
		}
		loaded, err := k.charts.load(path)
		if err != nil {
			return
		}
		if err := chartutil.ProcessDependencies(loaded, given); err != nil {
			return
		}
		all, err := util.CoalesceValues(loaded, given)
		accepted = err == nil && k.below(loaded, all)
	})
	return accepted
}

// below is ValidateAgainstSchema of helm v4.3.1 pkg/chart/common/util/jsonschema.go, without its messages.
func (k *known) below(c *chart.Chart, given map[string]any) bool {
	if c.Schema != nil && !k.valid(c.Schema, given) {
		return false
	}
	for _, below := range c.Dependencies() {
		raw, there := given[below.Name()]
		if !there || raw == nil {
			continue
		}
		its, ok := raw.(map[string]any)
		if !ok || !k.below(below, its) {
			return false
		}
	}
	return true
}

// acceptOwn tells whether a chart's schema accepts its values alone, which helm lint asks for the file values.yaml.
// Source: helm v4.3.1 pkg/chart/v2/lint/rules/values.go.
func (k *known) acceptOwn(path string, o *options) (accepted bool) {
	quietly(func() {
		given, err := o.merged()
		if err != nil {
			return
		}
		own, err := common.ReadValuesFile(filepath.Join(path, "values.yaml"))
		if errors.Is(err, os.ErrNotExist) {
			accepted = true
			return
		}
		if err != nil {
			return
		}
		schema, err := os.ReadFile(filepath.Join(path, "values.schema.json"))
		if errors.Is(err, os.ErrNotExist) || (err == nil && len(schema) == 0) {
			accepted = true
			return
		}
		all := util.CoalesceTables(make(map[string]any, len(given)), given)
		accepted = err == nil && k.valid(schema, util.CoalesceTables(all, own))
	})
	return accepted
}

// valid tells whether a schema that stands for itself accepts some values.
func (k *known) valid(text []byte, given common.Values) (accepted bool) {
	defer func() {
		if recover() != nil {
			accepted = false
		}
	}()
	key := sha256.Sum256(text)
	schema, done := k.compiled[key]
	if !done {
		schema = compile(text)
		k.compiled[key] = schema
	}
	return schema != nil && schema.Validate(given.AsMap()) == nil
}

// compile is nil for a schema with a mistake, or with a reference that leaves it.
func compile(text []byte) *jsonschema.Schema {
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothing{})
	if err := compiler.AddResource("file:///values.schema.json", read); err != nil {
		return nil
	}
	schema, err := compiler.Compile("file:///values.schema.json")
	if err != nil {
		return nil
	}
	return schema
}

// nothing loads no other schema.
type nothing struct{}

func (nothing) Load(string) (any, error) { return nil, errLeft }
