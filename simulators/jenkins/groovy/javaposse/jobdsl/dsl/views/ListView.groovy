package javaposse.jobdsl.dsl.views

import javaposse.jobdsl.dsl.Context

class ListView {
    final String name
    String text
    final JobsContext jobs = new JobsContext()

    ListView(String name) { this.name = name }

    void description(String text) { this.text = text }

    void jobs(Closure body) { Context.execute(body, jobs) }

    Map describe() { [name: name, description: text, names: jobs.names as List, regex: jobs.pattern] }
}

class JobsContext {
    final Set names = new LinkedHashSet()
    String pattern

    void name(String job) { names << job }

    void names(String... jobs) { names.addAll(jobs as List) }

    void regex(String expression) { pattern = expression }
}
