"""The variables that every step of a build sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..home.builds import Build
from ..home.configured import Configured
from ..home.items import Item


@dataclass(frozen=True)
class BuildEnvironment:
    """Makes the environment of builds."""

    home: Path
    configured: Configured

    def variables(self, job: Item, build: Build) -> dict[str, str]:
        """All variables: the controller's, the build's, the configured ones and the parameters."""
        root, number = self.configured.url, str(build.number)
        job_url = root + job.url
        return {
            "CI": "true",
            "JENKINS_HOME": str(self.home),
            "JENKINS_URL": root,
            "HUDSON_URL": root,
            "BUILD_NUMBER": number,
            "BUILD_ID": number,
            "BUILD_DISPLAY_NAME": f"#{number}",
            "BUILD_TAG": f"jenkins-{job.full_name.replace('/', '-')}-{number}",
            "BUILD_URL": f"{job_url}{number}/",
            "JOB_NAME": job.full_name,
            "JOB_BASE_NAME": job.name,
            "JOB_URL": job_url,
            "RUN_DISPLAY_URL": f"{job_url}{number}/display/redirect",
            **self.configured.environment,
            **{
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in build.values().items()
            },
        }
