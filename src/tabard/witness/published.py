"""What does a log publish? Its files over HTTP, exactly as C2SP tlog-tiles names them."""

from http import HTTPStatus

import httpx

from tabard.kernel.errors import NotFound, Unavailable

ANSWERS_WITHIN_S = 20.0
MAX_FILE_BYTES = 256 * (65_535 + 2)


class PublishedLog:
    """A log under an address, such as `https://example.police.uk/log`."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self.url = url.rstrip("/")
        self._client = client or httpx.Client(timeout=ANSWERS_WITHIN_S)

    def fetch(self, path: str) -> bytes:
        """The bytes under a path of the log.

        Raises:
            NotFound: when the log says that there is no such file.
            Unavailable: when it does not answer, or answers with something that no file of a log can be.
        """
        where = f"{self.url}/{path}"
        try:
            with self._client.stream("GET", where) as answer:
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    raise NotFound(f"{where} is not published.", path=path)
                answer.raise_for_status()
                return _bounded(answer, where)
        except httpx.HTTPError as error:
            raise Unavailable(f"{where} cannot be fetched: {error}") from error


def _bounded(answer: httpx.Response, where: str) -> bytes:
    data = bytearray()
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > MAX_FILE_BYTES:
            raise Unavailable(f"{where} is larger than any file of a log.")
    return bytes(data)
