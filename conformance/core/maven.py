"""Where Maven artifacts come from on this host: the user's mirror of `central`, or Maven's own default."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from conformance.core import xml
from conformance.core.errors import HostUnfit

#: Jars that hold Maven's super POM, as Maven itself and Debian's packages install them.
SUPER_POM_JARS = ("/usr/share/maven/lib/maven-model-builder*.jar", "/usr/share/java/maven3-model-builder.jar")
SUPER_POM = "org/apache/maven/model/pom-4.0.0.xml"


def central() -> str:
    """URL of the repository that Maven calls `central`, with a slash at its end.

    In this order: CONFORMANCE_MAVEN_CENTRAL, a mirror of `central` or `*` in ~/.m2/settings.xml,
    the super POM of an installed Maven.

    Raises:
        HostUnfit: none of them is there.
    """
    url = os.environ.get("CONFORMANCE_MAVEN_CENTRAL") or _mirror() or _super_pom()
    if not url:
        raise HostUnfit(
            "no Maven repository is known on this host",
            expected="CONFORMANCE_MAVEN_CENTRAL, a mirror in ~/.m2/settings.xml, or Maven itself",
            remedy="set CONFORMANCE_MAVEN_CENTRAL to your mirror, or apt-get install libmaven3-core-java",
        )
    return url.rstrip("/") + "/"


def resolve(remote: str) -> str:
    """A proxy's remote as the contract writes it: `central` becomes this host's, a URL stays."""
    return central() if remote == "central" else remote


def settings() -> str:
    """Maven settings (settings.xml) by which everything comes from this host's `central`.

    Raises:
        HostUnfit: as `central`.
    """
    mirror = f"<id>central-here</id><mirrorOf>*</mirrorOf><url>{escape(central())}</url>"
    return f"<settings><mirrors><mirror>{mirror}</mirror></mirrors></settings>\n"


def _mirror() -> str:
    settings = Path.home() / ".m2/settings.xml"
    if not settings.is_file():
        return ""
    try:
        root = xml.parse(settings.read_bytes())
    except ValueError:
        return ""
    for mirror in root.iterfind(".//{*}mirror"):
        of = (mirror.findtext("{*}mirrorOf") or "").split(",")
        if {"central", "*", "external:*"} & {name.strip() for name in of}:
            return (mirror.findtext("{*}url") or "").strip()
    return ""


def _super_pom() -> str:
    for pattern in SUPER_POM_JARS:
        for jar in sorted(Path("/").glob(pattern.lstrip("/"))):
            with zipfile.ZipFile(jar) as archive:
                root = xml.parse(archive.read(SUPER_POM))
            return (root.findtext(".//{*}repository/{*}url") or "").strip()
    return ""
