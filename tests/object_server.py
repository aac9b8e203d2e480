"""One real S3 server (SeaweedFS) for all the tests of a run, however many processes they run in.

The first process that needs it starts a keeper, which starts the server and tells its address in the folder that the
run shares. Every user holds a shared lock on a file there until its process ends, however it ends; the keeper waits
for that lock alone, and once it has it nobody is left, so it ends the server, which was its child, and itself. The
kernel kills the server should the keeper die.

Two identities may use the buckets that their names begin, `a-...` and `b-...`, and no others, so that a test can tell
whose credentials were used; a third administers the store.
"""

import atexit
import fcntl
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import httpx

from tabard.cli.home import lock
from tabard.cli.launch import command

REGION = "us-east-1"
_READY_WITHIN_S = 120
_ATTEMPTS = 3
# All that Tabard may need, and the right to try to break a lock; not the right to reconfigure a bucket.
_KEEPING = ("Read", "Write", "List", "GetBucketObjectLockConfiguration", "GetObjectRetention")
_KEEPING += ("PutObjectRetention", "BypassGovernanceRetention")


@dataclass(frozen=True)
class Identity:
    """Who calls, as S3 knows them."""

    access_key: str
    secret_key: str


@dataclass(frozen=True)
class ObjectServer:
    """The running server, and who may use it."""

    endpoint: str
    a: Identity
    b: Identity
    administrator: Identity

    def client(self, identity: Identity) -> Any:
        """A boto3 client that acts as `identity`."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=identity.access_key,
            aws_secret_access_key=identity.secret_key,
            config=botocore.config.Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def bucket(self, owner: str = "a", *, mode: str = "", days: int = 0, lock: bool = False) -> str:
        """A new bucket of `a` or `b`; with `mode` and `days` Object Lock retains all that is put there."""
        name = f"{owner}-{secrets.token_hex(8)}"
        admin = self.client(self.administrator)
        admin.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock or bool(mode))
        if mode:
            retention = {"Mode": mode, "Days": days}
            admin.put_object_lock_configuration(
                Bucket=name,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": retention},
                },
            )
        return name

    def environ(self, owner: str = "a", prefix: str = "") -> dict[str, str]:
        """The environment variables by which `owner` reaches the server, each behind `prefix`."""
        identity = self.a if owner == "a" else self.b
        values = {
            "AWS_ACCESS_KEY_ID": identity.access_key,
            "AWS_SECRET_ACCESS_KEY": identity.secret_key,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
        }
        return {f"{prefix}{name}": value for name, value in values.items()}


def program() -> str | None:
    """The server's program, installed with what development needs, or the system's."""
    installed = Path(sysconfig.get_path("scripts")) / "weed"
    return str(installed) if installed.exists() else shutil.which("weed")


def shared(folder: Path) -> ObjectServer:
    """The run's server; `folder` is the run's. Used until this process ends.

    Raises:
        AssertionError: it did not start, with what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = lock(folder / "users", fcntl.LOCK_SH)
    atexit.register(os.close, descriptor)
    starting = lock(folder / "starting", fcntl.LOCK_EX)
    try:
        told = folder / "server.json"
        if not told.exists():
            _start_keeper(folder)
            _wait_for(told, folder / "keeper.log")
    finally:
        os.close(starting)
    fields = json.loads(told.read_text())
    identities = {name: Identity(**fields[name]) for name in ("a", "b", "administrator")}
    return ObjectServer(fields["endpoint"], **identities)


def _start_keeper(folder: Path) -> None:
    # Without a parent, so that it can outlive the worker that happened to start it.
    argv = [sys.executable, "-m", "tests.object_server", str(folder)]
    root = Path(__file__).resolve().parent.parent
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    with (folder / "keeper.log").open("wb") as log:
        subprocess.run(
            command(argv, detach=True),
            env=environ,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _wait_for(told: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S * _ATTEMPTS + 10
    while not told.exists():
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        assert "gave up" not in (words := log.read_text(errors="replace")), words[-3000:]
        time.sleep(0.1)


def _keep(folder: Path) -> None:
    """Start the server, tell its address, and end it when its last user is gone."""
    told = folder / "server.json"
    weed = program()
    assert weed is not None
    for _ in range(_ATTEMPTS):
        with tempfile.TemporaryDirectory(prefix="tabard-weed-") as data, _server(weed, Path(data)) as server:
            if server is None:
                continue
            staged = folder / "server.json.new"
            staged.write_text(json.dumps(server))
            staged.replace(told)
            last = lock(folder / "users", fcntl.LOCK_EX)
            # Before the lock goes: whoever comes now must start another.
            told.unlink(missing_ok=True)
            os.close(last)
            return
    sys.exit("The keeper gave up: the S3 server did not start.")


@contextmanager
def _server(weed: str, data: Path) -> Iterator[dict[str, Any] | None]:
    """A running server's address and identities, or None where it did not get ready."""
    identities = {
        name: {"access_key": f"tabard-{name}", "secret_key": secrets.token_hex(20)}
        for name in ("a", "b", "administrator")
    }
    (data / "s3.json").write_text(json.dumps(_identity_config(identities)))
    port = _free_port()
    options = [f"-dir={data}", "-ip=127.0.0.1", f"-s3.port={port}", f"-s3.config={data / 's3.json'}"]
    options += [f"-{part}.port={_free_port()}" for part in ("master", "volume", "filer")]
    # Fixed ports unless told otherwise: two servers on one machine would collide.
    options += ["-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.localSocket={data / 's3.sock'}"]
    options += ["-filer.disableHttp", "-master.telemetry=false"]
    options += ["-volume.max=2000", "-master.volumeSizeLimitMB=64"]
    argv = command([weed, "server", "-s3", *options], die_with=os.getpid())
    endpoint = f"http://127.0.0.1:{port}"
    with subprocess.Popen(argv) as process:
        try:
            is_ready = _is_ready(process, endpoint, Identity(**identities["administrator"]))
            yield {"endpoint": endpoint, "pid": process.pid, **identities} if is_ready else None
        finally:
            process.kill()


def _identity_config(identities: dict[str, dict[str, str]]) -> dict[str, Any]:
    """SeaweedFS's own format: an identity may do an action in every bucket, or in those that a pattern names."""
    actions = {name: [f"{verb}:{name}-*" for verb in _KEEPING] for name in ("a", "b")}
    actions["administrator"] = ["Admin", "Read", "Write", "List"]
    return {
        "identities": [
            {
                "name": name,
                "credentials": [{"accessKey": keys["access_key"], "secretKey": keys["secret_key"]}],
                "actions": actions[name],
            }
            for name, keys in identities.items()
        ]
    }


def _is_ready(process: "subprocess.Popen[bytes]", endpoint: str, identity: Identity) -> bool:
    """Whether an object can be put and read back."""
    server = ObjectServer(endpoint, identity, identity, identity)
    deadline = time.monotonic() + _READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(endpoint, trust_env=False)
            client = server.client(identity)
            name = server.bucket("ready")
            client.put_object(Bucket=name, Key="ready", Body=b"ready")
            client.get_object(Bucket=name, Key="ready")["Body"].read()
        except (httpx.HTTPError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            time.sleep(0.2)
        else:
            return True
    return False


def _free_port() -> int:
    """A free port whose twin 10,000 above, which the server takes for gRPC, is free too."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as one, socket.socket() as twin:
            try:
                one.bind(("127.0.0.1", port))
                twin.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
