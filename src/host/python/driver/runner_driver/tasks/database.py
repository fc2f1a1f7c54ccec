"""Rows of an SQLite file."""

import os
import threading

from ..checksums import mix


class Rows:
    """Rows of an SQLite file that the host has made. Every row is a call of SQLite, around which the GIL is released."""

    def __init__(self, order):
        # The module in C itself. The package around it imports datetime, and CPython 3.12 and 3.13 crash where several
        # sub-interpreters do that at a time (python/cpython#136421).
        import _sqlite3 as sqlite3

        settings = order.settings
        self.sqlite3, self.local, self.seed = sqlite3, threading.local(), order.seed
        self.access, self.rows, self.synchronous = settings["access"], settings["rows"], settings["synchronous"]
        self.inserts, self.together = self.access.startswith("insert"), self.access == "insert_transaction"
        # In milliseconds, rounded up.
        self.busy = -(-settings["busy_timeout"] // 1000000)
        path = os.path.join(order.folder, "database.sqlite").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        self.path = "file:%s?mode=%s" % (path, "rw" if self.inserts else "ro")
        self.query = "SELECT %s FROM numbers WHERE block = ?" % ("sum(number)" if self.access == "sum" else "number")

    def connection(self):
        """The connection of this thread."""
        local = self.local
        if not hasattr(local, "connection"):
            # Transactions begin and end where it is said, and nowhere else.
            local.connection = self.sqlite3.connect(self.path, uri=True, timeout=self.busy / 1000, isolation_level=None)
            if self.inserts:
                local.connection.execute("PRAGMA synchronous = %s" % self.synchronous)
        return local.connection

    def read(self, item):
        total = 0
        for (number,) in self.connection().execute(self.query, (item,)):
            total += number
        return total.to_bytes(8, "little")

    def insert(self, item, table):
        connection, first = self.connection(), mix(self.seed, item) & 0xFFFFFF
        execute = connection.execute
        # An item that is run again, since its worker died, finds rows of its own.
        text = "INSERT OR REPLACE INTO %s VALUES (?, ?, ?)" % table
        if self.together:
            # The lock is taken at once: a transaction that begins by reading may find that it cannot write any more.
            execute("BEGIN IMMEDIATE")
        try:
            for row in range(self.rows):
                execute(text, (item, row, first + row * 0x9E3779 & 0xFFFFFF))
            if self.together:
                execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                execute("ROLLBACK")
            raise
        count, total = execute("SELECT count(*), sum(number) FROM %s WHERE item = ?" % table, (item,)).fetchone()
        return count.to_bytes(8, "little") + (total or 0).to_bytes(8, "little")

    def item(self, request, work, *rest):
        """Runs an item. One that finds the file locked for too long ends with what to do about it."""
        try:
            return work(int.from_bytes(request, "little"), *rest)
        except self.sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise self.sqlite3.OperationalError(
                "database is locked: another connection was writing, and this one gave up (`busy_timeout: %d ms`); a "
                "longer `busy_timeout`, shorter transactions or fewer workers avoid it" % self.busy
            ) from error


def database(order, constants):
    """Rows that are read or inserted."""
    rows = Rows(order)
    if not rows.inserts:
        return lambda request: rows.item(request, rows.read)
    run = lambda request: rows.item(request, rows.insert, "inserted")
    run.warm_up = lambda request: rows.item(request, rows.insert, "warm_up")
    return run
