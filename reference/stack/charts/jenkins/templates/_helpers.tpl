{{- define "jenkins.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "jenkins.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "jenkins.agent.namespace" -}}
{{- if .Values.agent.namespace -}}{{- tpl .Values.agent.namespace . -}}
{{- else -}}{{- include "jenkins.namespace" . -}}
{{- end -}}
{{- end -}}

{{- /* The release's name already says "jenkins", or it is put before the chart's. */ -}}
{{- define "jenkins.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- $made := ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- default $made .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "jenkins.labels" -}}
app.kubernetes.io/name: {{ include "jenkins.name" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: {{ .Values.controller.componentName | quote }}
{{- if .Values.renderHelmLabels }}
helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"
{{- end }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jenkins.selector" -}}
app.kubernetes.io/component: {{ .Values.controller.componentName | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "jenkins.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "jenkins.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "jenkins.serviceAccountAgentName" -}}
{{- if .Values.serviceAccountAgent.create -}}
{{- default (printf "%s-agent" (include "jenkins.fullname" .)) .Values.serviceAccountAgent.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccountAgent.name -}}
{{- end -}}
{{- end -}}

{{- /* registry/repository:tag of a values map with these three keys; `fallback` is the tag when it has none */ -}}
{{- define "jenkins.image" -}}
{{- $tag := required "an image without a tag is not pinned: set its `tag`" (default .fallback .image.tag) -}}
{{- if .image.registry }}{{ .image.registry }}/{{ end }}{{ .image.repository }}:{{ $tag }}
{{- end -}}

{{- define "jenkins.controller.image" -}}
{{- include "jenkins.image" (dict "image" .Values.controller.image "fallback" (printf "%s-%s" .Chart.AppVersion .Values.controller.image.tagLabel)) -}}
{{- end -}}

{{- define "jenkins.url" -}}
{{- $prefix := default "" .Values.controller.jenkinsUriPrefix -}}
{{- $ingress := .Values.controller.ingress | default dict -}}
{{- if .Values.controller.jenkinsUrl -}}
{{- tpl .Values.controller.jenkinsUrl . -}}
{{- else if $ingress.hostName -}}
{{- default (ternary "https" "http" (not (empty $ingress.tls))) .Values.controller.jenkinsUrlProtocol }}://{{ tpl $ingress.hostName . }}{{ $prefix }}
{{- else -}}
{{- default "http" .Values.controller.jenkinsUrlProtocol }}://{{ include "jenkins.fullname" . }}:{{ .Values.controller.servicePort }}{{ $prefix }}
{{- end -}}
{{- end -}}

{{- /* Name of the controller inside the cluster, as agents use it. */ -}}
{{- define "jenkins.host" -}}
{{ include "jenkins.fullname" . }}.{{ include "jenkins.namespace" . }}.svc.{{ .Values.clusterZone }}
{{- end -}}

{{- define "jenkins.cascFolder" -}}
{{- default (printf "%s/casc_configs" .Values.controller.jenkinsRef) .Values.controller.sidecars.configAutoReload.folder -}}
{{- end -}}

{{- define "jenkins.secretName" -}}
{{- default (include "jenkins.fullname" .) .Values.controller.admin.existingSecret -}}
{{- end -}}
