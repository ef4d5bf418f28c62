"""Processes that judge one test after the other. One that dies takes its test with it, and is replaced."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

LONGEST = 120.0  # seconds that one test may take; the slowest takes a few


class Worker:
    def __init__(self, program: Path) -> None:
        self.program = program
        self.process: subprocess.Popen | None = None

    def ask(self, request: dict) -> dict:
        if self.process is None:
            self.process = subprocess.Popen(
                [self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        started = time.monotonic()
        timer = threading.Timer(LONGEST, self.process.kill)
        timer.start()
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return json.loads(line) | {"seconds": time.monotonic() - started}
        code = self.process.wait()
        self.process = None
        late = time.monotonic() - started >= LONGEST
        why = f"not done within {LONGEST:.0f} s" if late else f"the process ended with {code}"
        return {"name": request["name"], "verdict": "wrong", "reason": why, "rules": {}, "seconds": 0.0}

    def close(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def ask_all(program: Path, jobs: int, requests: Iterable[dict], progress: Callable[[dict], None]) -> list[dict]:
    """Answers in the order of the requests; `progress` sees each as it comes."""
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    requests = list(requests)
    for place in range(len(requests)):
        waiting.put(place)
    answers: list[dict | None] = [None] * len(requests)
    failures: list[BaseException] = []

    def work() -> None:
        worker = Worker(program)
        try:
            while True:
                place = waiting.get_nowait()
                answers[place] = worker.ask(requests[place])
                progress(answers[place])
        except queue.Empty:
            worker.close()
        except BaseException as error:  # noqa: BLE001: raised again below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [answer for answer in answers if answer is not None]


class Progress:
    """How many are done, on a terminal."""

    def __init__(self, total: int, what: str) -> None:
        self.total, self.what, self.done = total, what, 0
        self.lock = threading.Lock()

    def __call__(self, answer: dict) -> None:
        with self.lock:
            self.done += 1
            if sys.stderr.isatty():
                end = "\n" if self.done == self.total else ""
                print(f"\r{self.what}: {self.done} of {self.total}{end}", end="", file=sys.stderr, flush=True)
