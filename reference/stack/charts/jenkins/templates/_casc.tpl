{{- /* What configuration as code gets besides `JCasC.configScripts`. */ -}}
{{- define "jenkins.casc.defaults" -}}
{{- $scripts := toYaml .Values.controller.JCasC.configScripts -}}
jenkins:
  {{- if and .Values.controller.JCasC.authorizationStrategy (not (contains "authorizationStrategy:" $scripts)) }}
  authorizationStrategy:
    {{- tpl .Values.controller.JCasC.authorizationStrategy . | nindent 4 }}
  {{- end }}
  {{- if and .Values.controller.JCasC.securityRealm (not (contains "securityRealm:" $scripts)) }}
  securityRealm:
    {{- tpl .Values.controller.JCasC.securityRealm . | nindent 4 }}
  {{- end }}
  disableRememberMe: {{ .Values.controller.disableRememberMe }}
  mode: {{ .Values.controller.executorMode }}
  numExecutors: {{ .Values.controller.numExecutors }}
  {{- if .Values.controller.customJenkinsLabels }}
  labelString: {{ join " " .Values.controller.customJenkinsLabels | quote }}
  {{- end }}
  projectNamingStrategy: {{ .Values.controller.projectNamingStrategy | quote }}
  markupFormatter:
    {{- if .Values.controller.enableRawHtmlMarkupFormatter }}
    rawHtml:
      disableSyntaxHighlighting: true
    {{- else }}
    {{- toYaml .Values.controller.markupFormatter | nindent 4 }}
    {{- end }}
  clouds:
  - kubernetes:
      name: {{ .Values.controller.cloudName | quote }}
      serverUrl: {{ .Values.kubernetesURL | quote }}
      namespace: {{ include "jenkins.agent.namespace" . | quote }}
      {{- if .Values.credentialsId }}
      credentialsId: {{ .Values.credentialsId | quote }}
      {{- end }}
      containerCapStr: {{ .Values.agent.containerCap | toString | quote }}
      defaultsProviderTemplate: {{ .Values.agent.defaultsProviderTemplate | quote }}
      connectTimeout: {{ .Values.agent.kubernetesConnectTimeout | toString | quote }}
      readTimeout: {{ .Values.agent.kubernetesReadTimeout | toString | quote }}
      retentionTimeout: {{ .Values.agent.retentionTimeout | toString | quote }}
      waitForPodSec: {{ .Values.agent.waitForPodSec | toString | quote }}
      maxRequestsPerHostStr: {{ .Values.agent.maxRequestsPerHostStr | quote }}
      skipTlsVerify: {{ .Values.agent.skipTlsVerify }}
      usageRestricted: {{ .Values.agent.usageRestricted }}
      restrictedPssSecurityContext: {{ .Values.agent.restrictedPssSecurityContext }}
      jenkinsUrl: {{ include "jenkins.agent.url" . | quote }}
      {{- if .Values.agent.websocket }}
      webSocket: true
      {{- else }}
      jenkinsTunnel: {{ include "jenkins.agent.tunnel" . | quote }}
      {{- end }}
      podLabels:
      - key: "jenkins/{{ .Release.Name }}-{{ .Values.agent.componentName }}"
        value: "true"
      {{- range $key, $value := .Values.agent.podLabels }}
      - key: {{ $key | quote }}
        value: {{ $value | quote }}
      {{- end }}
      {{- if .Values.agent.enabled }}
      templates:
      {{- if not .Values.agent.disableDefaultAgent }}
      {{- include "jenkins.casc.podTemplate" (dict "root" . "agent" .Values.agent) | nindent 6 }}
      {{- end }}
      {{- range $name, $additional := .Values.additionalAgents }}
      {{- /* an additional agent starts from the default one */}}
      {{- $agent := mergeOverwrite (deepCopy (omit $.Values.agent "podTemplates")) (deepCopy $additional) }}
      {{- include "jenkins.casc.podTemplate" (dict "root" $ "agent" $agent) | nindent 6 }}
      {{- end }}
      {{- range $name, $template := .Values.agent.podTemplates }}
      {{- tpl $template $ | nindent 6 }}
      {{- end }}
      {{- end }}
  {{- if .Values.controller.csrf.defaultCrumbIssuer.enabled }}
  crumbIssuer:
    standard:
      excludeClientIPFromCrumb: {{ .Values.controller.csrf.defaultCrumbIssuer.proxyCompatability }}
  {{- end }}
{{- if .Values.controller.JCasC.security }}
security:
  {{- toYaml .Values.controller.JCasC.security | nindent 2 }}
  {{- if .Values.controller.scriptApproval }}
  scriptApproval:
    approvedSignatures:
    {{- range .Values.controller.scriptApproval }}
    - {{ . | quote }}
    {{- end }}
  {{- end }}
{{- end }}
unclassified:
  location:
    {{- with .Values.controller.jenkinsAdminEmail }}
    adminAddress: {{ . | quote }}
    {{- end }}
    url: {{ include "jenkins.url" . | quote }}
{{- end -}}

{{- define "jenkins.agent.url" -}}
{{- if .Values.agent.jenkinsUrl -}}{{- tpl .Values.agent.jenkinsUrl . -}}
{{- else -}}http://{{ include "jenkins.host" . }}:{{ .Values.controller.servicePort }}{{ default "" .Values.controller.jenkinsUriPrefix }}
{{- end -}}
{{- end -}}

{{- define "jenkins.agent.tunnel" -}}
{{- if .Values.agent.jenkinsTunnel -}}{{- tpl .Values.agent.jenkinsTunnel . -}}
{{- else -}}{{ include "jenkins.fullname" . }}-agent.{{ include "jenkins.namespace" . }}.svc.{{ .Values.clusterZone }}:{{ .Values.controller.agentListenerPort }}
{{- end -}}
{{- end -}}

{{- /* One pod template of the kubernetes plugin; takes `root` and `agent`. */ -}}
{{- define "jenkins.casc.podTemplate" -}}
{{- $root := .root -}}
{{- $agent := .agent -}}
- name: {{ $agent.podName | quote }}
  id: {{ sha256sum (toYaml $agent) }}
  namespace: {{ include "jenkins.agent.namespace" $root | quote }}
  {{- if $agent.annotations }}
  annotations:
  {{- range $key, $value := $agent.annotations }}
  - key: {{ $key | quote }}
    value: {{ $value | quote }}
  {{- end }}
  {{- end }}
  label: {{ printf "%s-%s %s" $root.Release.Name $agent.componentName (join " " $agent.customJenkinsLabels) | trim | quote }}
  nodeUsageMode: {{ $agent.nodeUsageMode | quote }}
  podRetention: {{ $agent.podRetention | quote }}
  showRawYaml: {{ $agent.showRawYaml }}
  serviceAccount: {{ default (include "jenkins.serviceAccountAgentName" $root) $agent.serviceAccount | quote }}
  slaveConnectTimeoutStr: {{ $agent.connectTimeout | toString | quote }}
  idleMinutes: {{ $agent.idleMinutes }}
  instanceCap: {{ int64 $agent.instanceCap }}
  hostNetwork: {{ $agent.hostNetworking }}
  yamlMergeStrategy: {{ $agent.yamlMergeStrategy | quote }}
  inheritYamlMergeStrategy: {{ $agent.inheritYamlMergeStrategy }}
  {{- if $agent.imagePullSecretName }}
  imagePullSecrets:
  - name: {{ $agent.imagePullSecretName | quote }}
  {{- end }}
  {{- if $agent.nodeSelector }}
  {{- $pairs := list }}
  {{- range $key, $value := $agent.nodeSelector }}
  {{- $pairs = append $pairs (printf "%s=%s" $key (tpl $value $root)) }}
  {{- end }}
  nodeSelector: {{ join "," $pairs | quote }}
  {{- end }}
  containers:
  - name: {{ $agent.sideContainerName | quote }}
    image: {{ include "jenkins.image" (dict "image" $agent.image "fallback" "") | quote }}
    alwaysPullImage: {{ $agent.alwaysPullImage }}
    args: {{ $agent.args | replace "$" "^$" | quote }}
    {{- with $agent.command }}
    command: {{ . | quote }}
    {{- end }}
    workingDir: {{ $agent.workingDir | quote }}
    privileged: {{ $agent.privileged }}
    {{- with $agent.runAsUser }}
    runAsUser: {{ . | toString | quote }}
    {{- end }}
    {{- with $agent.runAsGroup }}
    runAsGroup: {{ . | toString | quote }}
    {{- end }}
    ttyEnabled: {{ $agent.TTYEnabled }}
    resourceRequestCpu: {{ $agent.resources.requests.cpu | toString | quote }}
    resourceRequestMemory: {{ $agent.resources.requests.memory | toString | quote }}
    resourceLimitCpu: {{ $agent.resources.limits.cpu | toString | quote }}
    resourceLimitMemory: {{ $agent.resources.limits.memory | toString | quote }}
    envVars:
    - envVar:
        key: "JENKINS_URL"
        value: "{{ include "jenkins.agent.url" $root | trimSuffix "/" }}/"
  {{- if $agent.envVars }}
  envVars:
  {{- range $agent.envVars }}
  - envVar:
      key: {{ .name | quote }}
      value: {{ tpl (toString .value) $root | quote }}
  {{- end }}
  {{- end }}
  {{- if $agent.volumes }}
  {{- $kinds := dict "ConfigMap" "configMapVolume" "EmptyDir" "emptyDirVolume" "HostPath" "hostPathVolume" "Nfs" "nfsVolume" "PVC" "persistentVolumeClaim" "Secret" "secretVolume" }}
  volumes:
  {{- range $agent.volumes }}
  - {{ default .type (get $kinds .type) }}:
    {{- range $key, $value := omit . "type" }}
      {{ $key }}: {{ if kindIs "string" $value }}{{ tpl $value $root | quote }}{{ else }}{{ $value }}{{ end }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- if $agent.workspaceVolume }}
  {{- $kinds := dict "DynamicPVC" "dynamicPVC" "EmptyDir" "emptyDirWorkspaceVolume" "HostPath" "hostPathWorkspaceVolume" "Nfs" "nfsWorkspaceVolume" "PVC" "persistentVolumeClaimWorkspaceVolume" }}
  workspaceVolume:
    {{ default $agent.workspaceVolume.type (get $kinds $agent.workspaceVolume.type) }}:
    {{- range $key, $value := omit $agent.workspaceVolume "type" }}
      {{ $key }}: {{ if kindIs "string" $value }}{{ tpl $value $root | quote }}{{ else }}{{ $value }}{{ end }}
    {{- end }}
  {{- end }}
  {{- if $agent.yamlTemplate }}
  yaml: |-
    {{- tpl (trim $agent.yamlTemplate) $root | nindent 4 }}
  {{- end }}
{{- end -}}
