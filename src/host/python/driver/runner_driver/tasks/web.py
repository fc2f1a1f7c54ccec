"""Downloads and crawls from the trial's server."""

import threading

from ..checksums import checksum
from ..protocol import describe


class Web:
    """Fetches from the trial's server: with a connection that is kept for each thread, or for each item that an event loop
    has under way."""

    def __init__(self, order):
        import http.client

        settings = order.settings
        self.client, self.server = http.client, order.server
        # What the server does not count; and how long it may say nothing, in all and beyond what its settings say.
        self.warming = order.limits["warming_header"]
        self.patience = order.limits["patience"] / 1e9 + settings["delay"] / 1e9
        bandwidth = settings.get("bandwidth", 0)
        self.whole = self.patience + (settings["size"] / bandwidth if bandwidth else 0)
        self.local, self.idle = threading.local(), []

    def get(self, path, warming=False):
        """The content of a path."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.client.HTTPConnection(*self.server, timeout=self.patience)
        connection = self.local.connection
        try:
            connection.request("GET", path, headers={self.warming: "1"} if warming else {})
            response = connection.getresponse()
            body = response.read()
        except (OSError, self.client.HTTPException) as error:
            connection.close()
            raise self.failed(path, error) from error
        if response.status != 200:
            raise RuntimeError("GET %s: the task's server answered %d %s" % (path, response.status, response.reason))
        return body

    @staticmethod
    def failed(path, error):
        what = "cannot be reached, it may have ended" if isinstance(error, ConnectionRefusedError) else "did not answer"
        return RuntimeError("GET %s: the task's server %s: %s" % (path, what, describe(error)))

    async def get_async(self, path, warming=False):
        """The same in an event loop."""
        import asyncio

        try:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(*self.server)
            # Not `wait_for`: it costs a task of the loop, and some versions forget with it that they were cancelled.
            late = asyncio.get_running_loop().call_later(self.whole, writer.transport.abort)
            try:
                return await self.fetch(reader, writer, path, warming)
            finally:
                late.cancel()
        except (OSError, EOFError) as error:
            raise self.failed(path, error) from error

    async def fetch(self, reader, writer, path, warming):
        extra = "%s: 1\r\n" % self.warming if warming else ""
        writer.write(("GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n" % ((path,) + self.server + (extra,))).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = head[0].partition(" ")[2]
        fields = dict(field.lower().split(": ", 1) for field in head[1:] if ": " in field)
        body = await reader.readexactly(int(fields["content-length"]))
        self.idle.append((reader, writer))
        if not status.startswith("200"):
            raise RuntimeError("GET %s: the task's server answered %s" % (path, status))
        return body


def download(order, constants):
    """The content of a file, or its checksum."""
    web, whole = Web(order), order.settings["returns"] == "body"
    reply = (lambda body: body) if whole else (lambda body: checksum(body).to_bytes(8, "little"))

    async def run_async(request):
        return reply(await web.get_async(request.decode()))

    def run(request):
        return reply(web.get(request.decode()))

    run.as_coroutine = run_async
    return run


def crawl(order, constants):
    """The checksum of a page, and the pages of its server that it leads to."""
    from html.parser import HTMLParser

    web = Web(order)

    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attributes):
            if tag == "a":
                path = (dict(attributes).get("href") or "").partition("#")[0]
                # Two slashes begin the name of another server.
                if path.startswith("/") and not path.startswith("//"):
                    self.found.append(path.encode())

    def read(page):
        links = Links()
        links.feed(page.decode())
        links.close()
        return checksum(page).to_bytes(8, "little"), links.found

    async def run_async(request):
        return read(await web.get_async(request.decode()))

    async def warm_up_async(request):
        return read(await web.get_async(request.decode(), True))[0]

    def run(request):
        return read(web.get(request.decode()))

    run.as_coroutine, run.warm_up_async = run_async, warm_up_async
    run.warm_up = lambda request: read(web.get(request.decode(), True))[0]
    return run
