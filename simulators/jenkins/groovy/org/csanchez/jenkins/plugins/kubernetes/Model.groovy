package org.csanchez.jenkins.plugins.kubernetes

import standin.Bridge

/** The controller's clouds: a list that also finds by name. */
class Clouds extends ArrayList<KubernetesCloud> {
    static Clouds load() {
        Clouds clouds = new Clouds()
        ((List) Bridge.ask(op: 'model', name: 'clouds')).each { clouds << new KubernetesCloud((Map) it) }
        return clouds
    }

    KubernetesCloud getByName(String name) { find { it.name == name } }
}

class KubernetesCloud {
    final Map data

    KubernetesCloud(Map data) { this.data = data }

    String getName() { data.name }

    List<PodTemplate> getTemplates() { ((List) data.templates).collect { new PodTemplate((Map) it) } }

    boolean isWebSocket() { data.webSocket ?: false }

    String getJenkinsTunnel() { data.jenkinsTunnel }

    void setWebSocket(boolean value) { change('webSocket', value) }

    void setJenkinsTunnel(String value) { change('jenkinsTunnel', value) }

    void setContainerCapStr(String value) { change('containerCapStr', value) }

    void addTemplate(PodTemplate template) { change('templates', ((List) data.templates) + [template.data]) }

    private void change(String key, Object value) {
        data[key] = value
        Bridge.ask(op: 'setcloud', name: data.name, key: key, value: value)
    }
}

class PodTemplate {
    final Map data

    PodTemplate(PodTemplate other) { data = (Map) new groovy.json.JsonSlurperClassic().parseText(groovy.json.JsonOutput.toJson(other.data)) }

    PodTemplate(Map data) { this.data = data }

    String getName() { data.name }

    void setName(String value) { data.name = value }

    String getLabel() { data.label }

    void setLabel(String value) { data.label = value }

    String getId() { data.id }

    void setId(String value) { data.id = value }

    List getContainers() { ((List) data.containers).collect { new ContainerTemplate((Map) it) } }
}

class ContainerTemplate {
    final Map data

    ContainerTemplate(Map data) { this.data = data }

    String getName() { data.name }

    String getImage() { data.image }

    void setImage(String value) { data.image = value }
}
