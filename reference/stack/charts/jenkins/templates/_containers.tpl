{{- define "jenkins.homeMounts" -}}
- mountPath: {{ .Values.controller.jenkinsHome }}
  name: jenkins-home
  {{- with .Values.persistence.subPath }}
  subPath: {{ . }}
  {{- end }}
{{- with .Values.persistence.mounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The container that copies labelled ConfigMaps into the configuration folder; `method` LIST: once. */ -}}
{{- define "jenkins.reloadSidecar" -}}
{{- $root := .root -}}
{{- $controller := $root.Values.controller -}}
{{- $sidecar := $controller.sidecars.configAutoReload -}}
image: {{ include "jenkins.image" (dict "image" $sidecar.image "fallback" "") | quote }}
imagePullPolicy: {{ $sidecar.imagePullPolicy }}
{{- with $sidecar.containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $sidecar.envFrom }}
envFrom:
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
env:
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: LABEL
  value: {{ printf "%s-jenkins-config" (include "jenkins.fullname" $root) | quote }}
- name: HEALTH_PORT
  value: {{ $sidecar.healthPort | toString | quote }}
- name: FOLDER
  value: {{ include "jenkins.cascFolder" $root | quote }}
- name: NAMESPACE
  value: {{ default (include "jenkins.namespace" $root) $sidecar.searchNamespace | quote }}
{{- if .method }}
- name: METHOD
  value: {{ .method | quote }}
{{- else }}
- name: REQ_URL
  value: "{{ $sidecar.scheme }}://localhost:{{ $controller.targetPort }}{{ default "" $controller.jenkinsUriPrefix }}/reload-configuration-as-code/?casc-reload-token=$(POD_NAME)"
- name: REQ_METHOD
  value: POST
- name: REQ_RETRY_CONNECT
  value: {{ $sidecar.reqRetryConnect | toString | quote }}
{{- end }}
{{- with $sidecar.env }}
{{ tpl (toYaml .) $root }}
{{- end }}
resources:
  {{- toYaml $sidecar.resources | nindent 2 }}
volumeMounts:
- mountPath: {{ include "jenkins.cascFolder" $root }}
  name: sc-config-volume
- mountPath: {{ $controller.jenkinsHome }}
  name: jenkins-home
  {{- with $root.Values.persistence.subPath }}
  subPath: {{ . }}
  {{- end }}
- mountPath: /tmp
  name: tmp-volume
{{- end -}}
