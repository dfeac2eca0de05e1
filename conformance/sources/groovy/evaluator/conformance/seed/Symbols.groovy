package conformance.seed

import groovy.transform.CompileStatic

/** A decision of a seed depends on a value that the sources do not have. An Error, so that no script catches it. */
@CompileStatic
class UndecidedError extends Error {
    final String input
    final String reason

    UndecidedError(String input, String reason) {
        super(reason)
        this.input = input
        this.reason = reason
    }
}

/**
 * Strings that stand for unknown values. Each is a marker (two characters of Unicode's private use area around a number), which
 * survives concatenation, trimming and a change of case. What would have to know the value raises UndecidedError.
 */
@CompileStatic
class Symbols {
    static final char OPEN = (char) 0xE000
    static final char CLOSE = (char) 0xE001
    private static final Set<String> SAFE = ['trim', 'toString', 'plus', 'concat', 'toLowerCase', 'toUpperCase', 'capitalize', 'uncapitalize',
        'strip', 'stripIndent', 'stripMargin', 'replace', 'replaceAll', 'replaceFirst', 'minus', 'multiply', 'padLeft', 'padRight', 'center',
        'denormalize', 'normalize', 'intern', 'with', 'tap', 'getClass', 'hashCode', 'inspect', 'dump', 'indent', 'formatted', 'asType', 'is'] as Set<String>
    private static final Set<String> READERS = ['load', 'loadAll', 'loadAs', 'parseText', 'parse', 'equals', 'equalsIgnoreCase', 'contains',
        'containsKey', 'containsValue', 'compareTo', 'parseInt', 'parseLong', 'parseBoolean', 'toInteger', 'toBoolean', 'matches', 'get', 'getAt',
        'indexOf', 'startsWith', 'endsWith', 'isEmpty', 'isNumber', 'hasVariable', 'getProperty'] as Set<String>
    private static final Set<String> SEARCHES = ['contains', 'indexOf', 'unique', 'toUnique', 'sort', 'toSorted', 'toSet', 'intersect', 'containsKey',
        'containsValue', 'get', 'groupBy', 'countBy', 'max', 'min'] as Set<String>
    private static final List<String> NAMES = []

    static void reset() { NAMES.clear() }

    static List<String> names() { NAMES }

    /** The string that stands for the value of input `name`. */
    static String of(String name) {
        int index = NAMES.indexOf(name)
        if (index < 0) {
            index = NAMES.size()
            NAMES << name
        }
        return "${OPEN}${index}${CLOSE}".toString()
    }

    /** The first unknown input in `value`, or null. */
    static String unknown(Object value) {
        if (value instanceof CharSequence) {
            String text = value.toString()
            int from = text.indexOf((int) OPEN)
            int to = from < 0 ? -1 : text.indexOf((int) CLOSE, from)
            return to < 0 ? null : NAMES[Integer.parseInt(text.substring(from + 1, to))]
        }
        return null
    }

    private static String within(Object value) {
        if (value instanceof Collection) {
            return ((Collection) value).findResult { unknown(it) }
        }
        return value instanceof Map ? ((Map) value).keySet().findResult { unknown(it) } : unknown(value)
    }

    static String readable(String text) {
        String out = text
        NAMES.eachWithIndex { String name, int index -> out = out.replace("${OPEN}${index}${CLOSE}".toString(), "«${name}»".toString()) }
        return out
    }

    private static void fail(String name, String use) {
        throw new UndecidedError(name, "the seed ${use} ${name}, which no source has".toString())
    }

    /** For a condition: `value` itself when it is known. */
    static Object decided(Object value) {
        String name = unknown(value)
        if (name != null) {
            fail(name, 'decides by')
        }
        return value
    }

    /** For a comparison: nothing in `value` may be unknown. */
    static Object compared(Object value) {
        String name = within(value)
        if (name != null) {
            fail(name, 'compares')
        }
        return value
    }

    /** For the receiver of a method: the method may need to know the value. */
    static Object receiver(Object value, String method) {
        if (value instanceof CharSequence) {
            if (!(method in SAFE) && unknown(value) != null) {
                fail(unknown(value), "calls ${method}() of")
            }
        } else if (method in SEARCHES && within(value) != null) {
            fail(within(value), 'searches a collection with')
        }
        return value
    }

    static Object property(Object value, String name) {
        if (value instanceof CharSequence && name != 'class' && unknown(value) != null) {
            fail(unknown(value), "reads ${name} of")
        }
        return value
    }

    static boolean needsValue(String method) { method in READERS }
}
