"""A real time-stamping authority on loopback: `openssl ts` with a root of its own, behind a small HTTP server."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[ tsa ]
default_tsa = one
[ one ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_ROOT = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_TSA = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    "extendedKeyUsage=critical,timeStamping\n"
)


@dataclass
class Tsa:
    """An authority; `moods` are how it answers next: None as it should, else bytes of its own or a status."""

    folder: Path
    url: str = ""
    moods: list[bytes | int | None] = field(default_factory=list)
    asked: int = 0

    @property
    def chain(self) -> Path:
        """The root, as an administrator would put it in TABARD_TSA_CHAIN."""
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """A token as `openssl ts` makes it; it carries one certificate, the signer's."""
        asked = self.folder / f"query-{threading.get_ident()}"
        asked.write_bytes(query)
        out = asked.with_suffix(".tsr")
        _openssl(
            "ts", "-reply", "-config", self.folder / "ts.cnf", "-queryfile", asked, "-out", out
        )  # fmt: skip
        return out.read_bytes()


def make_tsa(folder: Path, name: str = "Example Time Stamping") -> Tsa:
    """An authority with fresh keys in this folder, not yet listening."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder))
    _certificate(folder, "root", f"/O=Example/CN={name} Root", _ROOT)
    _certificate(folder, "tsa", f"/O=Example/CN={name}", _TSA, issuer="root")
    return Tsa(folder)


@contextmanager
def listening(tsa: Tsa) -> Iterator[Tsa]:
    """The authority answers at `tsa.url` inside the block."""
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            with one_at_a_time:
                tsa.asked += 1
                mood = tsa.moods.pop(0) if tsa.moods else None
                body = mood if isinstance(mood, bytes) else tsa.reply(query)
            self.send_response(mood if isinstance(mood, int) else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: pytest shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    tsa.url = f"http://127.0.0.1:{server.server_address[1]}/tsr"
    try:
        yield tsa
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(folder: Path, name: str, subject: str, extensions: str, issuer: str = "") -> None:
    key, request, extension_file = (folder / f"{name}.{end}" for end in ("key", "csr", "ext"))
    extension_file.write_text(extensions)
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    _openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
    signed_by = (
        ("-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial")
        if issuer
        else ("-signkey", key)
    )
    _openssl("x509", "-req", "-in", request, "-days", "3650", "-extfile", extension_file, *signed_by,
             "-out", folder / f"{name}.pem")  # fmt: skip


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
