package simulator

import groovy.transform.CompileStatic

/** A failure that ends a build with a message and no stack trace, as hudson.AbortException does. */
@CompileStatic
class AbortException extends RuntimeException {
    AbortException(String message) { super(message) }
}

/** A build that is being stopped: by a person, a time-out or the loss of its agent. */
@CompileStatic
class FlowInterruptedException extends RuntimeException {
    final String result
    final List causes

    FlowInterruptedException(String message, String result, List causes) {
        super(message)
        this.result = result
        this.causes = causes
    }
}

@CompileStatic
class Failures {
    static Map describe(Throwable failure) {
        if (failure == null) {
            return null
        }
        StringWriter trace = new StringWriter()
        failure.printStackTrace(new PrintWriter(trace))
        Map described = [type: realName(failure), message: failure.message, trace: rename(trace.toString())] as Map
        if (failure instanceof FlowInterruptedException) {
            described.result = ((FlowInterruptedException) failure).result
            described.causes = ((FlowInterruptedException) failure).causes
        }
        return described
    }

    static Throwable rebuild(Map error) {
        String message = (String) error.message
        switch (error.kind) {
            case 'abort': return new AbortException(message)
            case 'interrupted':
                return new FlowInterruptedException(message, (String) error.result, (List) error.causes)
            case 'illegal': return new IllegalArgumentException(message)
            case 'nomethod': return new NoSuchMethodError(message)
            case 'missingproperty': return new MissingPropertyException(message)
            case 'io': return new FileNotFoundException(message)
            default: return new RuntimeException(message)
        }
    }

    static String realName(Throwable failure) {
        return rename(failure.class.name)
    }

    private static String rename(String text) {
        return text.replace('simulator.AbortException', 'hudson.AbortException')
            .replace('simulator.FlowInterruptedException',
                     'org.jenkinsci.plugins.workflow.steps.FlowInterruptedException')
    }
}
