"""The command line, `conformance`."""

from conformance.core.paths import use_project

use_project()
