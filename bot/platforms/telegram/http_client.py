"""HTTP to the Bot API over aiohttp, with errors that show if a request may have been carried out.

    NotConnected    the request never left
    TimedOut        the reply did not arrive in time
    NetworkError    the connection broke after the request was sent

Errors carry no address, because the address of every method holds the token.

Connections are reused for `KEEP_ALIVE` seconds only, shorter than servers and proxies commonly
wait, and a connection that the server closed while idle is dropped. One case remains: a server
that closes while a request is being written. It may have processed the request, so this counts as
``NetworkError``, never as `NotConnected`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, Final, cast

import aiohttp
import yarl
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.errors import NotReadable

CONNECT_TIMEOUT: Final = 5.0
READ_TIMEOUT: Final = 10.0
UPLOAD_TIMEOUT: Final = 30.0
DOWNLOAD_TIMEOUT: Final = 120.0
KEEP_ALIVE: Final = 10.0
_CHUNK: Final = 64 * 1024

_BEFORE_SENDING = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class NotConnected(NetworkError):
    """No connection was established, so provably nothing was sent."""

    def __init__(self) -> None:
        super().__init__("not connected")

    def __reduce__(self) -> tuple[type, tuple[()]]:  # type: ignore[override]
        return self.__class__, ()


class Flooded(TelegramError):
    """Telegram asks to wait ``seconds``.

    Replaces the library's RetryAfter, which issues a warning whenever it is created.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        super().__init__("flooded")
        self.seconds = seconds

    def __reduce__(self) -> tuple[type, tuple[float]]:  # type: ignore[override]
        return self.__class__, (self.seconds,)


class AiohttpRequest(BaseRequest):
    """The requests of one `telegram.Bot`, and of the feed, on one aiohttp session."""

    __slots__ = ("_read_timeout", "_session")

    def __init__(self, *, read_timeout: float = READ_TIMEOUT) -> None:
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """The default time to wait for a reply, in seconds."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Open the session; does nothing if it is open."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=KEEP_ALIVE)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "shoukou"},
            )

    async def shutdown(self) -> None:
        """Close the session and its connections; does nothing if they are closed."""
        if self._session is not None:
            await self._session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse a reply; raise TelegramError, without its content, if it is no JSON object."""
        try:
            reply = json.loads(payload)
        except (ValueError, RecursionError):
            reply = None
        if isinstance(reply, dict):
            return reply
        raise TelegramError("invalid reply")

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request and return the status and the body; see the module for the errors."""
        upload = request_data is not None and request_data.contains_files
        timeout = _timeout(
            connect=_given(connect_timeout, CONNECT_TIMEOUT),
            write=_given(write_timeout, UPLOAD_TIMEOUT if upload else 0.0),
            read=_given(read_timeout, self._read_timeout),
        )
        status, body = await self._send(method, url, _form(request_data), timeout)
        if status == 429:
            raise Flooded(retry_after(body))
        return status, body

    async def raw_post(
        self, url: str, data: Mapping[str, str], *, read_timeout: float | None = None
    ) -> tuple[int, bytes]:
        """Post a form and return status and body unchanged; see the module for the errors."""
        form = aiohttp.FormData(dict(data))
        read = self._read_timeout if read_timeout is None else read_timeout
        timeout = _timeout(connect=CONNECT_TIMEOUT, write=0.0, read=read)
        return await self._send("POST", url, form, timeout)

    async def stream(self, url: str, limit: int) -> tuple[int, bytes]:
        """Get a file of at most ``limit`` bytes; raise NotReadable('too-big') beyond."""
        timeout = aiohttp.ClientTimeout(
            total=DOWNLOAD_TIMEOUT, connect=CONNECT_TIMEOUT, sock_read=self._read_timeout
        )
        return await self._send("GET", url, None, timeout, limit)

    async def _send(
        self,
        method: str,
        url: str,
        form: aiohttp.FormData | None,
        time: aiohttp.ClientTimeout,
        limit: int | None = None,
    ) -> tuple[int, bytes]:
        if self._session is None or self._session.closed:
            raise NotConnected
        address = yarl.URL(url, encoded=True)
        failure: TelegramError
        try:
            # A redirect would send the token, which is part of the path, to another host.
            async with self._session.request(
                method, address, data=form, timeout=time, allow_redirects=False
            ) as response:
                return response.status, await _body(response, limit)
        except (*_BEFORE_SENDING, aiohttp.InvalidURL):
            failure = NotConnected()
        except TimeoutError:
            failure = TimedOut()
        except (aiohttp.ClientError, OSError) as error:
            failure = NetworkError(f"connection lost: {type(error).__name__}")
        # Outside of the handlers, so that the cause, which names the address, is not chained.
        raise failure


def retry_after(body: bytes) -> float:
    """Return the seconds that a reply of status 429 asks to wait; 1 if it names none."""
    try:
        return max(1.0, float(json.loads(body)["parameters"]["retry_after"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return 1.0


async def _body(response: aiohttp.ClientResponse, limit: int | None) -> bytes:
    if limit is None or response.status != 200:
        return await response.read()
    if (response.content_length or 0) > limit:
        raise NotReadable("too-big")
    # The announced length may be missing or wrong, so the bytes are counted too.
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise NotReadable("too-big")
    return bytes(content)


def _given(value: object, default: float) -> float | None:
    if value is BaseRequest.DEFAULT_NONE:
        return default
    return cast("float | None", value)


def _timeout(
    *, connect: float | None, write: float | None, read: float | None
) -> aiohttp.ClientTimeout:
    """Limit the time to connect, and the time to write and wait for the reply together."""
    answer = None if write is None or read is None else write + read
    total = None if answer is None or connect is None else connect + answer
    return aiohttp.ClientTimeout(total=total, connect=connect, sock_read=answer)


def _form(data: RequestData | None) -> aiohttp.FormData | None:
    if data is None:
        return None
    form = aiohttp.FormData(default_to_multipart=data.contains_files)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime_type) in data.multipart_data.items():
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, stream, filename=filename, content_type=mime_type)
    return form
