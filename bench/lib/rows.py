"""The rows of the benchmark: who fetches what, and which goals asyncdl has there. The first entry
of a row is asyncdl in its usual form; all ratios are from it to the others. docs/performance.md
tells of each row."""

import os

from lib import tools
from lib.measure import Entry, ratios
from lib.work import Work

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


class Goal:
    """A number for each round, from the entries that it needs; its median shall not be over the
    limit. Without a limit it is only told."""

    def __init__(self, text, limit, needs, values):
        self.text, self.limit, self.needs, self.compute = text, limit, needs, values

    def values(self, row):
        """Nothing where an entry that it needs does not count."""
        entries = [entry for entry in row.entries if entry.name in self.needs]
        if all(entry.costs for entry in entries):
            return self.compute(*entries)
        return []


class Row:
    """`rounds_factor`: where a round takes milliseconds, more of them are counted."""

    def __init__(self, name, title, entries, goals, workers=1, rounds_factor=1):
        self.name, self.title, self.entries, self.goals = name, title, entries, goals
        self.workers, self.rounds_factor = workers, rounds_factor


def ratio_goal(metric, peer, limit, ours="asyncdl"):
    text = {"cpu": "CPU", "wall": "wall time"}[metric]
    return Goal(f"{text}, {ours} / {peer}", limit, [ours, peer],
                lambda a, b: ratios(a, b, metric))


def asyncdl_with(*options):
    return lambda build, work: tools.asyncdl(build, work, *options)


def all_fetch(work, *names):
    return [Entry(name, getattr(tools, name), work) for name in names]


def words(tls):
    return "TLS" if tls else "plain"


def small(scale, tls):
    work = Work("small", scale(10000, 1500, 200), 4 * KIB, tls=tls)
    title = f"{work.count:,} x 4 KiB, {words(tls)}, 16 at once"
    if tls:
        return Row("small-tls", title,
                   all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2", "aiohttp"),
                   [ratio_goal("cpu", "curl", 0.60)])
    return Row("small", title,
               all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2", "aiohttp"),
               [ratio_goal("cpu", "curl", 0.58), ratio_goal("cpu", "floor", 1.3),
                ratio_goal("cpu", "aiohttp", 0.05)])


def medium(scale, tls):
    work = Work("medium", scale(1000, 250, 10), 256 * KIB, tls=tls)
    title = f"{work.count:,} x 256 KiB, {words(tls)}, 16 at once"
    if tls:
        return Row("medium-tls", title,
                   all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2"),
                   [ratio_goal("cpu", "curl", 0.70)])
    return Row("medium", title, all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2"),
               [ratio_goal("cpu", "curl", 0.80)])


def kept(scale):
    count = scale(10000, 1500, 100)
    work = Work("kept", count, 64 * KIB)
    new = Work("small", count, 4 * KIB)
    beside = f"{count:,} new x 4 KiB"
    return Row("kept", f"{count:,} x 64 KiB that are there and unchanged, plain, 16 at once",
               [Entry("asyncdl", tools.asyncdl_again, work, again=True),
                Entry(beside, tools.asyncdl, new),
                Entry("aria2", tools.aria2_again, work, again=True),
                Entry("wget2", tools.wget2_again, work, again=True)],
               [ratio_goal("cpu", beside, 1.0)])


def big(scale, tls):
    work = Work("big", 1, scale(2 * GIB, GIB // 4, 4 * MIB), tls=tls)
    title = f"one file of {work.size // MIB:,} MiB, {words(tls)}"
    if tls:
        return Row("big-tls", title,
                   all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2"),
                   [ratio_goal("cpu", "curl", 0.90)])
    return Row("big", title, all_fetch(work, "asyncdl", "floor", "curl", "aria2", "wget2"),
               [ratio_goal("cpu", "curl", 0.75), ratio_goal("cpu", "floor", 1.2)])


def long_list(scale):
    many = Work("hundred", scale(1000000, 30000, 2000), 100, shared=True)
    few = Work("hundred", scale(10000, 10000, 200), 100, shared=True)
    command = asyncdl_with("--jsonl", "results.jsonl")
    beside = f"{few.count:,} URLs"

    def peak_mib(ours):
        return [peak / 1024 for peak in ours.values("peak_kib")]

    def growth(ours, less):
        return [1024 * (a - b) / (many.count - few.count)
                for a, b in zip(ours.values("peak_kib"), less.values("peak_kib"))]

    def cpu_each(ours, less):
        return [(a / many.count) / (b / few.count)
                for a, b in zip(ours.values("cpu"), less.values("cpu"))]

    return Row("list", f"{many.count:,} URLs from a list, results as JSON lines, 100 bytes each",
               [Entry("asyncdl", command, many), Entry(beside, command, few),
                *all_fetch(many, "curl")],
               [Goal("peak memory, MiB", 32, ["asyncdl"], peak_mib),
                Goal(f"memory, bytes for each URL above {beside}", 16, ["asyncdl", beside], growth),
                Goal(f"CPU for each URL, to that at {beside}", 1.10, ["asyncdl", beside],
                     cpu_each)])


def trickled(scale, tls):
    count = scale(10000, 1000, 50)
    work = Work("trickled", count, scale(16 * KIB, 3 * KIB, KIB), parallel=count, tls=tls,
                shared=True)
    one = Work("byte", 1, 1, tls=tls)

    def memory_each(ours, idle):
        return [(a - b) / count for a, b in zip(ours.values("peak_kib"), idle.values("peak_kib"))]

    return Row("trickled-tls" if tls else "trickled",
               f"{count:,} at once, {words(tls)}, {work.size // KIB} KiB each at 2 KiB/s",
               [Entry("asyncdl", tools.asyncdl, work), Entry("one byte", tools.asyncdl, one),
                *all_fetch(work, "curl", "aria2")],
               [Goal("peak memory above one byte's, KiB each", 48 if tls else 10,
                     ["asyncdl", "one byte"], memory_each),
                ratio_goal("cpu", "curl", 0.4)])


def threads(scale):
    work = Work("medium", scale(1000, 250, 10), 256 * KIB, tls=True)

    def busy(two):
        return [(cost.cpu + cost.server_cpu) / (cost.wall * os.cpu_count()) for cost in two.costs]

    return Row("threads", f"{work.count:,} x 256 KiB, TLS, 16 at once, nginx with two workers",
               [Entry("2 threads", asyncdl_with("--threads", "2"), work),
                Entry("1 thread", tools.asyncdl, work)],
               [ratio_goal("cpu", "1 thread", 1.1, "2 threads"),
                ratio_goal("wall", "1 thread", 0.65, "2 threads"),
                Goal("share of all processors that client and server used at 2 threads (near 1: "
                     "the machine bounds the wall time)", None, ["2 threads"], busy)],
               workers=2, rounds_factor=3)


def disk(scale):
    work = Work("medium", scale(1000, 250, 10), 256 * KIB)
    return Row("disk", f"{work.count:,} x 256 KiB, plain, 16 at once, writes in place and elsewhere",
               [Entry("in place", tools.asyncdl, work),
                Entry("1 disk thread", asyncdl_with("--disk-threads", "1"), work),
                Entry("2 disk threads", asyncdl_with("--disk-threads", "2"), work)],
               [ratio_goal("cpu", "1 disk thread", None, "in place"),
                ratio_goal("cpu", "2 disk threads", None, "in place")])


def start(_):
    return Row("start", "one file of one byte, plain",
               all_fetch(Work("byte", 1, 1), "asyncdl", "curl"), [ratio_goal("wall", "curl", 1.0)],
               rounds_factor=4)


def version(_):
    nothing = Work("byte", 1, 1)

    def milliseconds(ours):
        return [1000 * wall for wall in ours.values("wall")]

    return Row("version", "--version",
               [Entry("asyncdl", tools.asyncdl_version, nothing, fetches=False),
                Entry("curl", tools.curl_version, nothing, fetches=False)],
               [Goal("wall time, ms", 5, ["asyncdl"], milliseconds)], rounds_factor=4)


def all_rows(scale):
    """`scale` picks from (full, quick, smoke) sizes."""
    return [small(scale, False), small(scale, True), medium(scale, False), medium(scale, True),
            kept(scale), big(scale, False), big(scale, True), long_list(scale), trickled(scale, False),
            trickled(scale, True), threads(scale), disk(scale), start(scale), version(scale)]
