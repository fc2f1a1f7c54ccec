"""Numeric work: points in a play_iterations, and heat on a grid in iterations."""

import struct

from ..checksums import checksum, mix


def numeric(order, constants):
    return (pi if order.settings["of"] == "pi" else stencil)(order, constants)


def pi(order, constants):
    """How many random points of a square are in the quarter of a play_iterations."""
    points, low, edge = order.settings["points"], (1 << 31) - 1, 1 << 62

    def run(request):
        seed, hits = int.from_bytes(request, "little"), 0
        for point in range(points):
            random = mix(seed, point)
            x, y = random >> 33, random & low
            if x * x + y * y < edge:
                hits += 1
        return hits.to_bytes(8, "little")

    return run


def stencil(order, constants):
    """Heat on a grid in strips of rows, in iterations. Sums are added up from left to right, to the
    same bit as on other runtimes, and not by `sum`, which compensates for rounding from 3.12 on."""
    seed, side, parts = order.seed, order.settings["side"], order.parts
    cold, form = [0.0] * side, struct.Struct("<%dd" % side)

    def begin(part):
        """The rows of a part, between one above and one below that others keep."""
        rows = range(part * side // parts, (part + 1) * side // parts)
        warm = [[(mix(seed, row * side + at) >> 40) / (1 << 24) for at in range(side)] for row in rows]
        return [cold] + warm + [cold]

    def receive(part, strip, turn):
        # Who warms up has no neighbours.
        if len(turn.received) != (part > 0) + (part + 1 < parts) and not turn.warming:
            raise ValueError("a part does not hear from all of its neighbours")
        for sender, row in turn.received:
            strip[0 if sender < part else -1] = list(form.unpack(row))

    def step(strip):
        """The strip after one step in time, and the sum of the squares of all changes."""
        changes, after = cold, [cold]
        for above, row, below in zip(strip, strip[1:], strip[2:]):
            beside = zip(row, above, below, [0.0] + row[:-1], row[1:] + [0.0])
            new = [0.5 * own + 0.125 * (up + down + left + right) for own, up, down, left, right in beside]
            apart = [value - old for value, old in zip(new, row)]
            changes = [so_far + change * change for so_far, change in zip(changes, apart)]
            after.append(new)
        total = 0.0
        for change in changes:
            total += change
        return after + [cold], total

    def run(request, turn):
        part, change = int.from_bytes(request, "little") % parts, 0.0
        strip = begin(part) if turn.kept is None else turn.kept
        if turn.kept is not None or turn.warming:
            receive(part, strip, turn)
            strip, change = step(strip)
        turn.kept = strip
        rows = [form.pack(*row) for row in strip[1:-1]]
        if part > 0:
            turn.sent.append((part - 1, rows[0]))
        if part + 1 < parts:
            turn.sent.append((part + 1, rows[-1]))
        return struct.pack("<dQ", change, checksum(b"".join(rows)))

    run.first, run.reduce = b"", lambda iteration, replies, told: b""
    # Most bytes that a part sends, and that it receives.
    run.letters = 2 * form.size
    return run
