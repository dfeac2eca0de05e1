"""The controller: its logins and its configuration."""

from __future__ import annotations

import pytest

from conformance.clients.jenkins import Jenkins
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Contract
from conformance.core.nonconformance import PreconditionFailed, require, require_none, require_same_names
from conformance.sources.stack import StackFiles


@pytest.mark.requirement("JENKINS-01")
def test_controller_is_up(clients: StackClients) -> None:
    """The controller is up."""
    with clients.jenkins.http.anonymous() as anyone:
        status = anyone.get("/login").status_code
    require(
        status == 200,
        f"the controller's login page answers {status}",
        expected="status 200",
        observed=status,
        remedy="read the controller's log: an error in JCasC or in the seed keeps it from starting",
    )


@pytest.mark.requirement("JENKINS-02")
def test_administrator_logs_in(answering_jenkins: Jenkins) -> None:
    """The controller's administrator logs in."""
    answer = answering_jenkins.http.get("/whoAmI/api/json")
    user = answer.json() if answer.status_code == 200 else {}
    require(
        answer.status_code == 200 and user.get("anonymous") is False,
        f"the administrator cannot log in: status {answer.status_code}",
        expected="status 200, not anonymous",
        observed=f"{answer.status_code}, {user.get('name', '')}",
        remedy="let the chart's secret hold the password that JCasC gives the administrator",
    )


@pytest.mark.requirement("JENKINS-03")
def test_version(jenkins: Jenkins, contract: Contract) -> None:
    """The controller runs the version of the contract."""
    seen = jenkins.version()
    require(
        seen == contract.jenkins.version,
        f"the controller runs Jenkins {seen or 'of an unknown version'}, not {contract.jenkins.version}",
        expected=contract.jenkins.version,
        observed=seen,
        remedy="pin controller.image.tag to the contract's version",
    )


@pytest.mark.requirement("JENKINS-04")
@pytest.mark.parametrize(
    "path", ["/api/json", "/computer/api/json", "/pluginManager/api/json", "/queue/api/json"]
)
def test_anonymous_reads_nothing(jenkins: Jenkins, path: str) -> None:
    """Nobody reads the controller without logging in."""
    with jenkins.http.anonymous() as anyone:
        status = anyone.get(path).status_code
    require(
        status in (401, 403),
        f"anybody can read {path} of the controller: status {status}",
        expected="status 403",
        observed=status,
        remedy="set allowAnonymousRead: false in the authorization strategy",
    )


@pytest.mark.requirement("JENKINS-05")
def test_wrong_password_is_refused(jenkins: Jenkins) -> None:
    """The controller refuses a wrong password."""
    wrong = jenkins.http.as_login(("admin", "not-the-password"))
    status = wrong.get("/api/json").status_code
    require(
        status == 401,
        f"the controller answers {status} to a wrong password",
        expected="status 401",
        observed=status,
        remedy="configure a security realm",
    )


@pytest.mark.requirement("JENKINS-06")
def test_changes_need_a_crumb(jenkins: Jenkins) -> None:
    """The controller takes no change without a crumb."""
    uncrumbed = jenkins.http.as_login(
        jenkins.http.session.auth if isinstance(jenkins.http.session.auth, tuple) else None
    )
    # requests an item without a name: even where crumbs are off, none is created
    status = uncrumbed.post("/createItem").status_code
    require(
        status == 403,
        f"the controller takes a change without a crumb: status {status}",
        expected="status 403: no valid crumb",
        observed=status,
        remedy="switch the crumb issuer on (controller.csrf.defaultCrumbIssuer.enabled: true)",
    )


@pytest.mark.requirement("JENKINS-07")
def test_no_executors_on_the_controller(jenkins: Jenkins) -> None:
    """The controller has no executors."""
    seen = jenkins.root().get("numExecutors")
    require(
        seen == 0,
        f"the controller has {seen} executors: builds run beside its secrets",
        expected="0",
        observed=seen,
        remedy="set controller.numExecutors: 0",
    )


@pytest.mark.requirement("JENKINS-08")
def test_controller_takes_builds(jenkins: Jenkins) -> None:
    """The controller starts builds: it is not quieting down."""
    require(
        jenkins.root().get("quietingDown") is False,
        "the controller is quieting down and starts no build",
        expected="quietingDown: false",
        remedy="cancel the shutdown (POST /cancelQuietDown)",
    )


@pytest.mark.requirement("JENKINS-09")
def test_credentials_are_there(jenkins: Jenkins, contract: Contract) -> None:
    """The credentials of the contract are there, by id."""
    there = set(jenkins.credential_ids())
    require_none(
        [f"credential {name} is missing" for name in contract.jenkins.credentials if name not in there],
        "a credential that builds need is not there",
        expected=", ".join(contract.jenkins.credentials),
        remedy="declare it in JCasC (credentials.system) with its value from a secret",
    )


@pytest.mark.requirement("JENKINS-10")
def test_every_label_has_a_cloud(jenkins: Jenkins, contract: Contract) -> None:
    """Each label of the contract has a cloud that can make its agents."""
    if lost := _unlabelled(_templates(jenkins), contract):
        raise PreconditionFailed("JENKINS-15", lost[0])
    require_none(
        [
            f"no cloud has a pod template with label {agent.label}"
            for agent in contract.jenkins.agents
            if not jenkins.label_clouds(agent.label)
        ],
        "a build for a declared label would wait for ever",
        remedy="declare a pod template with this label",
    )


@pytest.mark.requirement("JENKINS-11")
def test_no_static_agents(jenkins: Jenkins) -> None:
    """There is no agent that no pod template made."""
    classes = {
        "hudson.model.Hudson$MasterComputer",
        "org.csanchez.jenkins.plugins.kubernetes.KubernetesComputer",
    }
    require_none(
        [
            f"{found.get('displayName')} ({found['_class'].rpartition('.')[2]})"
            for found in jenkins.computers()
            if found.get("_class") not in classes
        ],
        "there is an agent that no pod template made",
        remedy="remove the node: agents are pods, made on demand",
    )


@pytest.mark.requirement("JENKINS-12")
def test_no_script_waits_for_approval(jenkins: Jenkins) -> None:
    """No script waits for approval."""
    waiting = jenkins.pending_scripts()
    require(
        not waiting,
        f"{len(waiting)} script(s) wait for an administrator's approval",
        expected="none",
        observed=", ".join(waiting),
        remedy="run pipelines in the sandbox and the seed from JCasC, which needs no approval",
    )


@pytest.mark.requirement("JENKINS-13")
def test_jenkinsfiles_are_valid(jenkins: Jenkins, stack_files: StackFiles) -> None:
    """The controller finds every Jenkinsfile valid."""
    found = {
        path: jenkins.lint_jenkinsfile(stack_files.jenkinsfile_text(path))
        for path in stack_files.jenkinsfiles
    }
    require_none(
        [f"{path}: {' '.join(message.split())[:300]}" for path, message in found.items() if message],
        "the controller finds a Jenkinsfile invalid",
        remedy="correct the Jenkinsfile at the line that is named",
    )


@pytest.mark.requirement("JENKINS-14")
def test_configuration_in_force_is_the_declared_one(jenkins: Jenkins, stack_files: StackFiles) -> None:
    """The configuration in force is the declared one, for every key that JCasC sets."""
    exported = jenkins.exported_configuration()
    findings = []
    for name, script in stack_files.jcasc_scripts.items():
        for path, declared in _plain_leaves(
            {key: script[key] for key in ("jenkins", "security") if key in script}
        ):
            seen = _at(exported, path)
            if seen is not None and str(seen).lower() != str(declared).lower():
                findings.append(f"{'.'.join(path)} is {seen!r}, declared in {name} is {declared!r}")
    require_none(
        findings,
        "the configuration in force is not the declared one",
        remedy="somebody changed it by hand, or a later JCasC script does: reload the configuration",
    )


def _plain_leaves(value: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Plain values outside of lists; one with a placeholder is only known where it runs."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _plain_leaves(item, (*path, str(key)))]
    return [] if isinstance(value, list) or "${" in str(value) else [(path, value)]


def _at(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


@pytest.mark.requirement("JENKINS-15")
def test_pod_templates_in_force_are_the_declared_ones(jenkins: Jenkins, contract: Contract) -> None:
    """The pod templates in force are those of the contract."""
    seen = _templates(jenkins)
    findings = _unlabelled(seen, contract)
    findings += [
        f"template {name} is there but not declared"
        for name in sorted(set(seen) - {wanted.template for wanted in contract.jenkins.agents})
    ]
    require_none(
        findings,
        "the pod templates in force are not the declared ones",
        remedy="declare the template in the values, and reload the configuration",
    )


def _templates(jenkins: Jenkins) -> dict[str, list[str]]:
    """Labels of the pod templates in force, by name."""
    clouds = (jenkins.exported_configuration().get("jenkins") or {}).get("clouds") or []
    return {
        str(template.get("name")): str(template.get("label", "")).split()
        for cloud in clouds
        for template in (cloud.get("kubernetes") or {}).get("templates") or ()
    }


def _unlabelled(seen: dict[str, list[str]], contract: Contract) -> list[str]:
    return [
        f"template {wanted.template} has labels {' '.join(seen[wanted.template])}, not {wanted.label}"
        if wanted.template in seen
        else f"template {wanted.template} is missing"
        for wanted in contract.jenkins.agents
        if wanted.label not in seen.get(wanted.template, [])
    ]


@pytest.mark.requirement("JENKINS-16")
def test_agents_can_connect(jenkins: Jenkins) -> None:
    """The controller listens on a fixed port for agents."""
    port = jenkins.root().get("slaveAgentPort")
    require(
        isinstance(port, int) and port > 0,
        f"the controller listens on no fixed port for agents (slaveAgentPort {port})",
        expected="a fixed port, 50000 in the official chart",
        observed=port,
        remedy="set controller.agentListenerEnabled: true",
    )


#: monitors that requirements of their own decide, by a part of their id
_DECIDED = ("ControllerExecutors", "CSRFAdministrativeMonitor")


@pytest.mark.requirement("JENKINS-17")
def test_no_serious_monitor_is_raised(jenkins: Jenkins, contract: Contract) -> None:
    """No administrative monitor warns of security, or in red, unless the contract accepts it."""

    def accepted(name: str, text: str) -> bool:
        return any(part in name or part in text for part in (*contract.jenkins.monitors, *_DECIDED))

    require_none(
        [
            f"{name.rpartition('.')[2] or 'a monitor'}: {text[:200]}"
            for name, text in jenkins.monitors()
            if not accepted(name, text)
        ],
        "the controller warns its administrators",
        remedy="do what Manage Jenkins says, or accept it in the contract (jenkins.monitors)",
    )


@pytest.mark.requirement("JENKINS-18")
def test_views_are_the_declared_ones(jenkins: Jenkins, contract: Contract) -> None:
    """The controller has exactly the views of the contract, and the one of all jobs."""
    require_same_names(
        ("all", *contract.jenkins.views),
        (view["name"] for view in jenkins.root()["views"]),
        what="the views of the controller differ",
        remedy="make the view in the seed (listView), or declare it in the contract (jenkins.views)",
    )
