"""Plugins that were once part of the core, from the core's own split-plugins and split-plugin-cycles lists.

A plugin built for a core up to `last_core` may use code that has since moved into `plugin`, without a
declared need; the controller then adds the dependency by itself (as an optional one). Last entry: core 2.356.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.pins.model import Dependency
from conformance.pins.versions import key_of

#: (plugin, last core that still contained it, version that is implied)
SPLITS = (
    ("maven-plugin", "1.296", "1.296"),
    ("subversion", "1.310", "1.0"),
    ("cvs", "1.340", "0.1"),
    ("ant", "1.430", "1.0"),
    ("javadoc", "1.430", "1.0"),
    ("external-monitor-job", "1.467", "1.0"),
    ("ldap", "1.467", "1.0"),
    ("pam-auth", "1.467", "1.0"),
    ("mailer", "1.493", "1.2"),
    ("matrix-auth", "1.535", "1.0.2"),
    ("windows-slaves", "1.547", "1.0"),
    ("antisamy-markup-formatter", "1.553", "1.0"),
    ("matrix-project", "1.561", "1.0"),
    ("junit", "1.577", "1.0"),
    ("bouncycastle-api", "2.16", "2.16.0"),
    ("command-launcher", "2.86", "1.0"),
    ("jdk-tool", "2.112", "1.0"),
    ("jaxb", "2.163", "2.3.0"),
    ("trilead-api", "2.184", "1.0.4"),
    ("sshd", "2.281", "3.236.ved5e1b_cb_50b_2"),
    ("javax-activation-api", "2.330", "1.2.0-2"),
    ("javax-mail-api", "2.330", "1.6.2-5"),
    ("instance-identity", "2.356", "3.1"),
)

#: (plugin, detached plugin) for which the core adds nothing, since it would close a circle.
BROKEN_CYCLES = frozenset(
    {
        ("credentials", "matrix-auth"),
        ("credentials", "windows-slaves"),
        ("script-security", "antisamy-markup-formatter"),
        ("script-security", "bouncycastle-api"),
        ("script-security", "command-launcher"),
        ("script-security", "matrix-auth"),
        ("script-security", "matrix-project"),
        ("script-security", "windows-slaves"),
    }
)


def implied(name: str, required_core: str) -> Iterator[Dependency]:
    """The implied needs of a plugin built for `required_core`; none when that core is not known."""
    if not required_core:
        return
    built_for = key_of(required_core)
    for plugin, last_core, version in SPLITS:
        if plugin == name or (name, plugin) in BROKEN_CYCLES:
            continue
        if built_for <= key_of(last_core):
            yield Dependency(plugin, version, optional=True)
