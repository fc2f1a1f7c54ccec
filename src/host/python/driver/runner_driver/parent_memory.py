"""What the parent holds when its workers start, and what reading it costs them."""

# Bytes of an `int` above the small ones, with its place in a list.
BYTES_OF_OBJECT = 40


# What the parent holds when its workers start.
PARENT = None


def hold_parent_memory(order):
    """A list of so many objects that they take about that many bytes. Not bytes: reading an object writes its count."""
    global PARENT
    if order.parent_memory:
        first = 1 << 20
        PARENT = list(range(first, first + order.parent_memory // BYTES_OF_OBJECT))


def read_parent_memory(order):
    """Reads every object. Workers that began with a fresh interpreter have none to read, and make their own."""
    if order.reads_parent:
        if PARENT is None:
            hold_parent_memory(order)
        for _ in PARENT:
            pass
