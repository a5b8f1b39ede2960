// Command lifecycle prints the API versions that Kubernetes has announced the end of, by the markers on its own types
// (APILifecycleDeprecated, APILifecycleRemoved, APILifecycleReplacement of k8s.io/api), as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

type end struct {
	APIVersion  string `json:"apiVersion"`
	Kind        string `json:"kind"`
	Deprecated  string `json:"deprecated,omitempty"`
	Removed     string `json:"removed"`
	Replacement string `json:"replacement,omitempty"`
}

func main() {
	ends := []end{}
	for kind := range scheme.Scheme.AllKnownTypes() {
		if strings.HasSuffix(kind.Kind, "List") {
			continue
		}
		object, err := scheme.Scheme.New(kind)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		removed, ok := object.(interface{ APILifecycleRemoved() (int, int) })
		if !ok {
			continue
		}
		found := end{APIVersion: kind.GroupVersion().String(), Kind: kind.Kind, Removed: minor(removed.APILifecycleRemoved())}
		if deprecated, ok := object.(interface{ APILifecycleDeprecated() (int, int) }); ok {
			found.Deprecated = minor(deprecated.APILifecycleDeprecated())
		}
		if other, ok := object.(interface {
			APILifecycleReplacement() schema.GroupVersionKind
		}); ok {
			replacement := other.APILifecycleReplacement()
			found.Replacement = replacement.GroupVersion().String() + " " + replacement.Kind
		}
		ends = append(ends, found)
	}
	sort.Slice(ends, func(i, j int) bool {
		if ends[i].APIVersion != ends[j].APIVersion {
			return ends[i].APIVersion < ends[j].APIVersion
		}
		return ends[i].Kind < ends[j].Kind
	})
	// One line for each, so that an upgrade is a short diff.
	for i, end := range ends {
		line, err := json.Marshal(end)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		before := ", "
		if i == 0 {
			before = "[ "
		}
		fmt.Println(before + string(line))
	}
	fmt.Println("]")
}

func minor(major, minor int) string { return fmt.Sprintf("%d.%d", major, minor) }
