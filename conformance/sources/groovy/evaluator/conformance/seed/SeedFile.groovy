package conformance.seed

import groovy.transform.CompileStatic
import org.codehaus.groovy.runtime.ScriptBytecodeAdapter

/** `java.io.File` as a seed sees it: read only, and of inputs and the repository alone. */
@CompileStatic
class SeedFile extends File {
    SeedFile(String path) { super(plain(path)) }

    SeedFile(GString path) { super(plain(path.toString())) }

    SeedFile(String parent, String child) { super(plain(parent), plain(child)) }

    SeedFile(Object parent, Object child) { super(plain(String.valueOf(parent)), plain(String.valueOf(child))) }

    SeedFile(File parent, String child) { super(parent.path, plain(child)) }

    SeedFile(URI address) { super(address) }

    private static String plain(String path) { (String) Symbols.compared(path) }

    String getText() { getText('UTF-8') }

    String getText(String charset) {
        String content = given()
        if (content != null) {
            return content
        }
        return real() == null ? Symbols.of(path) : real().getText(charset)
    }

    byte[] getBytes() { known(text).bytes }

    byte[] readBytes() { known(text).bytes }

    List<String> readLines() { known(text).readLines() }

    List<String> readLines(String charset) { known(getText(charset)).readLines() }

    Object eachLine(Closure action) { known(text).eachLine(action) }

    Object withReader(Closure action) { action.call(newReader()) }

    Object withReader(String charset, Closure action) { action.call(newReader()) }

    BufferedReader newReader() { new BufferedReader(new StringReader(known(text))) }

    BufferedReader newReader(String charset) { newReader() }

    InputStream newInputStream() { new BufferedInputStream(new ByteArrayInputStream(bytes)) }

    Object withInputStream(Closure action) { action.call(newInputStream()) }

    @Override
    boolean exists() { given() != null || folderOfInputs() || realOrUndecided('exists').exists() }

    @Override
    boolean isFile() { given() != null || !folderOfInputs() && realOrUndecided('is a file').isFile() }

    @Override
    boolean isDirectory() { given() == null && (folderOfInputs() || realOrUndecided('is a folder').isDirectory()) }

    @Override
    boolean canRead() { exists() }

    @Override
    long length() { given() != null ? given().bytes.length : realOrUndecided('has a length').length() }

    @Override
    String[] list() { (String[]) names().toArray(new String[0]) }

    @Override
    File[] listFiles() { (File[]) names().collect { new SeedFile(path, it) }.toArray(new File[0]) }

    void eachFile(Closure action) { listFiles().each { action.call(it) } }

    void eachDir(Closure action) { listFiles().findAll { File it -> it.isDirectory() }.each { action.call(it) } }

    void eachFileMatch(Object filter, Closure action) {
        listFiles().findAll { File it -> ScriptBytecodeAdapter.isCase(it.name, filter) }.each { action.call(it) }
    }

    void eachDirMatch(Object filter, Closure action) {
        listFiles().findAll { File it -> it.isDirectory() && ScriptBytecodeAdapter.isCase(it.name, filter) }.each { action.call(it) }
    }

    void eachFileRecurse(Closure action) {
        listFiles().each { File file ->
            action.call(file)
            if (file.isDirectory()) {
                ((SeedFile) file).eachFileRecurse(action)
            }
        }
    }

    void eachFileRecurse(groovy.io.FileType type, Closure action) {
        eachFileRecurse { File file ->
            if (type == groovy.io.FileType.ANY || file.isDirectory() == (type == groovy.io.FileType.DIRECTORIES)) {
                action.call(file)
            }
        }
    }

    @Override
    File getParentFile() { parent == null ? null : new SeedFile(parent) }

    @Override
    File getAbsoluteFile() { this }

    @Override
    File getCanonicalFile() { this }

    @Override
    String getAbsolutePath() { path.startsWith('/') ? path : World.WORKSPACE + '/' + path }

    @Override
    String getCanonicalPath() { absolutePath }

    private String given() { World.file(path) }

    private boolean folderOfInputs() { !World.below(path).empty }

    private File real() {
        File found = World.inRepository(path)
        return found != null && found.isDirectory() ? null : found
    }

    private File realOrUndecided(String question) {
        File found = World.inRepository(path)
        if (found == null && path.startsWith('/')) {
            throw new UndecidedError(path, "the seed decides by whether ${path} ${question}, which no source says".toString())
        }
        return found ?: World.missing()
    }

    private List<String> names() {
        if (folderOfInputs()) {
            return World.below(path).collect { it.substring(path.length() + 1).split('/')[0] }.unique().sort()
        }
        return (realOrUndecided('has which files').list() ?: new String[0]).toList().sort()
    }

    private String known(String content) {
        if (Symbols.unknown(content) != null) {
            throw new UndecidedError(path, "the seed reads the lines of ${path}, which no source has".toString())
        }
        return content
    }
}
