"""A stand-in for a Jenkins controller: the same protocols, held to what a real one answered
(docs/stand-in.md)."""

VERSION = "2.504.3"
