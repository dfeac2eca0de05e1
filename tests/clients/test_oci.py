"""The official suite's report: what broke, what of it is accepted, and what says nothing of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.clients import oci
from conformance.core.errors import EnvironmentFailure
from environments.base import Login, RegistryEndpoint, Service

REPORT = """<testsuites><testsuite>
<testcase name="OCI Conformance Test/ping" status="passed"><system-err>GET /v2/</system-err></testcase>
<testcase name="OCI Conformance Test/sha512/push/blob-post-put" status="failure">
  <system-out>Docker-Content-Digest header value expected
 sha512</system-out><system-err>PUT /v2/x</system-err></testcase>
<testcase name="OCI Conformance Test/index/push/manifest-by-tag" status="failure">
  <system-out>unexpected status code, expected one of [201], received 503</system-out></testcase>
<testcase name="OCI Conformance Test/index/push/manifest-by-tag" status="passed"/>
</testsuite></testsuites>"""
REGISTRY = RegistryEndpoint(
    "r.example", Service("https://r.example"), Service("https://r.example"), "1", "r", "x"
)


def test_what_broke_is_reported_unless_it_is_accepted() -> None:
    found = oci.cases(REPORT)
    assert [case.name for case in oci.unaccepted(found, ())] == [
        "sha512/push/blob-post-put",
        "index/push/manifest-by-tag",
    ]
    (left,) = oci.unaccepted(found, ("sha512/*", "empty/referrers"))
    assert left.name == "index/push/manifest-by-tag"
    assert oci.away(left)
    assert oci.needless(found, ("sha512/*", "empty/referrers")) == ["empty/referrers"]


def test_exchanges_of_what_passed_are_left_out() -> None:
    kept = oci.without_exchanges(REPORT)
    assert "GET /v2/" not in kept
    assert "PUT /v2/x" in kept


def test_a_program_without_a_report_is_an_error(tmp_path: Path) -> None:
    suite = oci.Suite("/bin/false", REGISTRY, Login("AWS", "canary-77"), "")
    with pytest.raises(EnvironmentFailure) as failure:
        suite.run(("a", "b"), tmp_path)
    assert "left no report" in failure.value.what
    assert "canary-77" not in str(failure.value)


def test_the_suite_gets_the_registry_and_nothing_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-78")
    program = tmp_path / "suite"
    program.write_text(
        '#!/bin/sh\nenv > "$OCI_RESULTS_DIR/env"\n'
        f"cat > \"$OCI_RESULTS_DIR/junit.xml\" <<'E'\n{REPORT}\nE\nexit 1\n"
    )
    program.chmod(0o755)
    found = oci.Suite(str(program), REGISTRY, Login("AWS", "token"), "/run/ca.pem").run(("a", "b"), tmp_path)
    assert len(found) == 4
    reported = (tmp_path / "env").read_text()
    assert "OCI_REGISTRY=r.example" in reported
    assert "SSL_CERT_FILE=/run/ca.pem" in reported
    assert "canary-78" not in reported
