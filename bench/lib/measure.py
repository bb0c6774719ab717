"""Runs the tools of a row in turns and keeps what each round cost."""

import os
import resource
import shutil
import signal
import statistics
import subprocess
from dataclasses import asdict, dataclass

from lib.tools import Missing

OPEN_FILES = min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
PATIENCE = 1200  # seconds; what takes longer hangs


@dataclass
class Cost:
    cpu: float         # seconds, user and system, of the process and its children
    wall: float        # seconds
    peak_kib: int      # memory
    server_cpu: float  # seconds that nginx needed meanwhile


class Failure(Exception):
    """The tool ended with an error, hung, or stored what was not served."""


class Entry:
    """One line of a row: a tool with its work, and what its rounds cost. With `again` the same
    command has run before, and what counts is that it finds nothing to do."""

    def __init__(self, name, command, work, fetches=True, again=False):
        self.name, self.command, self.work, self.fetches = name, command, work, fetches
        self.again = again
        self.costs = []
        self.failure = None  # why it does not count
        self.said = None     # a warning, say, of one that succeeded
        self.missing = False

    def values(self, metric):
        return [getattr(cost, metric) for cost in self.costs]

    def as_json(self):
        return {"failure": self.failure, "said": self.said,
                "rounds": [asdict(cost) for cost in self.costs]}


def run_before(command, work):
    try:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                cwd=os.path.dirname(work.out), timeout=PATIENCE).returncode
    except subprocess.TimeoutExpired:
        raise Failure(f"the run before: not done after {PATIENCE} s") from None
    if status != 0:
        raise Failure(f"the run before: exit status {status}")
    work.note_identities()


def ready_command(entry, build, *watcher):
    """Clears the way for the tool, or has an earlier run leave there what it leaves; its command, run
    by `watcher`. As many descriptors as the limit of this machine allows, for every tool alike."""
    shutil.rmtree(entry.work.out, ignore_errors=True)
    os.mkdir(entry.work.out)
    limits = ["prlimit", f"--nofile={OPEN_FILES}"]
    command = entry.command(build, entry.work)
    if entry.again:
        run_before([*limits, *command], entry.work)
    return [*limits, *watcher, *command]


def run_once(entry, build, server, home):
    work = entry.work
    command = ready_command(entry, build, f"{build}/bench/cpu_time", f"{home}/cost")
    served_before = server.cpu_seconds()
    with open(f"{home}/log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=home, start_new_session=True)
        try:
            status = process.wait(PATIENCE)
        except BaseException as stopped:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise Failure(f"not done after {PATIENCE} s") from None
            raise
    with open(f"{home}/log", errors="replace") as log:
        last_words = (log.read().strip().splitlines() or [""])[-1][:200]
    if status != 0:
        raise Failure(f"exit status {status}: {last_words or 'said nothing'}")
    if entry.fetches:
        if wrong := work.check():
            raise Failure(wrong)
        if entry.again and not work.is_untouched():
            raise Failure("fetched files that were there and unchanged")
        entry.said = last_words or entry.said
    with open(f"{home}/cost") as cost:
        cpu, wall, peak_kib = cost.read().split()
    return Cost(float(cpu), float(wall), int(peak_kib), server.cpu_seconds() - served_before)


def run_row(row, rounds, build, server, home, say):
    """A B C A B C ...: what else the machine does meets all of them. Who fails once is out."""
    for turn in range(rounds):
        for entry in row.entries:
            if entry.failure:
                continue
            say(f"{row.name}: round {turn + 1} of {rounds}: {entry.name}")
            try:
                entry.costs.append(run_once(entry, build, server, home))
            except Failure as failure:
                entry.failure, entry.costs = f"FAILED: {failure}", []
            except Missing as missing:
                entry.failure, entry.missing = str(missing), True


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def ratios(ours, theirs, metric):
    """Round by round, so that a slow moment of the machine is in both."""
    return [a / b for a, b in zip(ours.values(metric), theirs.values(metric)) if b > 0]
