package javaposse.jobdsl.dsl.views.portlets

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class BuildStatisticsContext extends Block {
    BuildStatisticsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DashboardPortletContext extends Block {
    DashboardPortletContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class IFrameContext extends Block {
    IFrameContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JenkinsJobsListContext extends Block {
    JenkinsJobsListContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TestStatisticsChartContext extends Block {
    TestStatisticsChartContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TestStatisticsGridContext extends Block {
    TestStatisticsGridContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TestTrendChartContext extends Block {
    TestTrendChartContext(String context, Node node) { super(context, node) }
}
