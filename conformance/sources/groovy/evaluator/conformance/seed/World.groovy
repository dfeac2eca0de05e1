package conformance.seed

import groovy.transform.CompileStatic

/** Files and environment of the controller that a seed reads: given as inputs, in the repository, or unknown. */
@CompileStatic
class World {
    /** Where a seed sees its workspace, which is the repository. */
    static final String WORKSPACE = '/var/jenkins_home/workspace/seed'
    private static final Map<String, String> INPUTS = [:]
    private static final Set<String> USED = [] as LinkedHashSet<String>
    private static File root

    static void reset(File folder, Map<String, String> inputs) {
        root = folder
        INPUTS.clear()
        INPUTS.putAll(inputs)
        USED.clear()
        Symbols.reset()
    }

    static Set<String> used() { USED }

    /** Value of an environment variable or a variable of the seed's build; a symbol when it is not given. */
    static String variable(String name) {
        if (name == 'WORKSPACE' && !INPUTS.containsKey(name)) {
            return WORKSPACE
        }
        String given = input(name)
        return given == null ? Symbols.of(name) : given
    }

    static Object getenv(Object name) { variable(String.valueOf(Symbols.compared(name))) }

    static Map getenv() {
        return new AbstractMap<String, String>() {
            @Override
            String get(Object key) { variable(String.valueOf(key)) }

            @Override
            boolean containsKey(Object key) { INPUTS.containsKey(key) ?: undecided(String.valueOf(key)) }

            @Override
            Set<Map.Entry<String, String>> entrySet() {
                throw new UndecidedError('the environment', 'the seed lists all variables of its environment, which no source has')
            }
        }
    }

    private static boolean undecided(String name) {
        throw new UndecidedError(name, "the seed decides by whether ${name} is set, which no source says".toString())
    }

    static String input(String name) {
        if (INPUTS.containsKey(name)) {
            USED << name
            return INPUTS[name]
        }
        return null
    }

    /** Content of the input for a file: by its path, or by its name alone. */
    static String file(String path) {
        String given = input(path)
        return given == null ? input(path.substring(path.lastIndexOf('/') + 1)) : given
    }

    /** The inputs that lie below a folder. */
    static List<String> below(String path) {
        List<String> found = INPUTS.keySet().findAll { it.startsWith(path + '/') } as List<String>
        USED.addAll(found)
        return found
    }

    /** The file of the repository that a seed means by `path`, or null when it means a place of the controller. */
    static File inRepository(String path) {
        String inner = path.startsWith(WORKSPACE + '/') ? path.substring(WORKSPACE.length() + 1) :
            path == WORKSPACE ? '' : path.startsWith('/') ? null : path
        if (inner == null) {
            return null
        }
        File found = new File(root, inner)
        return found.exists() ? found : null
    }

    /** A file of the repository that does not exist. */
    static File missing() { new File(root, '.no-such-file') }

    static String readFromWorkspace(String path) {
        String given = file(path)
        if (given != null) {
            return given
        }
        File found = inRepository(path)
        return found == null ? Symbols.of(path) : found.getText('UTF-8')
    }
}
