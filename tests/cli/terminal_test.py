#!/usr/bin/env python3
"""Chats on a pseudo-terminal as a person does: terminal_test.py RAPPORT."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

RAPPORT = sys.argv.pop()
PATIENCE = 60  # seconds; a busy machine may need them
PROMPT = "you\x1b[11G"  # to column 11: the editor moves where it would write blanks


class Terminal:
    """The program with a terminal of 80 columns, its stdout in a file where one is given."""

    def __init__(self, folder, options=(), output=None):
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(TERM="xterm", PATH="/usr/bin:/bin")
            for name in ("COLUMNS", "NO_COLOR", "MONGODB_URI", "MODEL_NAME"):
                os.environ.pop(name, None)
            if output:
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            os.execv(RAPPORT, [RAPPORT, *options, "chat", "5512345678"])
        self.resize(80)
        self.shown = ""

    def resize(self, columns):
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, text):
        os.write(self.screen, text.encode())

    def wait_for(self, text):
        """Reads on until the text is there, and returns what came up to it."""
        while text not in self.shown:
            ready, _, _ = select.select([self.screen], [], [], PATIENCE)
            if not ready:
                raise AssertionError(f"no {text!r} in {self.shown!r}")
            try:
                self.shown += os.read(self.screen, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"it ended without {text!r}: {self.shown!r}")
        seen, _, self.shown = self.shown.partition(text)
        return seen

    def wait_for_prompt(self):
        """Until the line editor has the keys, which it takes a moment after it shows the prompt."""
        seen = self.wait_for(PROMPT)
        until = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.screen)[3] & termios.ICANON:
            if time.monotonic() > until:
                raise AssertionError("the terminal stays in its own mode")
        return seen

    def end(self):
        """Its exit code, when it has ended by itself."""
        while True:
            try:
                if not os.read(self.screen, 4096):
                    break
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Chat(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.start()

    def start(self):
        self.terminal = Terminal(self.folder)
        self.terminal.wait_for("/quit")
        self.terminal.wait_for_prompt()

    def test_a_line_is_answered_and_control_d_ends(self):
        self.terminal.type("Hola\r")
        self.terminal.wait_for("agent")
        self.terminal.wait_for_prompt()
        self.terminal.type("\x04")
        self.terminal.wait_for("is stored")
        self.assertEqual(self.terminal.end(), 0)

    def test_a_line_is_edited_and_found_again(self):
        self.terminal.type("/hlp\x1b[D\x1b[De\r")  # twice to the left
        self.terminal.wait_for("how the agent came to its last answer")
        self.terminal.wait_for_prompt()
        self.terminal.type("\x1b[A")  # upwards
        self.terminal.wait_for("/help")
        self.terminal.type("\r")
        self.terminal.wait_for("how the agent came to its last answer")

    def test_control_c_drops_the_line_and_nothing_else(self):
        self.terminal.type("half a mess")
        self.terminal.wait_for("mess")
        self.terminal.type("\x03")
        self.terminal.wait_for("ends the chat")
        self.terminal.type("/lead\r")
        self.terminal.wait_for("messages")
        self.assertRegex(self.terminal.wait_for("last interaction"), r" 0\s")

    def test_letters_of_more_than_a_byte_are_one_step(self):
        self.terminal.type("¿Cuánto\x7f\x7f\x7f\x7f\x7f\x7fCuesta?\r")
        self.terminal.wait_for("agent")
        self.terminal.wait_for_prompt()
        self.terminal.type("/history\r")
        self.terminal.wait_for("    ¿Cuesta?")

    def test_answers_fit_the_window_as_it_is(self):
        self.terminal.resize(40)
        os.kill(self.terminal.pid, signal.SIGWINCH)
        self.terminal.type("Hola, somos 20 personas y nos interesa\r")
        self.terminal.wait_for("agent")
        answer = re.sub(r"\x1b\[[0-9;]*m", "", self.terminal.wait_for_prompt())
        self.assertLessEqual(max(len(line) for line in answer.splitlines()), 40)
        self.terminal.type("/history\r/lead\r")
        self.terminal.wait_for("lead")
        shown = re.sub(r"\x1b\[[0-9;]*m", "", self.terminal.wait_for("known since"))
        self.assertLessEqual(max(len(line) for line in shown.splitlines()), 40)

    def test_a_terminal_that_goes_away_ends_it(self):
        for _ in range(5):  # whichever thread the signal would find
            os.close(self.terminal.screen)
            self.assertIn(os.waitstatus_to_exitcode(os.waitpid(self.terminal.pid, 0)[1]),
                          (0, -signal.SIGHUP))
            self.start()
        self.terminal.type("\x04")
        self.assertEqual(self.terminal.end(), 0)


class Json(unittest.TestCase):
    def test_the_prompt_is_not_among_the_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "answers")
            terminal = Terminal(folder, ["--json"], output)
            terminal.wait_for_prompt()
            terminal.type("/nothing\r")
            terminal.wait_for("/nothing: no such command")
            terminal.wait_for_prompt()
            terminal.type("Hola\r")
            terminal.wait_for_prompt()
            terminal.type("\x03")
            terminal.wait_for("ends the chat")
            terminal.wait_for_prompt()
            terminal.type("\x04")
            self.assertEqual(terminal.end(), 0)
            with open(output, encoding="utf-8") as answers:
                answer, = answers.read().splitlines()
            self.assertEqual(json.loads(answer)["lead_id"], "+525512345678")


class Stdout(unittest.TestCase):
    def run_into_full_device(self, folder, *arguments):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([RAPPORT, *arguments], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False, cwd=folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("stdout: cannot be written: No space left on device", done.stderr)
        self.assertIn("what was printed is not whole", done.stderr)
        return done.stderr

    def test_what_cannot_be_printed_is_told(self):
        self.run_into_full_device(None, "config")

    def test_so_is_what_is_too_much_to_be_held_back(self):
        with tempfile.TemporaryDirectory() as folder:
            said = {"lead_id": "+525512345678", "role": "lead", "content": "x" * 20_000,
                    "timestamp": "2026-11-01T10:00:00Z"}
            with open(os.path.join(folder, "said.jsonl"), "w", encoding="utf-8") as file:
                json.dump(said, file)
            subprocess.run([RAPPORT, "import", "said.jsonl"], check=True, cwd=folder,
                           stdout=subprocess.DEVNULL)
            told = self.run_into_full_device(folder, "--json", "history", "5512345678")
            self.assertEqual(json.loads(told)["error"]["code"], "Unavailable")


if __name__ == "__main__":
    unittest.main()
