"""Runs in a pod of the cluster, with the standard library alone: asks what it is told, four times a second.

Its questions come in a file; every sample goes to another one, a line each, which outlives the container.
"""

import base64
import json
import os
import ssl
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

INTERVAL, LIMIT = 0.25, 2.0
NEVER = threading.Event()
Json = dict[str, Any]


class Asker:
    """One question of the plan, asked until the container ends."""

    def __init__(self, place: Path, plan: Json, at: int, first: int, lock: threading.Lock) -> None:
        self.out, self.at, self.first, self.lock = place / "samples", at, first, lock
        self.question: Json = plan["questions"][at]
        self.service: Json = plan["services"][self.question["service"]]
        https = self.service["url"].startswith("https")
        self.context = ssl.create_default_context(cafile=plan["ca"] or None) if https else None

    def ask(self, number: int) -> None:
        """Raises what urllib raises."""
        headers = {"User-Agent": "conformance", **self.question["headers"]}
        if self.service["authorization"]:
            headers["Authorization"] = self.service["authorization"]
        if self.question["crumb"]:
            answer = self.send("GET", "/crumbIssuer/api/json", headers)
            cookies = answer.headers.get_all("Set-Cookie") or []
            headers["Cookie"] = "; ".join(each.split(";")[0] for each in cookies)
            crumb = json.load(answer)
            headers[crumb["crumbRequestField"]] = crumb["crumb"]
        cycle = self.question["cycle"]
        path = self.question["path"].replace(
            self.question["mark"], str((number % cycle if cycle else number) + 1)
        )
        self.send(self.question["method"], path, headers, base64.b64decode(self.question["body"])).read()

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Any:
        url = self.service["url"] + path
        request = urllib.request.Request(url, data=body or None, headers=headers, method=method)  # noqa: S310
        return urllib.request.urlopen(request, timeout=LIMIT, context=self.context)  # noqa: S310

    def go_on(self) -> None:
        number = self.first
        while True:
            asked, fault = time.monotonic(), ""
            try:
                self.ask(number)
            except urllib.error.HTTPError as error:
                fault = f"status {error.code}"
            except (OSError, HTTPException) as error:
                fault = type(getattr(error, "reason", error)).__name__
            line = json.dumps([self.at, number, asked, time.monotonic(), fault])
            with self.lock, self.out.open("a") as out:
                out.write(line + "\n")
            number += 1
            NEVER.wait(INTERVAL)


def main(place: Path) -> None:
    while not (place / "plan.json").exists():
        NEVER.wait(0.1)
    plan, samples = json.loads((place / "plan.json").read_text()), place / "samples"
    # what turns a time of this clock into one of the wall's
    (place / "clock").write_text(str(time.time() - time.monotonic()))
    # a container that was restarted counts on; its last line may be cut off
    seen = samples.read_text().splitlines() if samples.exists() else []
    done = [json.loads(line) for line in seen if line.endswith("]")]
    with samples.open("a") as out:
        out.write("\n")
    lock = threading.Lock()
    for at in range(len(plan["questions"])):
        first = 1 + max((line[1] for line in done if line[0] == at), default=-1)
        asker = Asker(place, plan, at, first, lock)
        threading.Thread(target=asker.go_on, daemon=True).start()
    NEVER.wait()


if __name__ == "__main__":
    main(Path(os.environ["PLACE"]))
