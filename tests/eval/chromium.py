"""Debian's Chromium without a window, driven through its DevTools protocol on a pipe."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds; a busy machine may need them
KEYS = {"Tab": 9, "Enter": 13}


class Chromium:
    """One page. `events` keeps what the browser told, in its order."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        from_us, self.to_browser = os.pipe()
        self.from_browser, to_us = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{from_us} 4>&{to_us}', "bash", self.program(), "--headless=new",
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
             "--no-first-run", "--hide-scrollbars", f"--user-data-dir={self.profile.name}",
             "--remote-debugging-pipe", "about:blank"],
            env={**os.environ, "HOME": self.profile.name}, pass_fds=(from_us, to_us), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.unread = b""
        self.last_id = 0
        self.answers = {}
        self.events = []
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    @staticmethod
    def program():
        found = shutil.which("chromium")
        if not found:
            raise FileNotFoundError("no chromium: scripts/setup installs it")
        return found

    def close(self):
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()  # nothing, where it has ended
            self.process.wait()
            os.close(self.to_browser)
            os.close(self.from_browser)
            self.profile.cleanup()

    def ask(self, method, **parameters):
        """What the browser answers to a command."""
        self.last_id += 1
        command = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(command).encode() + b"\0")
        self.read_until(lambda: self.last_id in self.answers, method)
        answer = self.answers.pop(self.last_id)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def read_until(self, is_there, what):
        until = time.monotonic() + PATIENCE
        while not is_there():
            ready, _, _ = select.select([self.from_browser], [], [], max(0, until - time.monotonic()))
            read = os.read(self.from_browser, 1 << 16) if ready else b""
            if not read:
                raise AssertionError(f"{what}: the browser {'has ended' if ready else 'does not answer'}")
            *messages, self.unread = (self.unread + read).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers[message["id"]] = message
                else:
                    self.events.append(message)

    def told(self, *methods):
        return [event["params"] for event in self.events if event["method"] in methods]

    def open(self, url):
        """Loads a page, and forgets what was told before."""
        for page in ("about:blank", url):  # by way of another one, so that a fragment alone loads it, too
            self.events.clear()
            self.ask("Page.navigate", url=page)
            self.read_until(lambda: self.told("Page.loadEventFired"), page)

    def run(self, script):
        """The value of a JavaScript expression; a promise is waited for."""
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise AssertionError(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait_for(self, condition):
        """Until the JavaScript expression is true."""
        self.run(f"""new Promise((yes, no) => {{
            const until = Date.now() + {1000 * PATIENCE};
            const look = () => ({condition}) ? yes() : Date.now() > until ? no("never true") : setTimeout(look, 10);
            look();
        }})""")

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def press(self, key):
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key],
                     text=text if kind == "keyDown" else "")

    def theme(self, name):
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def width(self, pixels, height=900):
        self.ask("Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1,
                 mobile=False)

    def screenshot(self, path):
        """The whole page as a PNG."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip={**size, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
