package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** The top level of a seed script. */
@CompileStatic
abstract class JobParent extends Script implements DslFactory {
    Object methodMissing(String name, Object arguments) { Dsl.top(this, name, (Object[]) arguments) }

    PrintStream getOut() {
        return new PrintStream(new OutputStream() {
            @Override
            void write(int octet) { Recording.now().print((char) octet) }
        }, true)
    }

    Logger getLogger() { new Logger() }

    String readFileFromWorkspace(String path) { Recording.now().management.readFile(path) }

    String readFileFromWorkspace(String job, String path) { Recording.now().management.readFile(path) }

    InputStream streamFileFromWorkspace(String path) { new ByteArrayInputStream(readFileFromWorkspace(path).getBytes('UTF-8')) }

    void queue(String job) { Recording.now().queued << ([name: job, line: Recording.line()] as Map) }

    void queue(Item job) { queue(job.name) }

    void userContent(String path, InputStream content) { }

    JobParent getJm() { this }

    Map getParameters() { binding.variables }

    @Override
    void println(Object value) { Recording.now().print(String.valueOf(value) + '\n') }

    @Override
    void println() { Recording.now().print('\n') }

    @Override
    void print(Object value) { Recording.now().print(value) }

    @Override
    void printf(String format, Object value) { Recording.now().print(String.format(format, value)) }
}

/** The seed's log. */
@CompileStatic
class Logger {
    Object methodMissing(String name, Object arguments) { Recording.now().print(((Object[]) arguments).join(' ') + '\n') }
}
