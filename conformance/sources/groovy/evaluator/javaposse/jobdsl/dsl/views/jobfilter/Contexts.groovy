package javaposse.jobdsl.dsl.views.jobfilter

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class BuildTrendFilter extends Block {
    BuildTrendFilter(String context, Node node) { super(context, node) }
}

@CompileStatic
class JobStatusesFilter extends Block {
    JobStatusesFilter(String context, Node node) { super(context, node) }
}

@CompileStatic
class MostRecentJobsFilter extends Block {
    MostRecentJobsFilter(String context, Node node) { super(context, node) }
}

@CompileStatic
class RegexFilter extends Block {
    RegexFilter(String context, Node node) { super(context, node) }
}

@CompileStatic
class UnclassifiedJobsFilter extends Block {
    UnclassifiedJobsFilter(String context, Node node) { super(context, node) }
}
