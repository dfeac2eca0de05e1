{{- define "nexus.fullname" -}}
{{- ternary .Release.Name (printf "%s-nexus" .Release.Name) (contains "nexus" .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "nexus.selector" -}}
app.kubernetes.io/name: nexus
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "nexus.labels" -}}
{{ include "nexus.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/component: nexus
helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"
{{- end -}}

{{- define "nexus.image" -}}
{{- if .Values.image.registry }}{{ .Values.image.registry }}/{{ end }}{{ .Values.image.repository }}:{{ required "an image without a tag is not pinned: set `image.tag`" .Values.image.tag }}
{{- end -}}

{{- define "nexus.jvm" -}}
-Xms{{ .Values.jvm.heap }} -Xmx{{ .Values.jvm.heap }} -XX:MaxDirectMemorySize={{ .Values.jvm.direct }} {{ .Values.jvm.options }}
{{- if .Values.trust.configMap }} -Djavax.net.ssl.trustStore=/etc/conformance/trust/truststore.p12 -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12{{ end }}
{{- end -}}
