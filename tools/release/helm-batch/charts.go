package main

import (
	"fmt"

	loading "helm.sh/helm/v4/pkg/chart/loader"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// charts has the chart that was read last: an umbrella unpacks an archive for each member, and is rendered with many values
// one after the other. Nobody changes a chart while this process runs.
type charts struct {
	path string
	read *chart.Chart
}

// load is a chart that its caller may change, as Helm does when it works out the dependencies.
func (c *charts) load(path string) (*chart.Chart, error) {
	if c.read != nil && c.path == path {
		return cloned(c.read), nil
	}
	loaded, err := loading.Load(path)
	if err != nil {
		return nil, err
	}
	made, ok := loaded.(*chart.Chart)
	if !ok {
		return nil, fmt.Errorf("%w: %s is no chart of version 2", errLeft, path)
	}
	c.path, c.read = path, made
	return cloned(made), nil
}

// cloned is a copy of everything in a chart that Helm changes; the contents of its files are shared.
func cloned(c *chart.Chart) *chart.Chart {
	made := *c
	made.Values, _ = copied(c.Values).(map[string]any)
	if c.Metadata != nil {
		metadata := *c.Metadata
		metadata.Dependencies = nil
		for _, one := range c.Metadata.Dependencies {
			if one != nil {
				copied := *one
				one = &copied
			}
			metadata.Dependencies = append(metadata.Dependencies, one)
		}
		made.Metadata = &metadata
	}
	below := make([]*chart.Chart, 0, len(c.Dependencies()))
	for _, one := range c.Dependencies() {
		below = append(below, cloned(one))
	}
	made.SetDependencies(below...)
	return &made
}

// copied is a copy of values as YAML has them.
func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			return value
		}
		made := make(map[string]any, len(value))
		for key, one := range value {
			made[key] = copied(one)
		}
		return made
	case []any:
		if value == nil {
			return value
		}
		made := make([]any, len(value))
		for i, one := range value {
			made[i] = copied(one)
		}
		return made
	}
	return value
}
