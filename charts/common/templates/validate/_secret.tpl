{{- /*
common.validate.secret: a secret that is read or mounted is declared, with every key that is used.
Input: root, id (of the secret), keys, where (who uses it). Output: nothing, or an error.
*/ -}}
{{- define "common.validate.secret" -}}
{{- $secret := index (.root.Values.secrets | default dict) .id -}}
{{- if not $secret -}}
{{- fail (printf "%s uses the secret %q, which is not declared; add secrets.%s" .where .id .id) -}}
{{- end -}}
{{- range .keys -}}
{{- if not (has . $secret.keys) -}}
{{- fail (printf "%s uses the key %q of the secret %q, which does not list it; add it to secrets.%s.keys" $.where . $.id $.id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
