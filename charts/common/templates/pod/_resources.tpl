{{- /*
common.pod.resources: requests and limits, with the device of a GPU.
Input: as common.pod.container. Output: YAML, empty when nothing is asked for.
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

{{- /*
common.pod.gpu.runtimeClass: the runtime class that NVIDIA's container runtime needs.
Input: as common.pod.spec. Output: YAML line or nothing.
*/ -}}
{{- define "common.pod.gpu.runtimeClass" -}}
{{- $nvidia := false -}}
{{- range $name, $container := .spec.containers -}}
{{- if eq (dig "gpu" "vendor" "none" $container) "nvidia" -}}{{- $nvidia = true -}}{{- end -}}
{{- end -}}
{{- if $nvidia }}
runtimeClassName: nvidia
{{- end -}}
{{- end -}}
