"""Groovy sources, evaluated by Groovy itself: seeds run in a sandbox, pipelines are parsed and never run."""

from conformance.sources.groovy.elements import Element
from conformance.sources.groovy.engine import GroovyEngine
from conformance.sources.groovy.machine import EngineBroken
from conformance.sources.groovy.pipelines import (
    Agent,
    Argument,
    Call,
    CredentialUse,
    Entries,
    FileText,
    Function,
    Image,
    Interpolated,
    Library,
    PipelineFile,
    PipelineParameter,
    ShellScript,
    Stage,
    Value,
    Variable,
    text_of,
)
from conformance.sources.groovy.program import Limits
from conformance.sources.groovy.seeds import (
    BranchSource,
    Item,
    JobParameter,
    Scm,
    Seeds,
    SeedScript,
    Trigger,
    View,
)

__all__ = [
    "Agent",
    "Argument",
    "BranchSource",
    "Call",
    "CredentialUse",
    "Element",
    "EngineBroken",
    "Entries",
    "FileText",
    "Function",
    "GroovyEngine",
    "Image",
    "Interpolated",
    "Item",
    "JobParameter",
    "Library",
    "Limits",
    "PipelineFile",
    "PipelineParameter",
    "Scm",
    "SeedScript",
    "Seeds",
    "ShellScript",
    "Stage",
    "Trigger",
    "Value",
    "Variable",
    "View",
    "text_of",
]
