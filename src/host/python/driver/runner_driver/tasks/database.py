"""Rows of an SQLite file."""

import os
import threading

from ..checksums import mix


def database(order, constants):
    """Rows of an SQLite file that the host has made, read or inserted. Every row is a call of SQLite, around which the lock is
    let go."""
    # The module in C itself. The package around it imports datetime, and CPython 3.12 and 3.13 crash where several
    # sub-interpreters do that at a time (python/cpython#136421).
    import _sqlite3 as sqlite3

    settings, local = order.settings, threading.local()
    access, rows, seed = settings["access"], settings["rows"], order.seed
    inserts, together = access.startswith("insert"), access == "insert_transaction"
    busy = -(-settings["busy_timeout"] // 1000000)
    path = os.path.join(order.folder, "database.sqlite").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    path = "file:%s?mode=%s" % (path, "rw" if inserts else "ro")
    query = "SELECT %s FROM numbers WHERE block = ?" % ("sum(number)" if access == "sum" else "number")

    def connection():
        if not hasattr(local, "connection"):
            # Transactions begin and end where it is said, and nowhere else.
            local.connection = sqlite3.connect(path, uri=True, timeout=busy / 1000, isolation_level=None)
            if inserts:
                local.connection.execute("PRAGMA synchronous = %s" % settings["synchronous"])
        return local.connection

    def read(item):
        total = 0
        for (number,) in connection().execute(query, (item,)):
            total += number
        return total.to_bytes(8, "little")

    def insert(item, table):
        execute, first = connection().execute, mix(seed, item) & 0xFFFFFF
        # An item that is run again, since its worker died, finds rows of its own.
        text = "INSERT OR REPLACE INTO %s VALUES (?, ?, ?)" % table
        if together:
            # The lock is taken at once: a transaction that begins by reading may find that it cannot write any more.
            execute("BEGIN IMMEDIATE")
        try:
            for row in range(rows):
                execute(text, (item, row, first + row * 0x9E3779 & 0xFFFFFF))
            if together:
                execute("COMMIT")
        except BaseException:
            if local.connection.in_transaction:
                execute("ROLLBACK")
            raise
        count, total = execute("SELECT count(*), sum(number) FROM %s WHERE item = ?" % table, (item,)).fetchone()
        return count.to_bytes(8, "little") + (total or 0).to_bytes(8, "little")

    def item_with(work, *rest):
        def run(request):
            try:
                return work(int.from_bytes(request, "little"), *rest)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                raise sqlite3.OperationalError(
                    "database is locked: another connection was writing, and this one gave up (`busy_timeout: %d ms`); a longer "
                    "`busy_timeout`, shorter transactions or fewer workers avoid it" % busy
                ) from error

        return run

    if not inserts:
        return item_with(read)
    run = item_with(insert, "inserted")
    run.warm_up = item_with(insert, "warm_up")
    return run
