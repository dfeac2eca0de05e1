"""What pins need and what is known against them."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest

from conformance.core.errors import UsageError
from conformance.core.paths import REFERENCE
from conformance.pins import advisories, known_issues, waivers
from conformance.pins.advisories import UnusablePattern, matches
from conformance.pins.judge import judge
from conformance.pins.known_issues import KnownIssue
from conformance.pins.model import Dependency, Release
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.resolve import Target, resolve
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import load
from conformance.sources.facts import Place
from conformance.sources.plugins.pin import Finding, PinsUnreadable
from tests.pins.support import (
    DAYS,
    MANIFESTS,
    TODAY,
    document,
    keys,
    pin_file,
    plugin,
    real_catalogue,
    real_pins,
    rules,
)

CORE = Target("2.504.3")


def found(newest: UpdateCenter, pins: dict[str, str], target: Target = CORE, **more: object) -> list[Finding]:
    return judge(pin_file(pins), ReleaseIndex(newest), target, rules(**more))


def test_the_67_pins_are_complete_and_valid_from_their_manifests() -> None:
    file = real_pins()
    assert len(file.pins) == 67
    index = real_catalogue()
    releases = [index.release(pin.name, pin.version) for pin in file.pins]
    assert sum(len(one.dependencies) for one in releases if one) == 250
    assert resolve(file.exact(), index, CORE) == []
    assert keys(judge(file, real_catalogue(DAYS / "2025-06-28.json.gz"), CORE, rules())) == []


def test_the_advisories_that_hit_the_67_pins_each_with_its_line() -> None:
    reported = judge(real_pins(), real_catalogue(), CORE, rules())
    assert {one.level for one in reported} == {"no-go"}
    assert [(one.subject, one.ref, one.where.line) for one in reported if one.subject != "core"] == [
        ("credentials-binding", "SECURITY-3672", 15),
        ("credentials-binding", "SECURITY-3790", 15),
        ("git-client", "SECURITY-3590", 20),
        ("git-client", "SECURITY-3614", 20),
        ("jakarta-mail-api", "SECURITY-3617", 26),
        ("pipeline-groovy-lib", "SECURITY-3727", 41),
        ("script-security", "SECURITY-3662", 54),
    ]
    core = [one.ref for one in reported if one.subject == "core"]
    assert core == ["core-2_528", "core-2_541", "core-2_551", "core-2_555", "core-2_568"]


def test_missing_is_one_finding_with_all_that_need_it_and_its_own_needs() -> None:
    newest = document(
        plugin("a", "1", c="2"), plugin("b", "1", c="3"), plugin("c", "3", d="1"), plugin("d", "1")
    )
    reported = found(newest, {"a": "1", "b": "1"})
    assert keys(reported) == [("missing", "c"), ("missing", "d")]
    assert reported[0].next == "pin c:3"
    assert "b 1 needs 3; a 1 needs 2" in reported[0].what


def test_too_old_has_the_line_of_the_plugin_that_is_too_old() -> None:
    newest = document(plugin("a", "1", c="2"), plugin("c", "1"))
    reported = found(newest, {"a": "1", "c": "1"})
    assert [(one.code, one.subject, str(one.where)) for one in reported] == [("too-old", "c", "pins.txt:2")]
    assert reported[0].next == "raise it to 2 or newer"


def test_an_optional_need_counts_only_when_it_is_present() -> None:
    newest = document(plugin("a", "1", c_optional="2"), plugin("c", "1"))
    assert keys(found(newest, {"a": "1"})) == []
    assert keys(found(newest, {"a": "1", "c": "1"})) == [("too-old", "c")]


def test_core_and_java() -> None:
    newest = document(plugin("a", "1", core="2.516.1") | {"minimumJavaVersion": "21"})
    assert keys(found(newest, {"a": "1"}, Target("2.504.3", "17"))) == [
        ("core-too-old", "a"),
        ("java-too-old", "a"),
    ]
    assert keys(found(newest, {"a": "1"}, Target("2.516.1", "21"))) == []
    assert keys(found(newest, {"a": "1"}, Target(""))) == []


def test_what_an_old_plugin_implies() -> None:
    newest = document(plugin("a", "1", core="2.300"), plugin("instance-identity", "3.0"))
    reported = found(newest, {"a": "1", "instance-identity": "3.0"})
    assert [(one.code, one.subject, one.level) for one in reported] == [
        ("too-old", "instance-identity", "no-go"),
        ("implied", "javax-activation-api", "warning"),
        ("implied", "javax-mail-api", "warning"),
    ]
    assert found(document(plugin("a", "1", core="2.357")), {"a": "1"}) == []


def test_broken_cycles_are_not_closed_again() -> None:
    newest = document(plugin("script-security", "1", core="2.80"))
    reported = {one.subject for one in found(newest, {"script-security": "1"})}
    assert "jaxb" in reported
    assert "command-launcher" not in reported


@pytest.mark.parametrize("optional", ["", "_optional"])
def test_a_circle_is_one_finding(optional: str) -> None:
    newest = document(
        plugin("a", "1", **{f"b{optional}": "1"}),
        plugin("b", "1", c="1"),
        plugin("c", "1", a="1"),
        plugin("d", "1", a="1"),
    )
    reported = found(newest, dict.fromkeys("abcd", "1"))
    assert keys(reported) == [("circle", "a")]
    assert reported[0].ref == "a b c"


def test_unknown_plugins_and_unknown_releases() -> None:
    reported = found(document(plugin("git", "5.10.1")), {"git": "5.7.0", "gti": "5.7.0"})
    assert [(one.code, one.level, one.subject) for one in reported] == [
        ("unknown-plugin", "no-go", "gti"),
        ("unknown-release", "error", "git"),
    ]


def test_a_plugin_that_disappeared() -> None:
    before = document(plugin("a", "1"), plugin("b", "1"))
    newest = document(plugin("b", "1"))
    reported = judge(pin_file({"a": "1"}), ReleaseIndex(newest, [before]), CORE, rules())
    assert keys(reported) == [("disappeared", "a")]


def test_a_deprecated_plugin_is_a_warning() -> None:
    newest = document(plugin("a", "1"), deprecations={"a": {"url": "https://example.org/why"}})
    reported = found(newest, {"a": "1"})
    assert [(one.code, one.level, one.link) for one in reported] == [
        ("deprecated", "warning", "https://example.org/why")
    ]


def test_the_label_deprecated_counts_as_in_the_core() -> None:
    newest = document(plugin("a", "1") | {"labels": ["library", "deprecated"]})
    (reported,) = found(newest, {"a": "1"})
    assert (reported.code, reported.link) == ("deprecated", "https://plugins.jenkins.io/a/releases/")


def test_needs_that_are_left_out_are_undecided_and_known_ones_still_count() -> None:
    entry = {"name": "a", "version": "1", "requiredCore": "2.516.1"}
    assert keys(found(document(entry), {"a": "1"})) == [("core-too-old", "a"), ("unknown-needs", "a")]


def test_a_record_that_knows_more_wins_over_one_that_leaves_facts_out() -> None:
    newest = document({"name": "a", "version": "1"})
    manifest = Release("a", "1", "2.479.1", dependencies=(Dependency("b", "2"),))
    reported = judge(pin_file({"a": "1"}), ReleaseIndex(newest, (), {"a": [manifest]}), CORE, rules())
    assert keys(reported) == [("missing", "b")]


def test_a_document_without_warnings_decides_no_advisory() -> None:
    newest = UpdateCenter({"plugins": {"a": plugin("a", "1")}}, "here")
    reported = found(newest, {"a": "1"})
    assert [(one.level, one.ref) for one in reported] == [("error", "warnings"), ("warning", "deprecations")]


def test_a_document_from_the_future_is_undecided() -> None:
    for stamp, expected in (("2026-06-15T23:00:00Z", []), ("2026-06-16T00:00:00Z", ["future-document"])):
        newest = document(plugin("a", "1"), generationTimestamp=stamp)
        assert [one.code for one in found(newest, {"a": "1"})] == expected


def test_a_missing_plugin_counts_at_the_version_that_meets_all_needs() -> None:
    """c 3 meets both needs and has needs of its own; those of c 2 do not count."""
    newest = document(
        plugin("a", "1", c="2"),
        plugin("b", "1", c="3"),
        plugin("c", "3", d="1"),
        plugin("d", "1"),
        plugin("e", "1"),
    )
    index = ReleaseIndex(newest, [document(plugin("c", "2", e="1"))])
    for pins in ({"a": "1", "b": "1"}, {"b": "1", "a": "1"}):
        reported = judge(pin_file(pins), index, CORE, rules())
        assert keys(reported) == [("missing", "c"), ("missing", "d")]


def test_a_broken_entry_leaves_the_gate_undecided() -> None:
    newest = document({"name": "a", "version": "1", "dependencies": "none"})
    assert keys(found(newest, {"a": "1"})) == [("broken-entry", "a")]


def advisory(subject: str, pattern: str, kind: str = "plugin") -> dict[str, object]:
    return {
        "id": "SECURITY-1",
        "type": kind,
        "name": subject,
        "message": "bad",
        "url": "https://example.org/1",
        "versions": [{"pattern": pattern, "lastVersion": "1.5"}],
    }


def test_advisories_match_by_the_documents_own_patterns() -> None:
    newest = document(plugin("a", "1.6"), plugin("b", "1.5"), warnings=[advisory("a", "1[.][0-5](|[.-].*)")])
    assert keys(found(newest, {"a": "1.6", "b": "1.5"})) == []
    older = ReleaseIndex(newest, [document(plugin("a", "1.5-2"))])
    assert keys(judge(pin_file({"a": "1.5-2"}), older, CORE, rules())) == [("advisory", "a")]


def test_core_advisories_need_a_core() -> None:
    newest = document(plugin("a", "1"), warnings=[advisory("core", "2[.]504(|[.].*)", "core")])
    assert keys(found(newest, {"a": "1"})) == [("advisory", "core")]
    assert keys(found(newest, {"a": "1"}, Target(""))) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "(1|2",
        "",
        "(?i)1.*",
        r"(.)\1",
        "1.*+",
        "x" * 5000,
        "(?=1).*",
        "[a[b]]",
        "[a&&b]",
        r"\Q1\E",
        "(?!1",
        "1{,3}",
    ],
)
def test_a_pattern_that_java_and_re2_read_differently_is_undecided(pattern: str) -> None:
    with pytest.raises(UnusablePattern):
        matches(pattern, "1." + "1" * 60)
    newest = document(plugin("a", "1"), warnings=[advisory("a", pattern)])
    assert keys(found(newest, {"a": "1"})) == [("unreadable-advisory", "a")]


@pytest.mark.parametrize(
    ("pattern", "version"),
    [
        ("((((\\w{1,9}[.]?){1,9}){1,9}){1,9}){1,9}!", "2.2265.v140e610fe9d5"),
        ("\\w*" * 8 + "x", "1" + "a" * 199),
        ("(a|a)?" * 30 + "a" * 30, "1" + "a" * 29),
        ("(a+)+$", "1" + "a" * 200),
        ("(.*){30}!", "1" * 200),
        (".*" * 2000 + "!", "1" * 256),
        ("([a-z0-9]{1,900}){1,1}!", "1" * 256),
    ],
)
def test_no_pattern_takes_long(pattern: str, version: str) -> None:
    newest = document(plugin("a", "1"), warnings=[advisory("a", pattern)])
    start = time.monotonic()
    reported = list(advisories.findings(newest, "a", version, Place("x")))
    assert time.monotonic() - start < 1
    assert [one.code for one in reported] in ([], ["unreadable-advisory"])


def test_many_costly_patterns_are_given_up_together() -> None:
    several = [advisory("a", f"(a|b|c)?{'(a|b|c|[0-9.])?' * 250}{number}!") for number in range(3000)]
    newest = document(plugin("a", "1" * 100), warnings=several)
    start = time.monotonic()
    reported = found(newest, {"a": "1" * 100})
    assert {one.code for one in reported} == {"unreadable-advisory"}
    assert len(reported) == 21, "twenty of them, and the others are counted"
    assert any("more advisories cannot be evaluated" in one.what for one in reported)
    assert time.monotonic() - start < 5


def test_real_patterns_stay_far_from_the_limit_of_work() -> None:
    """All plugins of the complete document, each in sixty versions."""
    newest = load(str(REFERENCE / "update-center.json.gz"))
    for name in newest.advisories:
        for version in range(60):
            assert all(
                not hit.problem for hit in advisories.hits(newest, name, f"1.{version}-123.v45abcdef678")
            )
    assert newest.pattern_work < 10_000_000


def test_patterns_agree_with_the_standard_library_where_both_can() -> None:
    """Every real pattern without look-ahead, against the versions in its own advisory and near them."""
    newest = real_catalogue().newest
    compared = 0
    for advisory_ in (one for several in newest.advisories.values() for one in several):
        for pattern in advisory_.patterns:
            for version in (*advisory_.last_versions, "1.0", "2.504.3", "1.0-beta", "9999.v1"):
                expected = re.compile(pattern, re.ASCII).fullmatch(version) is not None
                assert matches(pattern, version) == expected, (pattern, version)
                compared += 1
    assert compared > 700


def test_no_real_pattern_is_undecided() -> None:
    newest = real_catalogue().newest
    patterns = [one for several in newest.advisories.values() for each in several for one in each.patterns]
    assert len(patterns) > 160
    for pattern in patterns:
        matches(pattern, "1.0")


def test_look_ahead_as_real_patterns_use_it() -> None:
    assert matches("(?!1[.]3[.]4[.].*)(0|1[.]3[.][1-4])(|[.-].*)", "1.3.4")
    assert not matches("(?!1[.]3[.]4[.].*)(0|1[.]3[.][1-4])(|[.-].*)", "1.3.4.1")


WAIVER = """\
# what we live with
[[waiver]]
finding = "SECURITY-3617"
plugin = "jakarta-mail-api"
owner = "the release manager"
reason = "no mail is sent"
expires = 2026-07-01
"""


def waived(tmp_path: Path, text: str = WAIVER, today: date = TODAY) -> list[Finding]:
    file = tmp_path / "pin-waivers.toml"
    file.write_text(text)
    listed = waivers.read(file)
    finding = Finding("advisory", "no-go", "jakarta-mail-api", "bad", Place("x", 1), ref="SECURITY-3617")
    return waivers.apply([finding], listed, today)


def test_a_waiver_holds_to_its_last_day(tmp_path: Path) -> None:
    reported = waived(tmp_path, today=date(2026, 7, 1))
    assert [one.blocks for one in reported] == [False]
    assert reported[0].waived == "waived by the release manager until 2026-07-01: no mail is sent"


def test_an_expired_waiver_is_no_go(tmp_path: Path) -> None:
    reported = waived(tmp_path, today=date(2026, 7, 2))
    assert [(one.code, one.blocks) for one in reported] == [("advisory", True), ("waiver-expired", True)]
    assert reported[1].where.line == 2


def test_an_unneeded_waiver_is_reported(tmp_path: Path) -> None:
    reported = waived(tmp_path, WAIVER.replace("SECURITY-3617", "SECURITY-9"))
    assert [(one.code, one.level) for one in reported] == [
        ("advisory", "no-go"),
        ("waiver-unneeded", "warning"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        WAIVER.replace('owner = "the release manager"\n', ""),
        WAIVER.replace("the release manager", ""),
        WAIVER.replace("2026-07-01", '"never"'),
        WAIVER.replace("2026-07-01", "2026-07-01T00:00:00"),
        WAIVER + 'until = "ever"\n',
        WAIVER.replace("[[waiver]]", "[[wavier]]"),
        "waiver = 1",
        "[[waiver",
    ],
)
def test_a_waiver_without_owner_reason_and_expiry_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        waived(tmp_path, text)


def test_known_issues_are_no_go() -> None:
    issue = KnownIssue("a", ">=1, <2", "it loses jobs", "https://example.org/1", core=">=2.500")
    newest = document(plugin("a", "1.5"))
    assert keys(found(newest, {"a": "1.5"}, issues=(issue,))) == [("known-issue", "a")]
    assert keys(found(newest, {"a": "1.5"}, Target("2.479.1"), issues=(issue,))) == []


def test_the_projects_own_list_is_readable_and_a_bad_one_is_not(tmp_path: Path) -> None:
    assert known_issues.read(known_issues.DEFAULT)
    bad = tmp_path / "known-issues.toml"
    bad.write_text('[[issue]]\nplugin="a"\nversions="~1"\nwhat="w"\nlink="l"\n')
    with pytest.raises(UsageError, match="versions is not a condition"):
        known_issues.read(bad)


def test_unused_pins_are_notes() -> None:
    newest = document(plugin("git", "1", scm_api="1"), plugin("scm-api", "1"), plugin("timestamper", "1"))
    reported = found(newest, {"git": "1", "scm-api": "1", "timestamper": "1"}, stack="checkout scm")
    assert [(one.code, one.level, one.subject) for one in reported] == [("unused", "note", "timestamper")]


def test_nothing_is_called_unused_while_needs_are_unknown() -> None:
    newest = document({"name": "git", "version": "1"}, plugin("scm-api", "1"))
    reported = found(newest, {"git": "1", "scm-api": "1"}, stack="checkout scm")
    assert [one.code for one in reported] == ["unknown-needs"]


def test_an_old_document_can_be_refused() -> None:
    newest = document(plugin("a", "1"), generationTimestamp="2026-06-01T00:00:00Z")
    assert keys(found(newest, {"a": "1"}, max_age=13)) == []
    assert keys(found(newest, {"a": "1"}, max_age=12)) == [("old-document", "update center")]


def test_manifests_of_three_shapes(tmp_path: Path) -> None:
    file = tmp_path / "manifests.json"
    needs = '[{"shortName": "b", "version": "2", "optional": false}]'
    entry = f'"shortName": "a", "version": "1", "requiredCoreVersion": "2.1", "dependencies": {needs}'
    file.write_text(f'{{"plugins": [{{{entry}}}]}}')
    (release,) = read_manifests(file)["a"]
    assert (release.required_core, release.dependencies[0].name) == ("2.1", "b")
    file.write_text('{"plugins": {"a": {"1": {"version": "1"}, "2": {"version": "2"}}}}')
    assert [one.version for one in read_manifests(file)["a"]] == ["1", "2"]
    assert len(read_manifests(MANIFESTS)) == 67
    file.write_text('{"plugins": []}')
    with pytest.raises(PinsUnreadable, match="no manifest"):
        read_manifests(file)
