package javaposse.jobdsl.dsl.views

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block
import javaposse.jobdsl.dsl.View

@CompileStatic
class BuildMonitorView extends View {
    BuildMonitorView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class BuildPipelineHeadersContext extends Block {
    BuildPipelineHeadersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BuildPipelineView extends View {
    BuildPipelineView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class CategorizationCriteriaContext extends Block {
    CategorizationCriteriaContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CategorizedJobsView extends View {
    CategorizedJobsView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class ColumnsContext extends Block {
    ColumnsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DashboardView extends View {
    DashboardView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class DeliveryPipelineView extends View {
    DeliveryPipelineView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class DeliveryPipelinesContext extends Block {
    DeliveryPipelinesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JobFiltersContext extends Block {
    JobFiltersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JobsContext extends Block {
    JobsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ListView extends View {
    ListView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class ListViewSectionContext extends Block {
    ListViewSectionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NestedView extends View {
    NestedView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class NestedViewColumnsContext extends Block {
    NestedViewColumnsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NestedViewsContext extends Block {
    NestedViewsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PipelineAggregatorView extends View {
    PipelineAggregatorView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class SectionContext extends Block {
    SectionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SectionedView extends View {
    SectionedView(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class SectionsContext extends Block {
    SectionsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TextSectionContext extends Block {
    TextSectionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ViewListingSectionContext extends Block {
    ViewListingSectionContext(String context, Node node) { super(context, node) }
}
