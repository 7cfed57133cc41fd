"""A real Chromium to look at pages with: started once, spoken to over the DevTools protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class Connection:
    """Commands and their answers over one DevTools socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its answer; events that come first are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(60))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.keep(answer)

    def keep(self, event: dict[str, Any]) -> None:
        """Take note of an event; this connection needs none."""


class Browser(Connection):
    """One tab. Keeps what the page asked the network for and what it complained about."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        self.requests: list[str] = []
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def keep(self, event: dict[str, Any]) -> None:
        """Note requests, exceptions, console errors and refusals of the page's policy."""
        method, told = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(told["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
            self.problems.append(json.dumps(told["args"]))
        elif method == "Log.entryAdded":
            self.problems.append(f"{told['entry']['level']}: {told['entry']['text']}")

    def open(self, path: Path, width: int = 1360, height: int = 900, scheme: str = "light") -> None:
        """Load a file and wait until its scripts have run and its charts are painted."""
        self.resize(width, height)
        self.call("Emulation.setEmulatedMedia", features=[_scheme(scheme)])
        self.requests.clear()
        self.problems.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.documentElement?.dataset.ready === 'yes'")
        self.painted()

    def resize(self, width: int, height: int) -> None:
        """Give the page a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def painted(self) -> None:
        """Wait for three frames: charts paint in the one after their size is known."""
        frame = "new Promise(done => requestAnimationFrame(done))"
        self.run(f"(async () => {{ for (let k = 0; k < 3; k++) await {frame}; }})()")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str, timeout_s: float = 30.0) -> None:
        """Ask until the condition holds."""
        deadline = time.monotonic() + timeout_s
        while not self.run(condition):
            assert time.monotonic() < deadline, f"{condition} never held; {self.problems}"
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """Press the first element that matches."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.painted()

    def texts(self, selector: str) -> list[str]:
        """What all matching elements say."""
        script = f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.innerText)"
        found: list[str] = self.run(script)
        return found


def _scheme(name: str) -> dict[str, str]:
    return {"name": "prefers-color-scheme", "value": name}


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DevTools address of a Chromium that belongs to these tests alone."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium to look at pages with")
    home = tmp_path_factory.mktemp("chromium")
    command = [program, *FLAGS, f"--user-data-dir={home}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        yield _address(home / "DevToolsActivePort")
    finally:
        process.terminate()
        process.wait(20)


def _address(port_file: Path, timeout_s: float = 60.0) -> str:
    deadline = time.monotonic() + timeout_s
    while not (port_file.exists() and len(port_file.read_text().split()) == 2):
        assert time.monotonic() < deadline, "Chromium did not start"
        time.sleep(0.05)
    port, path = port_file.read_text().split()
    return f"ws://127.0.0.1:{port}{path}"


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A tab of its own, in which nothing is remembered from the test before."""
    with tab(chromium) as opened:
        yield opened


@contextmanager
def tab(address: str) -> Iterator[Browser]:
    """Open a tab in a context of its own, and close both."""
    with connect(address, max_size=None, proxy=None) as socket:
        whole = Connection(socket)
        context = whole.call("Target.createBrowserContext")["browserContextId"]
        made = whole.call("Target.createTarget", url="about:blank", browserContextId=context)
        page = f"{address.split('/devtools')[0]}/devtools/page/{made['targetId']}"
        with connect(page, max_size=None, proxy=None) as own:
            yield Browser(own)
        whole.call("Target.disposeBrowserContext", browserContextId=context)
