package conformance.evaluator

import groovy.transform.CompileStatic

import java.security.Permission

/**
 * What a thread of the evaluator may do: everything on the thread that starts the JVM, and on all others nothing
 * but compute and read below the repository's root. All state is constant: no script can change it.
 */
@CompileStatic
@SuppressWarnings('Deprecated')
class Guard extends SecurityManager {
    static final String REFUSAL = 'the sandbox refuses to '
    private static final Thread HOST = Thread.currentThread()
    private static final String ROOT = directory(System.getProperty('conformance.root'))
    private static final String RUNTIME = directory(System.getProperty('java.home'))
    private static final String CLASSES = directory(System.getProperty('conformance.classes'))
    private static final String JARS = File.pathSeparator + System.getProperty('java.class.path') + File.pathSeparator
    /** Paths of the repository that were read or looked for since the last `forget`, relative to its root. */
    private static final Set<String> TOUCHED = Collections.synchronizedSet(new LinkedHashSet<String>())
    private static final Set<String> RUNTIME_PERMISSIONS = Collections.unmodifiableSet(['accessDeclaredMembers', 'createClassLoader',
        'getClassLoader', 'getProtectionDomain', 'getStackTrace', 'getenv.GROOVY_HOME', 'setContextClassLoader', 'closeClassLoader',
        'getStackWalkerWithClassReference', 'localeServiceProvider', 'loggerFinder', 'reflectionFactoryAccess', 'defineClass'] as Set<String>)
    private static final Set<String> CLOSED = Collections.unmodifiableSet(['sun.misc', 'sun.reflect', 'com.sun.management', 'java.lang.management',
        'javax.management', 'com.sun.net.httpserver', 'com.sun.tools.attach', 'java.net.http', 'java.rmi', 'javax.naming'] as Set<String>)

    static void install() {
        rehearse()
        System.setSecurityManager(new Guard())
    }

    static void forget() { TOUCHED.clear() }

    static List<String> touched() { new ArrayList<String>(TOUCHED) }

    /** Run every judgment once: a class that it needs must be loaded before it judges the loading of classes. */
    private static void rehearse() {
        ['sun.misc', 'jdk.internal.misc', 'java.util'].each { String name -> attempt { judgePackage(name) } }
        [RUNTIME, ROOT, '/nowhere'].each { String path -> attempt { judgeRead(path) } }
        [new RuntimePermission('exitVM.0'), new RuntimePermission('accessDeclaredMembers'), new FilePermission('/nowhere', 'read'),
            new FilePermission('/nowhere', 'write'), new PropertyPermission('x', 'read'), new PropertyPermission('x', 'write'),
            new java.lang.reflect.ReflectPermission('suppressAccessChecks'), new java.security.SecurityPermission('getProperty.x'),
            new RuntimePermission('accessClassInPackage.sun.misc')].each { Permission permission -> attempt { judge(permission) } }
        attempt { judgeThread(Thread.currentThread()) }
        attempt { judgeThread(null) }
    }

    private static void attempt(Closure judgment) {
        try {
            judgment.call()
        } catch (SecurityException ignored) {
            return
        }
    }

    @Override
    void checkPermission(Permission permission) {
        if (!Thread.currentThread().is(HOST)) {
            judge(permission)
        }
    }

    @Override
    void checkPermission(Permission permission, Object context) {
        if (!Thread.currentThread().is(HOST)) {
            judge(permission)
        }
    }

    @Override
    void checkRead(String path) {
        if (!Thread.currentThread().is(HOST)) {
            judgeRead(path)
        }
    }

    @Override
    void checkRead(String path, Object context) {
        if (!Thread.currentThread().is(HOST)) {
            judgeRead(path)
        }
    }

    @Override
    void checkAccess(Thread thread) {
        if (!Thread.currentThread().is(HOST)) {
            judgeThread(thread)
        }
    }

    @Override
    void checkAccess(ThreadGroup group) {
        if (!Thread.currentThread().is(HOST)) {
            judgeThread(null)
        }
    }

    @Override
    void checkPackageAccess(String name) {
        if (!Thread.currentThread().is(HOST)) {
            judgePackage(name)
        }
    }

    private static void judgePackage(String name) {
        if (CLOSED.contains(name) || name.startsWith('jdk.internal')) {
            refuse('use package ' + name)
        }
    }

    private static void judgeRead(String path) {
        if (!readable(path)) {
            refuse('read ' + path)
        }
    }

    private static void judgeThread(Thread thread) {
        if (thread == null || !thread.is(Thread.currentThread())) {
            refuse('start or change a thread')
        }
    }

    private static void judge(Permission permission) {
        String name = permission.name
        if (permission instanceof FilePermission) {
            if (permission.actions != 'read' || !readable(name)) {
                refuse(permission.actions + ' ' + name)
            }
        } else if (permission instanceof PropertyPermission) {
            if (permission.actions != 'read') {
                refuse('write the system property ' + name)
            }
        } else if (!harmless(permission, name)) {
            refuse('use ' + permission.class.simpleName + ' ' + name)
        }
    }

    private static boolean harmless(Permission permission, String name) {
        switch (permission.class.name) {
            case 'java.lang.RuntimePermission':
                return RUNTIME_PERMISSIONS.contains(name) || name.startsWith('accessClassInPackage.') && !CLOSED.contains(name.substring(21))
            case 'groovy.security.GroovyCodeSourcePermission':
            case 'java.util.logging.LoggingPermission':
                return true
            case 'java.lang.reflect.ReflectPermission':
                return name == 'suppressAccessChecks'
            case 'java.security.SecurityPermission':
                return name.startsWith('getProperty.') || name.startsWith('putProviderProperty.')
            default:
                return false
        }
    }

    private static boolean readable(String path) {
        String real
        try {
            real = new File(path).canonicalPath
        } catch (IOException ignored) {
            return false
        }
        if ((real + '/').startsWith(ROOT)) {
            TOUCHED.add(real.length() < ROOT.length() ? '' : real.substring(ROOT.length()))
            return true
        }
        return real == '/dev/random' || real == '/dev/urandom' || JARS.contains(File.pathSeparator + real + File.pathSeparator) ||
            (real + '/').startsWith(RUNTIME) || (real + '/').startsWith(CLASSES)
    }

    private static String directory(String path) { new File(path).canonicalPath + '/' }

    private static void refuse(String action) { throw new SecurityException(REFUSAL + action) }
}
