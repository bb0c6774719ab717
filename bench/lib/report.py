"""What the bench found, as a table for a person and as one JSON document."""

from lib.measure import ratios, spread

METRICS = ("cpu", "wall", "peak_kib")


def triple(values, digits):
    s = spread(values)
    width = 8 if digits > 1 else 7
    return " ".join(f"{s[key]:{width}.{digits}f}" for key in ("min", "median", "max"))


def compared(ours, entry):
    """Only the same work, done by both."""
    return entry is not ours and entry.work is ours.work and bool(entry.costs) and bool(ours.costs)


def show_row(row, rounds):
    """One line an entry; the last column is the ratio of the first entry's CPU to it."""
    ours = row.entries[0]
    yield f"{row.name}: {row.title}; rounds: {rounds}"
    yield (f"  {'min, median, max':18}{'CPU s':>26}  {'wall s':>26}  {'peak MiB':>23}   "
           f"{ours.name} / it, CPU")
    for entry in row.entries:
        if entry.failure:
            yield f"  {entry.name:18}  {entry.failure}"
            continue
        ratio = ""
        if compared(ours, entry) and (each := ratios(ours, entry, "cpu")):
            s = spread(each)
            ratio = f"{s['median']:.3f} ({s['min']:.3f} .. {s['max']:.3f})"
        memory = [peak / 1024 for peak in entry.values("peak_kib")]
        yield (f"  {entry.name:18}{triple(entry.values('cpu'), 3)}  "
               f"{triple(entry.values('wall'), 3)}  {triple(memory, 1)}   {ratio}").rstrip()
        if entry.said:
            yield f"    it said: {entry.said}"


def show_goals(row, judge):
    """`judge`: whether the sizes are such that the goals apply."""
    for goal in row.goals:
        values = goal.values(row)
        limit = "" if goal.limit is None else f"; goal at most {goal.limit:g}"
        if not values:
            yield f"  - {goal.text}: not measured{limit}"
            continue
        s = spread(values)
        verdict = ""
        if judge and goal.limit is not None:
            verdict = ": met" if s["median"] <= goal.limit else ": MISSED"
        yield (f"  - {goal.text}: {s['median']:.3f} ({s['min']:.3f} .. {s['max']:.3f})"
               f"{limit}{verdict}")


def row_as_json(row, rounds):
    ours = row.entries[0]
    to_peers = {
        entry.name: {metric: ratios(ours, entry, metric) for metric in METRICS}
        for entry in row.entries if compared(ours, entry)}
    goals = []
    for goal in row.goals:
        values = goal.values(row)
        goals.append({"text": goal.text, "limit": goal.limit, "values": values,
                      "median": spread(values)["median"] if values else None})
    return {"name": row.name, "title": row.title, "rounds": rounds,
            "tools": {entry.name: entry.as_json() for entry in row.entries},
            "ratios": to_peers, "goals": goals}
