"""Reads the syntax tree of a pipeline's file: directives, scripted blocks, a library's functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.sources.groovy.pipelines import (
    Agent,
    Argument,
    Call,
    CredentialUse,
    Entries,
    Function,
    PipelineFile,
    Stage,
    Value,
    Variable,
)
from conformance.sources.groovy.syntax import Node, Script, Values, arguments, children, closures
from conformance.sources.groovy.uses import SHELLS, Uses, Where

CONTAINERS = ("containerTemplate", "containerTemplates")


def pipeline_file(path: str, text: str, tree: Mapping[str, Any], line: int = 1) -> PipelineFile:
    """Everything that the tree of one file says."""
    script = Script(path, text, line)
    root = dict(tree)
    methods = [*tree["methods"], *(each for found in tree["classes"] for each in found["m"])]
    reader = Reader(script, Values(script, root), {each["n"] for each in methods})
    for annotation in tree["annotations"]:
        if annotation["n"] in {"Library", "org.jenkinsci.plugins.workflow.libs.Library"}:
            reader.library_annotation(annotation)
    reader.statements(tree["body"], Where())
    at_top = bool(reader.found.pipeline)
    for method in methods:
        reader.statements(method["b"], Where())
    functions = tuple(Function(each["n"], tuple(each["a"]), script.place(each)) for each in tree["methods"])
    found = reader.found
    runs = any(
        not call.local for call in found.calls if call.name in {"node", "stage", "podTemplate", *SHELLS}
    )
    library = (functions or tree["classes"]) and not _does_something(tree["body"])
    kind = "declarative" if at_top else "library" if library or not (runs or found.calls) else "scripted"
    return PipelineFile(
        path=path,
        kind=kind,
        functions=functions,
        classes=tuple(each["n"] for each in tree["classes"]),
        imports=tuple(tree["imports"]),
        pipeline=found.pipeline,
        **{name: tuple(getattr(found, name)) for name in Uses.__slots__ if name != "pipeline"},
    )


def _does_something(body: list[Node]) -> bool:
    """Has the script statements besides `return this` and constants."""
    return any(
        each["t"] == "block" or (each["t"] == "expression" and each["x"]["t"] == "call") for each in body
    )


class Reader:
    """Walks a tree and gathers what it says."""

    def __init__(self, script: Script, values: Values, functions: set[str]) -> None:
        self.script = script
        self.values = values
        self.found = Uses()
        self._functions = functions

    def library_annotation(self, annotation: Node) -> None:
        for each in annotation["x"]:
            values = self.values.of(each)
            for value in values if isinstance(values, tuple) else (values,):
                self.found.library(value, self.script.place(annotation))

    def statements(self, statements: list[Node], where: Where) -> None:
        for statement in statements:
            self.node(statement, where)

    def node(self, node: Node, where: Where, *, nested: bool = False) -> None:
        """Any statement or expression."""
        if node.get("t") == "call":
            if node["n"] == "pipeline" and not node["o"] and closures(node):
                self.found.pipeline = self.found.pipeline or self.script.place(node)
                self._directives(node, where)
            else:
                self._step(node, where, nested=nested)
            return
        inner = nested or node.get("t") in {"list", "map", "entry"}
        for child in children(node):
            self.node(child, where, nested=inner and child.get("t") != "closure")

    def _step(self, node: Node, where: Where, *, nested: bool) -> None:
        call = self.values.call(
            node,
            stages=where.stages,
            blocks=where.blocks,
            nested=nested,
            local=not node["o"] and node["n"] in self._functions,
        )
        self.found.calls.append(call)
        self.found.call(call, where.folder)
        inside = where.block(call.name)
        if call.name == "dir" and not call.owner:
            inside = inside.inside(call.first("path"))
        if call.name == "stage" and not call.owner and call.has_block:
            inside = inside.stage(self._stage(call.first("name"), node, where))
        if node["o"]:
            self.node(node["o"], where)
        for _, argument in arguments(node):
            if argument["t"] == "closure":
                self.statements(argument["b"], inside)
            else:
                self.node(argument, inside if _holds_closure(argument) else where, nested=True)

    def _stage(self, name: Value, node: Node, where: Where) -> str:
        known = name if isinstance(name, str) else ""
        self.found.stages.append(Stage((*where.stages, known), self.script.place(node)))
        return known

    # ------------------------------------------------------------------------------------- declarative

    def _directives(self, node: Node, where: Where) -> None:
        """The block of `pipeline`, `stage` or `matrix`."""
        for call in self._calls_in(node):
            name = call["n"]
            way = getattr(self, f"_on_{name}", None)
            if way and not call["o"]:
                way(call, where)
            elif name not in {"axes", "excludes"}:
                self._step(call, where, nested=False)

    def _calls_in(self, node: Node) -> list[Node]:
        """The calls that are statements of a call's block."""
        found = []
        for closure in closures(node):
            for statement in closure["b"]:
                expression = statement.get("x") if statement["t"] in {"expression", "return"} else None
                if expression and expression["t"] == "call":
                    found.append(expression)
        return found

    def _on_agent(self, node: Node, where: Where) -> None:
        for _, argument in arguments(node):
            if argument["t"] == "name":
                self._agent(str(argument["n"]), None, node, where, [])
        for call in self._calls_in(node):
            given = [each for each in arguments(call) if each[1]["t"] != "closure"]
            inner = [(each["n"], each) for each in self._calls_in(call)]
            self._declared_agent(call, given, inner, where)

    def _declared_agent(
        self, call: Node, given: list[tuple[str, Node]], inner: list[tuple[str, Node]], where: Where
    ) -> None:
        kind = str(call["n"])
        settings = [(name, argument) for name, argument in given if name]
        positional = [argument for name, argument in given if not name]
        label: Value = self.values.of(positional[0]) if kind == "label" and positional else None
        if kind == "docker" and positional:
            settings.append(("image", positional[0]))
        self._agent("label" if kind == "node" else kind, label, call, where, [*settings, *inner])

    def _agent(
        self, kind: str, label: Value, node: Node, where: Where, settings: list[tuple[str, Node]]
    ) -> None:
        values, places, containers = [], [], []
        for name, each in settings:
            call = self.values.call(each) if each["t"] == "call" and each.get("n") == name else None
            if name in CONTAINERS:
                containers += self._container_templates(each)
                continue
            value = self._setting(call) if call else self.values.of(each)
            values.append((name, value))
            places.append((name, self.script.place(each)))
        entries = Entries(tuple(values))
        label = entries.get("label") if label is None else label
        within = tuple(each for each in where.blocks if each in {"matrix", "parallel"})
        place = self.script.place(node)
        self.found.agents.append(
            Agent(kind, label, entries, tuple(containers), where.stages, place, tuple(places), within)
        )
        if kind == "docker" and "image" in entries:
            self.found.image(entries.get("image"), "agent", place)
        for container in containers:
            self.found.image(container.first("image"), container.name, container.place)
        if "registryCredentialsId" in entries:
            self.found.credentials.append(CredentialUse(entries.get("registryCredentialsId"), kind, place))

    @staticmethod
    def _setting(call: Call) -> Value:
        positional = [each.value for each in call.arguments if not each.name]
        if len(positional) == 1 and not call.has_block and len(call.arguments) == 1:
            return positional[0]
        return True if not call.arguments and not call.has_block else call

    def _container_templates(self, node: Node) -> list[Call]:
        """`containerTemplate(...)`, `containerTemplate { name 'x' }`, `containerTemplates([...])`."""
        if node["t"] == "call" and node["n"] == "containerTemplate":
            return [self._container(node)]
        return [each for below in children(node) for each in self._container_templates(below)]

    def _container(self, node: Node) -> Call:
        call = self.values.call(node)
        inner = [self.values.call(each) for each in self._calls_in(node)]
        given = [argument for each in inner for argument in _renamed(each)]
        return Call(call.name, "", (*call.arguments, *given), call.place, has_block=call.has_block)

    def _on_stages(self, node: Node, where: Where) -> None:
        for call in self._calls_in(node):
            if call["n"] == "stage":
                self._directive_stage(call, where)
            else:
                self._step(call, where, nested=False)

    def _directive_stage(self, node: Node, where: Where) -> None:
        name = self.values.call(node).first()
        self._directives(node, where.stage(self._stage(name, node, where)))

    def _on_parallel(self, node: Node, where: Where) -> None:
        self._on_stages(node, where.block("parallel"))

    def _on_matrix(self, node: Node, where: Where) -> None:
        self._directives(node, where.block("matrix"))

    def _on_steps(self, node: Node, where: Where) -> None:
        for closure in closures(node):
            self.statements(closure["b"], where)

    def _on_post(self, node: Node, where: Where) -> None:
        for call in self._calls_in(node):
            for closure in closures(call):
                self.statements(closure["b"], where.block("post"))

    def _on_options(self, node: Node, where: Where) -> None:
        self._options_of(node, where, self.found.options)

    def _on_triggers(self, node: Node, where: Where) -> None:
        self._options_of(node, where, self.found.triggers)

    def _on_when(self, node: Node, where: Where) -> None:
        self._options_of(node, where, self.found.conditions)
        for call in self._calls_in(node):
            for closure in closures(call):
                self.statements(closure["b"], where.block("when"))

    def _options_of(self, node: Node, where: Where, into: list[Call]) -> None:
        for each in self._calls_in(node):
            call = self.values.call(each, stages=where.stages, blocks=where.blocks)
            into.append(call)
            self.found.credentials_of(call)

    def _on_parameters(self, node: Node, where: Where) -> None:
        for each in self._calls_in(node):
            self.found.parameter(self.values.call(each, stages=where.stages))

    def _on_environment(self, node: Node, where: Where) -> None:
        for closure in closures(node):
            for statement in closure["b"]:
                assigned = statement.get("x") or {}
                if assigned.get("t") != "assign" or not assigned["n"]:
                    continue
                value = self.values.of(assigned["x"])
                place = self.script.place(assigned)
                self.found.environment.append(Variable(assigned["n"], value, where.stages, place))
                if isinstance(value, Call):
                    self.found.credentials_of(value)

    def _on_tools(self, node: Node, where: Where) -> None:
        for each in self._calls_in(node):
            call = self.values.call(each)
            self.found.tools.append(Variable(call.name, call.first(), where.stages, call.place))

    def _on_libraries(self, node: Node, where: Where) -> None:
        for each in self._calls_in(node):
            self.found.library(self.values.call(each, stages=where.stages).first(), self.script.place(each))


def _holds_closure(node: Node) -> bool:
    return node["t"] in {"map", "list", "entry"} and any(
        each["t"] == "closure" or _holds_closure(each) for each in children(node)
    )


def _renamed(call: Call) -> list[Argument]:
    return [replace(each, name=call.name) for each in call.arguments[:1]]
