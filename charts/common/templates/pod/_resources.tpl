{{- /*
common.pod.resources: requests and limits, with the device of a GPU.
Input: as common.pod.container. Output: YAML, empty without resources.
*/ -}}
{{- define "common.pod.resources" -}}
{{- $resources := deepCopy (.spec.resources | default dict) -}}
{{- $vendor := dig "gpu" "vendor" "none" .spec -}}
{{- if ne $vendor "none" -}}
{{- $device := index .root.Values.common.gpus $vendor -}}
{{- $count := dig "gpu" "count" 1 .spec -}}
{{- $_ := set $resources "limits" (mergeOverwrite (deepCopy ($resources.limits | default dict)) (dict $device (toString (int $count)))) -}}
{{- end -}}
{{- with $resources }}{{ toYaml . }}{{ end -}}
{{- end -}}
