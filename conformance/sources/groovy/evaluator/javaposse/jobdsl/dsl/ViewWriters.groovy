package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Views: which jobs, which columns. */
@CompileStatic
class ViewWriters {
    private static final List<String> VIEWS = ['ListView', 'BuildMonitorView', 'CategorizedJobsView', 'DashboardView', 'BuildPipelineView',
        'DeliveryPipelineView', 'NestedView', 'PipelineAggregatorView', 'SectionedView']
    private static final Map<String, String> COLUMNS = [status: 'hudson.views.StatusColumn', weather: 'hudson.views.WeatherColumn',
        name: 'hudson.views.JobColumn', lastSuccess: 'hudson.views.LastSuccessColumn', lastFailure: 'hudson.views.LastFailureColumn',
        lastDuration: 'hudson.views.LastDurationColumn', buildButton: 'hudson.views.BuildButtonColumn']

    static void register(Map<String, Closure> all) {
        VIEWS.each { String view ->
            all["${view}.description".toString()] = { Call call -> call.put('description', call.text(0)) }
            all["${view}.filterBuildQueue".toString()] = { Call call -> call.put('filterQueue', call.flag()) }
            all["${view}.filterExecutors".toString()] = { Call call -> call.put('filterExecutors', call.flag()) }
            all["${view}.recurse".toString()] = { Call call -> call.put('recurse', call.flag()) }
            all["${view}.jobs".toString()] = { Call call -> call.run(call.node) }
            all["${view}.columns".toString()] = { Call call -> call.run(call.child('columns')) }
        }
        all['JobsContext.name'] = { Call call -> Xml.child(call.node, 'jobNames').appendNode('string', call.text(0)) }
        all['JobsContext.names'] = { Call call -> call.texts().each { Xml.child(call.node, 'jobNames').appendNode('string', it) } }
        all['JobsContext.regex'] = { Call call -> call.put('includeRegex', call.text(0)) }
        COLUMNS.each { String method, String type -> all["ColumnsContext.${method}".toString()] = { Call call -> call.add(type) } }
    }
}
