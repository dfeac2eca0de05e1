"""The newest set for a core, the smallest bump, and the file that holds it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.core.errors import UsageError
from conformance.pins.bump import smallest
from conformance.pins.edit import edited, rewritten, write
from conformance.pins.gate import Side, gate
from conformance.pins.judge import judge
from conformance.pins.known_issues import KnownIssue
from conformance.pins.propose import newest_set, propose
from conformance.pins.release_index import ReleaseIndex, read_manifests
from conformance.pins.resolve import Target, resolve
from conformance.pins.updatecenter.document import UpdateCenter
from conformance.pins.updatecenter.load import days, load
from conformance.pins.versions import older
from conformance.sources.plugins.read import parse
from tests.pins.support import (
    DAYS,
    LAST,
    MANIFESTS,
    document,
    keys,
    pin_file,
    plugin,
    real_catalogue,
    real_pins,
    rules,
)

CORE = Target("2.504.3")
#: Newest releases of 2026-06-14 that themselves need a newer core than 2.504.3.
HELD_BY_CORE = {
    "bootstrap5-api",
    "cloudbees-folder",
    "configuration-as-code",
    "credentials",
    "font-awesome-api",
    "git-client",
    "plugin-util-api",
    "prism-api",
    "workflow-api",
    "workflow-cps",
    "workflow-job",
}
#: Those whose newest release needs one of these.
HELD_BY_OTHERS = {
    "branch-api",
    "git",
    "pipeline-groovy-lib",
    "pipeline-model-definition",
    "pipeline-model-extensions",
    "pipeline-stage-tags-metadata",
    "pipeline-utility-steps",
    "workflow-basic-steps",
    "workflow-multibranch",
    "workflow-support",
}


def versions(pins: object) -> dict[str, str]:
    return {name: pin.version for name, pin in pins.exact().items()}  # type: ignore[attr-defined]


def all_days() -> ReleaseIndex:
    documents = [load(str(file)) for _, file in days(DAYS)]
    return ReleaseIndex(documents[-1], documents[:-1], read_manifests(MANIFESTS))


def test_what_core_2_504_3_holds_back() -> None:
    plan = newest_set(versions(real_pins()), real_catalogue(), CORE)
    held = {one.name: one.reason for one in plan.held}
    assert {name for name, reason in held.items() if reason.startswith("needs core")} == HELD_BY_CORE
    assert set(held) - HELD_BY_CORE == HELD_BY_OTHERS
    assert held["git-client"] == "needs core 2.516.3"
    assert "configuration-as-code stays at 1963.v24e046127a_3f (needs core 2.541.1)" in held["git"]
    assert len(plan.raised) == 38
    assert set(plan.added) == {"jackson-annotations2-api", "jakarta-xml-bind-api", "woodstox-core-api"}


@pytest.mark.parametrize("core", ["2.504.3", "2.516.3", "2.528.3", "2.541.2", "2.568"])
def test_the_newest_set_is_valid_and_never_goes_down(core: str) -> None:
    index, target = all_days(), Target(core)
    pins = versions(real_pins())
    plan = newest_set(pins, index, target)
    assert resolve(pin_file(dict(plan.versions)).exact(), index, target) == []
    assert not any(older(plan.versions[name], version) for name, version in pins.items())


def test_a_known_issue_keeps_the_latest_from_being_taken() -> None:
    newest = document(plugin("a", "3"))
    index = ReleaseIndex(newest, [document(plugin("a", "2")), document(plugin("a", "1"))])
    plan = newest_set(
        {"a": "1"}, index, CORE, [KnownIssue("a", ">=3", "it loses jobs", "https://example.org")]
    )
    assert plan.versions == {"a": "2"}
    assert plan.held[0].reason == "known issue: it loses jobs"


def test_an_advisory_keeps_the_latest_from_being_taken() -> None:
    warning = {"id": "S-1", "type": "plugin", "name": "a", "versions": [{"pattern": "3"}]}
    index = ReleaseIndex(document(plugin("a", "3"), warnings=[warning]), [document(plugin("a", "1"))])
    assert newest_set({"a": "1"}, index, CORE).held[0].reason == "advisory S-1"


def advisories(name: str, **hits: str) -> list[dict[str, object]]:
    """`hits`: id to the pattern of the versions that it hits."""
    return [{"id": one, "name": name, "versions": [{"pattern": pattern}]} for one, pattern in hits.items()]


def test_fewer_advisories_win_over_newer_versions() -> None:
    """Of a pin with three, a release with one is better, though another without any does not fit."""
    days = [document(plugin("a", "1")), document(plugin("a", "2")), document(plugin("a", "3"))]
    warnings = advisories("a", S1="[123]", S2="1", S3="[13]")
    index = ReleaseIndex(document(plugin("a", "4", core="2.600"), warnings=warnings), days)
    plan = newest_set({"a": "1"}, index, CORE)
    assert plan.versions == {"a": "2"}
    assert plan.held[0].reason == "needs core 2.600"


def test_no_plugin_gets_more_advisories_than_its_pin_has() -> None:
    newest = document(plugin("a", "2"), plugin("b", "2", a="2"), warnings=advisories("a", S1="2"))
    index = ReleaseIndex(newest, [document(plugin("a", "1"), plugin("b", "1"))])
    plan = newest_set({"a": "1", "b": "1"}, index, CORE)
    assert plan.versions == {"a": "1", "b": "1"}
    assert plan.held[1].reason == "needs a 2; a stays at 1 (advisory S1)"


def test_a_refused_release_holds_nothing_back() -> None:
    """a 2 would need c, with which b 2 does not go; a 2 is refused, so b 2 is free."""
    newest = document(
        plugin("a", "2", c="1", d="9"), plugin("b", "2", c_optional="5"), plugin("c", "1"), plugin("d", "1")
    )
    index = ReleaseIndex(newest, [document(plugin("a", "1"), plugin("b", "1"))])
    plan = newest_set({"a": "1", "b": "1", "d": "1"}, index, CORE)
    assert plan.versions == {"a": "1", "b": "2", "d": "1"}


def test_a_release_whose_needs_are_unknown_is_never_taken() -> None:
    newest = document({"name": "a", "version": "2", "requiredCore": "2.479.1"})
    plan = newest_set({"a": "1"}, ReleaseIndex(newest, [document(plugin("a", "1"))]), CORE)
    assert plan.versions == {"a": "1"}
    assert plan.held[0].reason == "its data does not say the plugins that it needs"


def test_a_jump_over_an_incompatible_version_is_a_warning_with_a_link() -> None:
    newest = document(plugin("a", "5") | {"compatibleSinceVersion": "3"})
    index = ReleaseIndex(newest, [document(plugin("a", "2")), document(plugin("a", "3"))])
    jumps = {}
    for old in ("2", "3"):
        result = gate(
            Side(pin_file({"a": "5"}), CORE), index, rules(), baseline=Side(pin_file({"a": old}), CORE)
        )
        jumps[old] = [(one.code, one.level, one.link) for one in result.findings]
    assert jumps == {
        "2": [("incompatible-jump", "warning", "https://plugins.jenkins.io/a/releases/")],
        "3": [],
    }


def test_repeated_entries_are_removed_or_the_file_is_refused() -> None:
    index = ReleaseIndex(document(plugin("a", "2"), plugin("b", "2")))
    text = "# all\na:1 # first\nb:latest\na:1\nb\n"
    assert propose(parse(text, "plugins.txt"), index, CORE, ()).text == "# all\na:2 # first\nb:2\n"
    with pytest.raises(UsageError, match="cannot be removed"):
        propose(parse("controller:\n  installPlugins: [a:1, a:1]\n", "values.yaml"), index, CORE, ())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("values.yaml", "controller:\n  installPlugins: [a, 'b:latest', c:1]\n", "[a:2, 'b:2', c:2]"),
        ("x.tf", 'plugins = ["a", "b:", "c:1"]\n', '["a:2", "b:2", "c:2"]'),
        ("x.tf", 'plugins = {\n a = "latest"\n b = ""\n}\n', 'a = "2"\n b = "2"'),
        ("plugins.txt", "a\n  b:latest # why\nc:", "a:2\n  b:2 # why\nc:2"),
    ],
)
def test_open_versions_are_filled_in_their_place(name: str, text: str, expected: str) -> None:
    index = ReleaseIndex(document(plugin("a", "2"), plugin("b", "2"), plugin("c", "2")))
    assert expected in propose(parse(text, name), index, CORE, ()).text


def test_what_an_addition_needs_is_added_too() -> None:
    newest = document(plugin("a", "2", b="1"), plugin("b", "1", c="1"), plugin("c", "1"))
    index = ReleaseIndex(newest, [document(plugin("a", "1"))])
    assert newest_set({"a": "1"}, index, CORE).added == {"b": "1", "c": "1"}


def test_an_addition_that_cannot_be_had_holds_back_what_needs_it() -> None:
    newest = document(plugin("a", "2", b="1"), plugin("b", "1", c="1"), plugin("c", "1", core="2.600"))
    index = ReleaseIndex(newest, [document(plugin("a", "1"))])
    plan = newest_set({"a": "1"}, index, CORE)
    assert (plan.versions, plan.added) == ({"a": "1"}, {})
    assert "needs b 1" in plan.held[0].reason


def test_nothing_known_of_a_pin_keeps_it() -> None:
    plan = newest_set({"a": "1", "b": "1"}, ReleaseIndex(document(plugin("b", "1"))), CORE)
    assert plan.versions == {"a": "1", "b": "1"}


def test_smallest_bumps_on_real_data() -> None:
    pins, index = versions(real_pins()), all_days()
    assert smallest(pins, {"script-security": "1402.v94c9ce464861"}, index, CORE).changes == {
        "script-security": "1402.v94c9ce464861"
    }
    mail = smallest(pins, {"jakarta-mail-api": "2.1.5-1"}, index, CORE)
    assert set(mail.changes) == {"jakarta-mail-api", "jakarta-activation-api"}
    held = smallest(pins, {"git-client": "6.6.0"}, index, CORE)
    assert (held.changes, held.blockers) == ({}, ("git-client 6.6.0: needs core 2.516.3",))
    wide = smallest(pins, {"pipeline-groovy-lib": "798.v5cc688825312"}, index, Target("2.568"))
    assert wide.proven
    assert len(wide.changes) == 16
    after = pin_file(pins | dict(wide.changes)).exact()
    assert resolve(after, index, Target("2.568")) == []


def test_without_budget_the_answer_is_valid_and_says_it_is_not_proven() -> None:
    pins, index = versions(real_pins()), all_days()
    wanted = {"pipeline-groovy-lib": "798.v5cc688825312"}
    plan = smallest(pins, wanted, index, Target("2.568"), budget=1)
    assert not plan.proven
    assert resolve(pin_file(pins | dict(plan.changes)).exact(), index, Target("2.568")) == []


LETTERS = "abcd"
NUMBERS = st.sampled_from("123")
WORLDS = st.lists(
    st.dictionaries(st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS)), NUMBERS, max_size=5),
    min_size=3,
    max_size=3,
)


def world(needs: list[dict[tuple[str, str], str]]) -> tuple[ReleaseIndex, dict[str, str]]:
    """Plugins a-d with releases 1-3; release 1 needs nothing, so that the pins at 1 are valid."""
    documents: list[UpdateCenter] = []
    for number, edges in enumerate(needs, 1):
        entries = []
        for name in LETTERS:
            wants = {
                to: least for (by, to), least in edges.items() if by == name and to != name and number > 1
            }
            entries.append(plugin(name, str(number), **wants))
        documents.append(document(*entries))
    return ReleaseIndex(documents[-1], documents[:-1]), dict.fromkeys(LETTERS, "1")


def valid(assignment: dict[str, str], index: ReleaseIndex) -> bool:
    reported = resolve(pin_file(assignment).exact(), index, CORE)
    return not {"missing", "too-old"} & {one.code for one in reported}


@settings(max_examples=60, deadline=None)
@given(WORLDS)
def test_against_all_assignments(needs: list[dict[tuple[str, str], str]]) -> None:
    """Both against brute force: the newest set is above every valid one, the smallest is smallest."""
    index, pins = world(needs)
    every = [dict(zip(LETTERS, numbers, strict=True)) for numbers in product("123", repeat=4)]
    fitting = [one for one in every if valid(one, index)]
    newest = newest_set(pins, index, CORE).versions
    assert newest == {name: max(one[name] for one in fitting) for name in LETTERS}
    wanted = [one for one in fitting if one["a"] == "3"]
    plan = smallest(pins, {"a": "3"}, index, CORE)
    if wanted:
        fewest = min(sum(version != "1" for version in one.values()) for one in wanted)
        assert len(plan.changes) == fewest
    else:
        assert not plan.changes


VALUES = """\
# the controller
controller:
  installLatestPlugins: false
  overwritePlugins: true
  installPlugins:
    - git:5.7.0        # keep me
    - "mailer:1.2"
  after: {{ .Values.after }}
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "values.yaml.tmpl",
            VALUES,
            VALUES.replace("5.7.0", "5.10.1").replace('"mailer:1.2"\n', '"mailer:1.3"\n    - "new:1"\n'),
        ),
        ("plugins.txt", "# x\r\ngit:5.7.0 # y\r\nmailer:1.2", "# x\r\ngit:5.10.1 # y\r\nmailer:1.3\r\nnew:1"),
        (
            "x.tf",
            'a_plugins = [\n  "git:5.7.0", # y\n  "mailer:1.2"\n]\n',
            'a_plugins = [\n  "git:5.10.1", # y\n  "new:1",\n  "mailer:1.3"\n]\n',
        ),
    ],
)
def test_editing_keeps_order_comments_and_formatting(name: str, text: str, expected: str) -> None:
    file = parse(text, name)
    assert edited(file, {"git": "5.10.1", "mailer": "1.3"}, {"new": "1"}) == expected
    assert versions(parse(expected, name)) == {"git": "5.10.1", "mailer": "1.3", "new": "1"}
    assert edited(file, {}, {}) == text


def test_a_byte_order_mark_shifts_nothing_and_stays() -> None:
    file = parse("\ufeff" + VALUES, "values.yaml")
    assert edited(file, {"git": "5.10.1"}, {}) == "\ufeff" + VALUES.replace("5.7.0", "5.10.1")


def test_a_file_is_rewritten_to_pin_exactly_what_is_wanted() -> None:
    file = parse(VALUES, "values.yaml")
    wanted = {name: pin.version for name, pin in file.exact().items()}
    first, *_, last = wanted
    del wanted[last]
    wanted |= {first: "99.1", "new": "1"}
    after = parse(rewritten(file, wanted), "values.yaml")
    assert {name: pin.version for name, pin in after.exact().items()} == wanted
    assert len(after.text.splitlines()) == len(VALUES.splitlines())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.tf", 'plugins = ["git:5.7.0"]\n'),
        ("plugins.yaml", "plugins:\n- artifactId: git\n  source: {version: 1}\n"),
    ],
)
def test_what_cannot_be_added_in_place_says_so(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        edited(parse(text, name), {}, {"new": "1"})
    assert caught.value.remedy == "add by hand: new:1"


def test_writing_keeps_the_permissions(tmp_path: Path) -> None:
    file = tmp_path / "plugins.txt"
    file.write_text("git:1\n")
    file.chmod(0o640)
    write(file, "git:2\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("git:2\n", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_a_proposal_for_a_newer_core_is_valid() -> None:
    index, target = all_days(), Target("2.568")
    file = real_pins()
    proposal = propose(file, index, target, ())
    after = proposal.file(file)
    assert keys(judge(after, index, target, rules())) == []
    assert len(after.pins) == 73
    assert after.text.startswith("# 67 plugins that booted together")
    assert [pin.name for pin in after.pins][:67] == [pin.name for pin in file.pins]
    assert propose(after, index, target, ()).text == after.text


def test_the_last_document_is_the_one_that_judges() -> None:
    assert all_days().newest.source == str(LAST)
