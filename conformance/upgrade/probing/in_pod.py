"""Program of a pod in the cluster, with the standard library alone: sends each probe four times a second.

The probes come in the file `plan.json`. Every sample becomes a line of the file `samples`, which outlives the
container: [index of the probe, number, sent, answered, fault], times in seconds of the monotonic clock.
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


class Prober:
    """Sends one probe of the plan until the container ends."""

    def __init__(self, place: Path, plan: Json, at: int, first: int, lock: threading.Lock) -> None:
        self.out, self.at, self.first, self.lock = place / "samples", at, first, lock
        self.probe: Json = plan["probes"][at]
        self.service: Json = plan["services"][self.probe["service"]]
        https = self.service["url"].startswith("https")
        self.context = ssl.create_default_context(cafile=plan["ca"] or None) if https else None

    def request(self, number: int) -> None:
        """Send the request with this number. Raises OSError and HTTPException, as urllib does."""
        headers = {"User-Agent": "conformance", **self.probe["headers"]}
        if self.service["authorization"]:
            headers["Authorization"] = self.service["authorization"]
        if self.probe["crumb"]:
            answer = self.send("GET", "/crumbIssuer/api/json", headers)
            cookies = answer.headers.get_all("Set-Cookie") or []
            headers["Cookie"] = "; ".join(each.split(";")[0] for each in cookies)
            crumb = json.load(answer)
            headers[crumb["crumbRequestField"]] = crumb["crumb"]
        cycle = self.probe["cycle"]
        path = self.probe["path"].replace(self.probe["mark"], str((number % cycle if cycle else number) + 1))
        self.send(self.probe["method"], path, headers, base64.b64decode(self.probe["body"])).read()

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Any:
        url = self.service["url"] + path
        request = urllib.request.Request(url, data=body or None, headers=headers, method=method)  # noqa: S310
        return urllib.request.urlopen(request, timeout=LIMIT, context=self.context)  # noqa: S310

    def run(self) -> None:
        number = self.first
        while True:
            sent, fault = time.monotonic(), ""
            try:
                self.request(number)
            except urllib.error.HTTPError as error:
                fault = f"status {error.code}"
            except (OSError, HTTPException) as error:
                fault = type(getattr(error, "reason", error)).__name__
            line = json.dumps([self.at, number, sent, time.monotonic(), fault])
            with self.lock, self.out.open("a") as out:
                out.write(line + "\n")
            number += 1
            NEVER.wait(INTERVAL)


def main(place: Path) -> None:
    """Wait for the plan in `place`, and send its probes until the container ends."""
    while not (place / "plan.json").exists():
        NEVER.wait(0.1)
    plan, samples = json.loads((place / "plan.json").read_text()), place / "samples"
    # seconds to add to a time of the monotonic clock for the time of day
    (place / "clock").write_text(str(time.time() - time.monotonic()))
    # a restarted container continues the numbers; its last line may be cut off
    seen = samples.read_text().splitlines() if samples.exists() else []
    done = [json.loads(line) for line in seen if line.endswith("]")]
    with samples.open("a") as out:
        out.write("\n")
    lock = threading.Lock()
    for at in range(len(plan["probes"])):
        first = 1 + max((line[1] for line in done if line[0] == at), default=-1)
        prober = Prober(place, plan, at, first, lock)
        threading.Thread(target=prober.run, daemon=True).start()
    NEVER.wait()


if __name__ == "__main__":
    main(Path(os.environ["PLACE"]))
