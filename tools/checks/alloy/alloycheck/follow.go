package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// line is one of a log: where it comes in, and what it carries.
type line struct {
	// From is a component: a `discovery.relabel` for a pod's line, whose labels are then those of the pod's discovery; or a `loki.process`.
	From   string            `json:"from"`
	Labels map[string]string `json:"labels"`
	Text   string            `json:"text"`
}

// play lets lines through the stages of the file and writes those that leave, with their labels. The limit is not played.
func play(components map[string]*component, in io.Reader, out io.Writer) error {
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var item line
		if err := decoder.Decode(&item); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if first, ok := components[item.From]; !ok {
			return fmt.Errorf("there is no %s", item.From)
		} else if rules, ok := first.arguments.(*discoverRelabel); ok {
			if !relabel(rules.Rules, item.Labels) {
				continue
			}
			item.From = next(components, item.From)
		}
		if process(components, &item) {
			if err := encoder.Encode(item); err != nil {
				return err
			}
		}
	}
}

// next is the component that lines of a discovery's pods go to.
func next(components map[string]*component, from string) string {
	for _, item := range ordered(components) {
		if _, ok := item.arguments.(*kubernetesLines); ok && slices.Contains(item.refers, from+".output") {
			return target(components, item)
		}
	}
	return ""
}

func target(components map[string]*component, item *component) string {
	for _, name := range item.refers {
		if strings.HasSuffix(name, ".receiver") {
			return owner(components, name)
		}
	}
	return ""
}

// process runs the stages of one component after the other; false when a line is dropped on the way.
func process(components map[string]*component, item *line) bool {
	for {
		at, ok := components[item.From]
		if !ok {
			return false
		}
		stages, ok := at.arguments.(*lokiProcess)
		if !ok {
			return true
		}
		for _, each := range stages.Stages {
			if !each.pass(item) {
				return false
			}
		}
		item.From = target(components, at)
	}
}

func (s stage) pass(item *line) bool {
	switch {
	case s.Drop != nil:
		return s.Drop.Expression == "" || !regexp.MustCompile(s.Drop.Expression).MatchString(item.Text)
	case s.Replace != nil:
		item.Text = s.Replace.apply(item.Text)
	case s.LabelKeep != nil:
		for name := range item.Labels {
			if !slices.Contains(s.LabelKeep.Values, name) {
				delete(item.Labels, name)
			}
		}
	case s.StaticLabels != nil:
		for name, value := range s.StaticLabels.Values {
			item.Labels[name] = value
		}
	}
	return true
}

// apply puts the replacement in place of each group, as the stage does.
func (r *replaceStage) apply(text string) string {
	var result strings.Builder
	end := 0
	for _, match := range regexp.MustCompile(r.Expression).FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(match); i += 2 {
			if match[i] >= end {
				result.WriteString(text[end:match[i]] + r.Replace)
				end = match[i+1]
			}
		}
	}
	return result.String() + text[end:]
}

// relabel applies rules as Prometheus does, and takes away what begins with two underscores; false when it is dropped.
func relabel(rules []relabelRule, labels map[string]string) bool {
	for _, rule := range rules {
		values := make([]string, len(rule.SourceLabels))
		for i, name := range rule.SourceLabels {
			values[i] = labels[name]
		}
		joined := strings.Join(values, rule.Separator)
		whole := regexp.MustCompile("^(?s:" + rule.Regex + ")$")
		match := whole.FindStringSubmatchIndex(joined)
		switch rule.Action {
		case "keep", "drop":
			if (match != nil) == (rule.Action == "drop") {
				return false
			}
		case "replace":
			if match != nil {
				if value := string(whole.ExpandString(nil, rule.Replacement, joined, match)); value != "" {
					labels[rule.TargetLabel] = value
				} else {
					delete(labels, rule.TargetLabel)
				}
			}
		default:
			for name := range labels {
				if whole.MatchString(name) == (rule.Action == "labeldrop") {
					delete(labels, name)
				}
			}
		}
	}
	for name := range labels {
		if strings.HasPrefix(name, "__") {
			delete(labels, name)
		}
	}
	return true
}
