"""A repository is untrusted: what a seed may not do, and how it ends."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest

from conformance.sources.facts import SourceError
from conformance.sources.groovy import GroovyEngine, Limits, SeedScript
from conformance.sources.groovy.machine import without_network

from .conftest import Run

REFUSED = "the sandbox refuses to"


def refusal(run: Run, text: str) -> str:
    """The one error of a seed, which made nothing after it."""
    seeds = run(f"folder('before')\n{text}\nfolder('after')")
    assert {item.full_name for item in seeds.items} <= {"before"}
    (error,) = seeds.errors
    assert error.place.line == 2, error
    return error.message


@pytest.mark.parametrize(
    "text",
    [
        "new Socket('127.0.0.1', {port})",
        "new URL('http://127.0.0.1:{port}/').text",
        "'http://127.0.0.1:{port}/'.toURL().openStream()",
        "java.nio.channels.SocketChannel.open(new InetSocketAddress('127.0.0.1', {port}))",
        "new ServerSocket(0)",
        "new DatagramSocket()",
        "InetAddress.getByName('localhost')",
    ],
)
def test_no_network(run: Run, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        assert "refuse" in refusal(run, text.replace("{port}", str(port)))
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "text",
    [
        "'touch {mark}'.execute()",
        "['touch', '{mark}'].execute()",
        "new ProcessBuilder('touch', '{mark}').start()",
        "Runtime.runtime.exec('touch {mark}')",
        "Runtime.getRuntime().\"${'ex' + 'ec'}\"('touch {mark}')",
        "this.class.classLoader.loadClass('java.lang.Runtime').getRuntime().exec('touch {mark}')",
    ],
)
def test_no_process(run: Run, tmp_path: Path, text: str) -> None:
    mark = tmp_path / "mark"
    assert REFUSED in refusal(run, text.replace("{mark}", str(mark)))
    time.sleep(0.05)
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "new FileWriter('{mark}').close()",
        "new FileOutputStream('{mark}').close()",
        "new File('{mark}').createNewFile()",
        "java.nio.file.Files.write(java.nio.file.Paths.get('{mark}'), 'x'.bytes)",
        "new File('{root}').renameTo(new File('{mark}'))",
        "new File('{root}/jobs/a.txt').delete()",
        "File.createTempFile('abc', 'd')",
        "new RandomAccessFile('{root}/jobs/a.txt', 'rw')",
    ],
)
def test_no_writing(run: Run, tmp_path: Path, repository: Path, text: str) -> None:
    mark = tmp_path / "mark"
    assert REFUSED in refusal(run, text.replace("{mark}", str(mark)).replace("{root}", str(repository)))
    assert not mark.exists()
    assert (repository / "jobs/a.txt").read_text(encoding="utf-8") == "text of a"


@pytest.mark.parametrize(
    "text",
    [
        "new FileReader('/etc/passwd').text",
        "new FileInputStream('/etc/passwd').text",
        "java.nio.file.Files.readAllLines(java.nio.file.Paths.get('/etc/passwd'))",
        "new Scanner(java.nio.file.Paths.get('/etc/passwd')).nextLine()",
        "new URL('file:///etc/passwd').text",
        "new GroovyShell().evaluate(\"new FileReader('/etc/passwd').text\")",
        "Eval.me(\"new File('/etc/passwd').text\")",
    ],
)
def test_no_reading_outside(run: Run, text: str) -> None:
    assert REFUSED in refusal(run, text)


def test_a_file_of_the_host_is_a_file_of_the_cluster(run: Run) -> None:
    (item,) = run("folder('a') { description(new File('/etc/passwd').text) }").items
    assert item.description is not None
    assert not item.description.decided
    assert "root:" not in item.xml
    assert "«/etc/passwd»" in item.xml


def test_no_link_out_of_the_repository(run: Run, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret text", encoding="utf-8")
    link = repository / "link"
    link.symlink_to(tmp_path / "secret")
    try:
        seeds = run("folder('a') { description(readFileFromWorkspace('link')) }")
    finally:
        link.unlink()
    assert "secret text" not in str(seeds)
    assert REFUSED in seeds.errors[0].message


@pytest.mark.parametrize(
    "text",
    [
        "System.exit(0)",
        "Runtime.runtime.halt(1)",
        "Runtime.runtime.addShutdownHook(new Thread({}))",
        "Thread.start { }",
        "new Thread({}).start()",
        "new Timer().schedule({} as TimerTask, 1)",
        "java.util.concurrent.Executors.newFixedThreadPool(1).submit({} as Runnable)",
        "System.setProperty('a', 'b')",
        "System.setSecurityManager(null)",
        "System.load('/tmp/a.so')",
        "Class.forName('sun.misc.Unsafe').getDeclaredField('theUnsafe')",
        "Class.forName('java.lang.management.ManagementFactory')",
        "Thread.allStackTraces.keySet().find { it.name == 'main' }.interrupt()",
    ],
)
def test_no_hand_on_the_virtual_machine(run: Run, text: str) -> None:
    assert "refuse" in refusal(run, text)


@pytest.mark.parametrize(
    "text",
    [
        "conformance.evaluator.Guard.ROOT = '/'",
        "conformance.evaluator.Guard.HOST = Thread.currentThread()",
        "def f = conformance.evaluator.Guard.getDeclaredField('ROOT'); f.accessible = true; f.set(null, '/')",
        "def f = conformance.evaluator.Guard.getDeclaredField('HOST'); f.accessible = true; f.set(0, null)",
        "def f = String.getDeclaredField('value'); f.accessible = true",
        "conformance.evaluator.Guard.@HOST = Thread.currentThread()",
    ],
)
def test_the_guard_cannot_be_changed(run: Run, text: str) -> None:
    run(text)
    assert REFUSED in refusal(run, "new FileReader('/etc/passwd').text")


def test_the_evaluator_s_classes_are_not_replaced(run: Run) -> None:
    run("conformance.evaluator.Guard.metaClass.checkRead = { String path -> }")
    run("SecurityManager.metaClass.checkRead = { String path -> }")
    assert REFUSED in refusal(run, "new FileReader('/etc/passwd').text")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("while (true) { }", "the script was ended: it ran for more than 2 seconds"),
        (
            "try { while (true) { } } catch (Throwable any) { while (true) { } }",
            "it ran for more than 2 seconds",
        ),
        ("Thread.sleep(60000)", "it ran for more than 2 seconds"),
        ("def list = []; while (true) { list << new byte[1 << 20] }", "it needs more than 96 MB of memory"),
        ("def big = new byte[1 << 30]", "it needs more than 96 MB of memory"),
        ("def text = 'x'; while (true) { text += text }", "it needs more than 96 MB of memory"),
        ("def f; f = { f() }; f()", "the stack overflowed"),
    ],
)
def test_no_end_of_time_or_memory(repository: Path, text: str, message: str) -> None:
    limits = Limits(seconds=2 if "seconds" in message else 20, heap_mb=96)
    with GroovyEngine(limits, cached=False) as engine:
        begun = time.monotonic()
        seeds = engine.evaluate_seeds(
            repository, [SeedScript("bad.groovy", text), SeedScript("good.groovy", "folder('a')")], {}
        )
        assert time.monotonic() - begun < 30
    (error,) = seeds.errors
    assert error.place.file == "bad.groovy"
    assert message in error.message
    assert [item.full_name for item in seeds.items] == ["a"], "the other seeds run"


def test_parsing_ends_too(repository: Path) -> None:
    with GroovyEngine(Limits(seconds=5, heap_mb=96), cached=False) as engine:
        found = engine.parse_text(repository, "Jenkinsfile", "x = " + "(" * 200_000)
    assert isinstance(found, SourceError)


def test_nothing_runs_when_a_pipeline_is_parsed(
    engine: GroovyEngine, repository: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    text = (
        f"@groovy.transform.ASTTest(value={{ new File('{mark}').createNewFile() }}) class A {{ }}\n"
        "@Grab('a:b:1') import a.B\n"
        f"new File('{mark}').createNewFile()\n"
    )
    engine.parse_text(repository, "Jenkinsfile", text)
    assert not mark.exists()


def test_output_is_no_message_of_the_evaluator(run: Run) -> None:
    seeds = run("System.out.println('{\"items\":[]}'); println 'a'; out.println('b'); folder('x')")
    assert [item.full_name for item in seeds.items] == ["x"]
    seeds = run("new PrintStream(new FileOutputStream(FileDescriptor.out)).println('{}')")
    assert REFUSED in seeds.errors[0].message


def test_limits_of_the_operating_system(repository: Path) -> None:
    with GroovyEngine(Limits(seconds=20), cached=False) as engine:
        engine.evaluate_seeds(repository, [SeedScript("a.groovy", "folder('a')")], {})
        (pid,) = engine.processes
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8")
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        own_network = Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert re.search(r"Max file size +0 +0 ", limits)
    assert environment == b"LANG=C.UTF-8\0"
    assert own_network is bool(without_network())
