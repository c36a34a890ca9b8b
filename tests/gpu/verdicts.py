"""What the check concludes: accuracies on the GPU against the CPU's, seconds against the peers', as lines of text."""
import statistics

# Points of test accuracy after two epochs by which a GPU may differ: its sums are in another order and its dropout draws
# others, so it is as another seed. The standard deviations over seeds are 0.05 to 0.15, net1's 0.46. net2-p1 is
# at chance, 6 to 18 percent by the seed, and so says nothing.
ALLOWED = 0.5
ALLOWED_OF = {"net1": 1.0, "net2-p1": None}
RULE = "within noise: at most 0.5 points from the CPU's test accuracy; net1 1.0; net2-p1 is at chance and not compared"


def configuration(run_id):
    """A run's id without its seed."""
    return run_id.rsplit("-s", 1)[0]


def compare(cpu, gpu):
    """(lines of a table, whether all is within noise); each side is test accuracy, percent, by run id."""
    lines, within = [f"{'':<14}{'CPU':>8}{'GPU':>8}{'GPU - CPU':>11}{'allowed':>9}"], True
    for run_id in sorted(set(cpu) | set(gpu)):
        allowed = ALLOWED_OF.get(configuration(run_id), ALLOWED)
        if run_id not in cpu or run_id not in gpu:
            within = False
            lines.append(f"{run_id:<14}no result on the {'CPU' if run_id not in cpu else 'GPU'}")
            continue
        difference = gpu[run_id] - cpu[run_id]
        verdict = "not compared" if allowed is None else "within noise" if abs(difference) <= allowed else "NOT within noise"
        within &= verdict != "NOT within noise"
        lines.append(f"{run_id:<14}{cpu[run_id]:>8.2f}{gpu[run_id]:>8.2f}{difference:>+11.2f}"
                     f"{'-' if allowed is None else f'{allowed:.1f}':>9}  {verdict}")
    if not cpu and not gpu:
        within = False
        lines.append("no run has a result")
    return lines, within


def is_peer(way):
    """labhost's ways have its name in front; all others are peers."""
    return not way.startswith("labhost")


def times(measured):
    """Lines of a table. By way, measured holds {"seconds": {round: s}, "reason": why not or None}."""
    lines = []
    for way, found in measured.items():
        seconds = list(found["seconds"].values())
        rounds = f"{len(seconds)} round{'' if len(seconds) == 1 else 's'}"
        lines.append(f"{way:<34}" + (f"{statistics.median(seconds):>9.3f} s  ({rounds})" if seconds
                                     else f"{'not run':>11}: {found['reason']}"))
    for us in filter(lambda way: not is_peer(way), measured):
        theirs = {}
        for them in filter(is_peer, measured):
            if (us == "labhost, net alone") != (them == "jax"):
                continue  # JAX trains Net alone
            ratios = [theirs_seconds / measured[us]["seconds"][round_]
                      for round_, theirs_seconds in measured[them]["seconds"].items() if round_ in measured[us]["seconds"]]
            if ratios:
                theirs[them] = ratios
        best = min(theirs, key=lambda them: statistics.median(theirs[them]), default=None)
        for them, ratios in theirs.items():
            lines.append(f"{us} is {statistics.median(ratios):.2f} times as fast as {them} ({min(ratios):.2f} to "
                         f"{max(ratios):.2f}){' <- the best peer' if them == best else ''}")
    return lines
