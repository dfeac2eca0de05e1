package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** The symbols of plugins whose elements are known: a call's own element is turned into the one that Jenkins writes. */
@CompileStatic
class Describables {
    private static final String WORKFLOW = 'org.jenkinsci.plugins.workflow.job.properties.'
    private static final String MULTIBRANCH = 'org.jenkinsci.plugins.workflow.multibranch.'
    /** Symbol: element, then for each field `element=method=default`; a field without a default is written when it is set. */
    private static final Map<String, List<String>> FIELDS = [
        disableConcurrentBuilds: [WORKFLOW + 'DisableConcurrentBuildsJobProperty', 'abortPrevious=abortPrevious=false'],
        disableResume: [WORKFLOW + 'DisableResumeJobProperty'],
        durabilityHint: [WORKFLOW + 'DurabilityHintJobProperty', 'hint=hint'],
        preserveStashes: ['org.jenkinsci.plugins.pipeline.modeldefinition.properties.PreserveStashesJobProperty', 'buildCount=buildCount=1'],
        cron: ['hudson.triggers.TimerTrigger', 'spec=spec'],
        pollSCM: ['hudson.triggers.SCMTrigger', 'spec=scmpoll_spec', 'ignorePostCommitHooks=ignorePostCommitHooks=false'],
        upstream: ['jenkins.triggers.ReverseBuildTrigger', 'upstreamProjects=upstreamProjects', 'threshold=threshold'],
        periodicFolderTrigger: ['com.cloudbees.hudson.plugins.folder.computed.PeriodicFolderTrigger', 'interval=interval'],
        githubProjectProperty: ['com.coravy.hudson.plugins.github.GithubProjectProperty', 'projectUrl=projectUrlStr'],
        workflowMultiBranchProjectFactory: [MULTIBRANCH + 'WorkflowMultiBranchProjectFactory', 'scriptPath=scriptPath=Jenkinsfile'],
    ]
    private static final Set<String> SHAPED = ['pipelineTriggers', 'buildDiscarder', 'workflowBranchProjectFactory', 'branchSource'] as Set<String>

    static boolean known(String context, String symbol) {
        return Api.extensible(context) && (FIELDS.containsKey(symbol) || symbol in SHAPED)
    }

    static void write(String context, Node parent, Node made) {
        parent.remove(made)
        switch (made.name()) {
            case 'pipelineTriggers':
                Node property = parent.appendNode(WORKFLOW + 'PipelineTriggersJobProperty')
                Node triggers = property.appendNode('triggers')
                Xml.nodes(made).findAll { it.name() == 'triggers' }.each { Node list -> Xml.nodes(list).each { triggers.append(turned(it)) } }
                break
            case 'buildDiscarder':
                Node strategy = parent.appendNode('jenkins.model.BuildDiscarderProperty').appendNode('strategy', [class: 'hudson.tasks.LogRotator'])
                discarder(made, strategy)
                break
            case 'workflowBranchProjectFactory':
                factory(parent, made)
                break
            case 'branchSource':
                source(parent, made)
                break
            default:
                parent.append(turned(made))
        }
    }

    private static Node turned(Node made) {
        List<String> fields = FIELDS[(String) made.name()]
        if (fields == null) {
            Recording.now().flag(made, Api.classesOf((String) made.name()) ? 'approximate' : 'unknown')
            return made
        }
        Node node = new Node(null, fields[0])
        Recording.now().move(made, node)
        fields.drop(1).each { String field ->
            String[] words = field.split('=')
            Node given = Xml.find(made, words[1])
            if (given != null) {
                given.name = words[0]
                node.append(given)
            } else if (words.length > 2) {
                node.appendNode(words[0], words[2])
            }
        }
        return node
    }

    private static void discarder(Node made, Node strategy) {
        Node outer = Xml.find(made, 'strategy') ?: made
        Node rotator = Xml.find(outer, 'logRotator') ?: new Node(null, 'logRotator')
        ['daysToKeep', 'numToKeep', 'artifactDaysToKeep', 'artifactNumToKeep'].each { String key ->
            Node given = Xml.find(rotator, key + 'Str') ?: Xml.find(rotator, key)
            Node value = strategy.appendNode(key, given == null ? '-1' : Xml.text(given) ?: '-1')
            if (given != null) {
                Recording.now().move(given, value)
            }
        }
    }

    private static void factory(Node parent, Node made) {
        Node old = Xml.find(parent, 'factory')
        if (old != null) {
            parent.remove(old)
        }
        Node factory = parent.appendNode('factory', [class: MULTIBRANCH + 'WorkflowBranchProjectFactory'])
        Node path = Xml.find(made, 'scriptPath')
        factory.append(path ?: new Node(null, 'scriptPath', 'Jenkinsfile'))
    }

    private static void source(Node parent, Node made) {
        Node branch = parent.appendNode('jenkins.branch.BranchSource')
        Node given = Xml.find(made, 'source')
        Node kind = given == null ? null : Xml.nodes(given)[0]
        if (kind != null) {
            boolean git = kind.name() == 'git'
            Node source = branch.appendNode('source', [class: git ? 'jenkins.plugins.git.GitSCMSource' : Api.classesOf((String) kind.name())[0] ?: (String) kind.name()])
            Xml.nodes(kind).each { source.append(it) }
            if (!git) {
                Recording.now().flag(source, Api.classesOf((String) kind.name()) ? 'approximate' : 'unknown')
            }
        }
        Xml.nodes(made).findAll { it.name() != 'source' }.each { branch.append(it) }
        if (Xml.find(branch, 'strategy') == null) {
            branch.appendNode('strategy', [class: 'jenkins.branch.DefaultBranchPropertyStrategy']).appendNode('properties', [class: 'empty-list'])
        }
    }
}
