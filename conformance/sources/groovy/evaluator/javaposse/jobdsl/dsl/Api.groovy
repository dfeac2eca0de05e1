package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Job DSL's methods by context, as version 1.90 lists them, and the symbols that plugins bring. */
@CompileStatic
class Api {
    static final String TOP = 'javaposse.jobdsl.dsl.DslFactory'
    private static final Map<String, Map<String, List<List<String>>>> CONTEXTS = [:]
    private static final Map<String, List<String>> BY_SIMPLE_NAME = [:]
    private static final Map<String, List<List<String>>> SYMBOLS = [:]
    /** Kinds of symbols that a context takes; one that is not listed takes all. */
    private static final Map<String, List<String>> KINDS = [
        ScmNavigatorsContext: ['SCMNavigator'], BranchSourcesContext: ['SCMSource', 'AbstractGitSCMSource'], TriggerContext: ['Trigger'],
        MultibranchWorkflowTriggerContext: ['Trigger'], StepContext: ['Builder', 'CommandInterpreter'], ScmContext: ['SCM'],
        PropertiesContext: ['JobProperty', 'OptionalJobProperty'], PublisherContext: ['Recorder', 'Notifier', 'Publisher'],
        WrapperContext: ['SimpleBuildWrapper', 'BuildWrapper'], ColumnsContext: ['ListViewColumn'], FolderPropertiesContext: ['AbstractFolderProperty'],
        BuildParametersContext: ['ParameterDefinition', 'SimpleParameterDefinition', 'StringParameterDefinition'],
        GitExtensionContext: ['GitSCMExtension', 'FakeGitSCMExtension', 'GitSCMBackwardCompatibility'],
    ]
    /** Contexts in which plugins add methods by their symbols. */
    private static final Set<String> EXTENSIBLE = ['AxisContext', 'BuildParametersContext', 'ScmContext', 'PropertiesContext', 'FolderPropertiesContext',
        'MavenPropertiesContext', 'PublisherContext', 'MavenPublisherContext', 'StepContext', 'MultiJobStepContext', 'TriggerContext', 'MavenTriggerContext',
        'MultibranchWorkflowTriggerContext', 'WrapperContext', 'MavenWrapperContext', 'BranchSourcesContext', 'BranchProjectFactoryContext',
        'MultiBranchProjectFactoryContext', 'ScmNavigatorsContext', 'OrphanedItemStrategyContext', 'BuildStrategiesContext', 'ColumnsContext',
        'JobFiltersContext', 'GitExtensionContext', 'ConfigFilesContext', 'FolderIconContext', 'WorkflowDefinitionContext', 'RunConditionContext',
        'CopyArtifactSelectorContext', 'TestDataPublishersContext', 'DownstreamTriggerParameterContext', 'NotificationContext', 'GitBrowserContext',
        'CredentialsBindingContext', 'ConditionalActionsContext', 'DashboardPortletContext', 'BuildPipelineHeadersContext', 'NestedViewsContext'] as Set<String>
    /** Contexts of closures that are not called like their methods. */
    private static final Map<String, String> CLOSURES = [
        parameters: 'BuildParametersContext', properties: 'PropertiesContext', triggers: 'TriggerContext', steps: 'StepContext',
        publishers: 'PublisherContext', wrappers: 'WrapperContext', scm: 'ScmContext', axes: 'AxisContext', definition: 'WorkflowDefinitionContext',
        columns: 'ColumnsContext', jobs: 'JobsContext', remote: 'RemoteContext', extensions: 'GitExtensionContext', cps: 'CpsContext',
        environmentVariables: 'EnvironmentVariableContext', views: 'NestedViewsContext', organizations: 'ScmNavigatorsContext',
        factory: 'BranchProjectFactoryContext', projectFactories: 'MultiBranchProjectFactoryContext', authorization: 'JobAuthorizationContext',
        cloneOptions: 'GitCloneOptionsContext', submoduleOptions: 'GitSubmoduleOptionsContext', mergeOptions: 'GitMergeOptionsContext',
        browser: 'GitBrowserContext', choosingStrategy: 'StrategyContext', postBuildSteps: 'StepContext', preBuildSteps: 'StepContext',
        discardOldItems: 'DefaultOrphanedItemStrategyContext', archiveJunit: 'ArchiveJUnitContext', icon: 'FolderIconContext',
    ]

    static {
        load()
    }

    private static void load() {
        Map<String, List<List<String>>> methods = [:]
        Api.getResourceAsStream('/job-dsl-1.90.txt').eachLine('UTF-8') { String line ->
            if (!line.startsWith(' ')) {
                methods = [:]
                CONTEXTS[line] = methods
                BY_SIMPLE_NAME.computeIfAbsent(simple(line)) { [] } << line
            } else {
                String[] words = line.substring(1).split(' ', -1)
                methods[words[0]] = words[1].split('\\|', -1).toList().collect { String types -> signature(types) }
            }
        }
        Api.getResourceAsStream('/symbols.txt').eachLine('UTF-8') { String line ->
            List<String> words = line.split(' ') as List<String>
            SYMBOLS.computeIfAbsent(words[0]) { [] } << [words[1], words[2]]
        }
    }

    private static List<String> signature(String types) { types.empty ? [] as List<String> : types.split(',').toList() }

    static String simple(String context) { context.substring(context.lastIndexOf('.') + 1) }

    static boolean has(String context, String method) { CONTEXTS[context]?.containsKey(method) }

    static boolean extensible(String context) { simple(context) in EXTENSIBLE }

    /** Classes of a plugin's symbol; empty when no plugin that is known brings it. */
    static List<String> classesOf(String symbol, String context = '') {
        List<String> kinds = KINDS[simple(context)]
        List<List<String>> all = SYMBOLS[symbol] ?: ([] as List<List<String>>)
        return all.findAll { kinds == null || it[0] in kinds }.collect { List<String> each -> each[1] }
    }

    /** The whole name of a context, the one nearest to `beside` where several have the name. */
    static String context(String simpleName, String beside = '') {
        List<String> all = BY_SIMPLE_NAME[simpleName]
        if (all == null) {
            return ''
        }
        String folder = beside.contains('.') ? beside.substring(0, beside.lastIndexOf('.')) : ''
        return all.find { it.startsWith(folder + '.') } ?: all[0]
    }

    /** Context of the closure of `method`; empty when it cannot be known: then it takes any call. */
    static String closure(String context, String method) {
        String own = method.capitalize() + 'Context'
        return Api.context(CLOSURES[method] ?: (BY_SIMPLE_NAME.containsKey(own) ? own : ''), context)
    }

    static boolean accepts(String context, String method, Object[] arguments) {
        return CONTEXTS[context][method].any { List<String> types -> fits(types, arguments as List) }
    }

    private static boolean fits(List<String> types, List arguments) {
        boolean open = types && types.last().endsWith('...')
        if (arguments.size() > types.size() && !open) {
            return false
        }
        // parameters with defaults may be left out, also in front of a closure
        List<String> left = new ArrayList<String>(types)
        if (arguments && arguments.last() instanceof Closure) {
            int at = left.findLastIndexOf { String type -> type.startsWith('Closure') }
            return at >= 0 && fits(at == 0 ? [] as List<String> : left.subList(0, at), arguments.subList(0, arguments.size() - 1))
        }
        return (0..<arguments.size()).every { int index -> fit(index < left.size() - (open ? 1 : 0) ? left[index] : left.last().replace('...', ''), arguments[index]) }
    }

    private static boolean fit(String type, Object value) {
        switch (type) {
            case 'String': return value == null || value instanceof CharSequence
            case 'boolean': return value instanceof Boolean
            case 'Boolean': return value == null || value instanceof Boolean
            case 'int': return value instanceof Integer || value instanceof Short || value instanceof Byte
            case 'Integer': return value == null || value instanceof Integer
            case 'Closure': return value == null || value instanceof Closure
            default:
                if (type.startsWith('Map')) {
                    return value == null || value instanceof Map
                }
                if (type.startsWith('List')) {
                    return value == null || value instanceof List
                }
                return type.startsWith('Iterable') ? value == null || value instanceof Iterable : true
        }
    }
}
