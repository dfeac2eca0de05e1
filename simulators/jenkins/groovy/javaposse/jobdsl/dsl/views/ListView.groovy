package javaposse.jobdsl.dsl.views

import javaposse.jobdsl.dsl.Context

class ListView {
    final String name
    String text
    final JobsContext jobs = new JobsContext()
    final List columns = []
    boolean recursive

    ListView(String name) { this.name = name }

    void description(String text) { this.text = text }

    void jobs(Closure body) { Context.execute(body, jobs) }

    void columns(Closure body) { Context.execute(body, new ColumnsContext(columns: columns)) }

    void recurse(boolean value = true) { recursive = value }

    void filterBuildQueue(boolean value = true) { }

    void filterExecutors(boolean value = true) { }

    Map describe() { [name: name, description: text, names: jobs.names as List, regex: jobs.pattern, columns: columns, recurse: recursive] }
}

class JobsContext {
    final Set names = new LinkedHashSet()
    String pattern

    void name(String job) { names << job }

    void names(String... jobs) { names.addAll(jobs as List) }

    void regex(String expression) { pattern = expression }
}

class ColumnsContext {
    List columns

    void status() { columns << 'status' }

    void weather() { columns << 'weather' }

    void name() { columns << 'name' }

    void lastSuccess() { columns << 'lastSuccess' }

    void lastFailure() { columns << 'lastFailure' }

    void lastDuration() { columns << 'lastDuration' }

    void buildButton() { columns << 'buildButton' }
}
