"""A verifier that was written from the log's reference page alone accepts all that the product gives out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction

from tabard.custody import sequencer, services
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import CLASS_OF, EventKind
from tabard.kernel.ids import new_id
from tests.conftest import REPOSITORY, SAMPLES
from tests.independent import verifier as independent
from tests.independent.published_log import DETAILS, POLICY, fill, grow
from tests.integration.web.serving import serving
from tests.integration.web.staged import BY, FILMED_AT, stage

PAGE = (REPOSITORY / "docs/reference/custody-log.md").read_text(encoding="utf-8")
TESSERA = SAMPLES / "conformance/tlog-tessera"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(independent.__file__)), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def keys(published):
    return [independent.parse_vkey(line) for line in published.keys]


@pytest.fixture
def policy():
    return independent.parse_policy(POLICY.encode())


@pytest.mark.django_db(transaction=True)
def test_the_log_of_a_running_installation_is_verified_over_http(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    grow(stage())
    old = tmp_path / "old"
    fill(300)
    sequencer.sign_checkpoint(at=FILMED_AT, signer=log_signer())
    with serving("tabard.config.asgi:application") as url:
        source = independent.Source(f"{url}/log")
        old.write_bytes(source.get("checkpoint"))
        fill(7)
        head = sequencer.sign_checkpoint(at=FILMED_AT, signer=log_signer())
        said = run("log", f"{url}/log/", "--key", log_signer().vkey, "--kept", old)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.startswith(f"{head.size} events of {log_signer().origin}, 1 kept")
        assert run("vkeys", f"{url}/log", "--key", log_signer().vkey).returncode == 0
        assert run("log", f"{url}/nowhere", "--key", log_signer().vkey).returncode == 2
    assert run("log", f"{url}/log", "--key", log_signer().vkey).returncode == 2


def test_a_whole_log_begins_with_every_checkpoint_that_was_kept(published, keys, policy):
    log = independent.check_log(
        independent.Source(str(published.folder)), keys, policy, list(published.kept.values())
    )
    assert log.checkpoint.size == published.size > 512
    assert len(log.leaves) == published.size
    assert [head % 256 for head in published.kept].count(0) == 1  # also a size that fills its tiles


def test_every_receipt_and_every_disclosed_detail_holds(published, keys, policy):
    for name, receipt in published.receipts.items():
        index, checkpoint = independent.check_receipt(receipt, published.leaves[name], keys[-1:], policy)
        assert (list(published.leaves)[index], checkpoint.size) == (name, published.size)
    for name, opening in published.details.items():
        independent.check_opening(independent.parse_leaf(published.leaves[name]), opening)
    (erased,) = published.erased
    assert erased in published.receipts
    assert erased not in published.details


def test_each_newer_checkpoint_follows_from_each_older_one(published, keys):
    for (old, new), proof in published.consistency.items():
        kept = independent.open_checkpoint(published.kept[old], keys, [])
        assert independent.check_consistency_text(proof, kept, keys).size == new


def test_who_knows_one_key_follows_the_log_as_far_as_that_key_signed(published, keys):
    first, second = keys
    opened = {key: [] for key in keys}
    for note in (published.kept[size] for size in sorted(published.kept)):
        for key in keys:
            try:
                opened[key].append(independent.open_checkpoint(note, [key], []).size)
            except independent.Wrong:
                continue
    sizes = sorted(published.kept)
    assert opened == {first: sizes[:3], second: sizes[1:]}


def test_the_history_of_the_keys_is_what_the_log_tells(published, keys):
    log = independent.check_log(independent.Source(str(published.folder)), keys[1:])
    listing = (published.folder / "vkeys").read_bytes()
    history = independent.check_vkeys(listing, log, keys[1:])
    assert history == [(keys[0], "retired"), (keys[1], "current")]


def test_a_timestamp_says_by_when_the_checkpoint_existed(published, keys):
    head = independent.open_checkpoint(published.kept[published.size], keys, [])
    assert independent.check_timestamp(head, published.token, published.tsa.chain)


def test_the_commands_say_what_they_found(published, tmp_path):
    name = published.event
    files = {
        "receipt": published.receipts[name],
        "leaf": published.leaves[name],
        "details": published.details[name],
        "other": published.details[next(iter(published.details))],
        "policy": POLICY.encode(),
        "old": published.kept[min(published.kept)],
        "proof": published.consistency[min(published.kept), published.size],
        "checkpoint": published.kept[published.size],
        "token": published.token,
    }
    for word, data in files.items():
        (tmp_path / word).write_bytes(data)
    at = {word: tmp_path / word for word in files}
    keys = [word for key in published.keys for word in ("--key", key)]
    good = [
        ["receipt", at["receipt"], at["leaf"], *keys, "--policy", at["policy"], "--details", at["details"]],
        ["consistency", at["proof"], at["old"], *keys],
        ["timestamp", at["checkpoint"], at["token"], "--chain", published.tsa.chain, *keys],
        ["vkeys", published.folder, *keys],
    ]
    for arguments in good:
        said = run(*arguments)
        assert (said.returncode, said.stderr) == (0, "")
    wrong = run("receipt", at["receipt"], at["leaf"], *keys, "--details", at["other"])
    assert (wrong.returncode, "details" in wrong.stderr) == (1, True)
    assert run("receipt", at["receipt"], tmp_path / "none", *keys).returncode == 2
    assert run("receipt", at["receipt"], at["leaf"]).returncode == 2


def test_the_worked_example_of_the_page_holds():
    example = PAGE[PAGE.index("## Worked example") :]
    blocks = re.findall(r"```text\n(.*?)```", example, re.DOTALL)

    def said(what: str) -> str:
        return re.search(rf"^{what}: +(.*)$", example, re.MULTILINE)[1]

    for number in range(3):
        leaf = said(f"leaf {number}").encode()
        assert independent.leaf_hash(leaf).hex() == said(f"hash {number}")
        for name, first in (("actor", 0x10), ("details", 0x20)):
            salt = bytes([first + number]) * 32
            opening = f'{{"{name}":{said(f"{name} {number}")},"salt":"{salt.hex()}"}}'
            independent.check_opening(independent.parse_leaf(leaf), opening.encode())
    log = independent.parse_vkey(re.search(r"vkey: +(\S+)", blocks[0])[1])
    witness, note = re.search(r"vkey: +(\S+)\n\n(.*)", blocks[3], re.DOTALL).groups()
    index, checkpoint = independent.check_receipt(blocks[2].encode(), said("leaf 1").encode(), [log])
    assert (index, checkpoint.root.hex()) == (1, said("root"))
    policy = independent.parse_policy(f"log {log.vkey}\nwitness w {witness}\nquorum w\n".encode())
    assert independent.trust(note.encode(), [], policy).head == checkpoint.head


def test_the_page_has_every_kind_with_its_class_and_the_log_keeps_to_it(published):
    cells = [line.split("|") for line in PAGE.splitlines() if re.match(r"\| `[a-z_]+\.[a-z_]+` \|", line)]
    rows = [
        (kind.strip(" `"), section.strip(), subject, covers)
        for _, kind, section, subject, covers, *_ in cells
    ]
    assert {kind: section for kind, section, _, _ in rows} == {k.value: c.value for k, c in CLASS_OF.items()}
    types = set(re.findall(r"`([a-z]+)`", PAGE.partition("**Subject types:**")[2].partition("###")[0]))
    page = {
        kind: (set(re.findall(r"[a-z]+", subject)) & types, covers.strip())
        for kind, _, subject, covers in rows
    }
    for data in published.leaves.values():
        leaf = independent.parse_leaf(data)
        subjects, covers = page[leaf["kind"]]
        assert leaf["subject"]["type"] in subjects
        assert ("sha256" in leaf) == bool(covers)


def test_another_implementations_log_is_whole():
    if not TESSERA.is_dir():
        pytest.skip("the tessera test log is not here")
    key = independent.parse_vkey((TESSERA / "log.vkey").read_text().strip())
    folder = TESSERA / "testdata/log"
    kept = [(folder / f"checkpoint.{size}").read_bytes() for size in range(16)]
    log = independent.check_log(independent.Source(str(folder)), [key], None, kept, is_ours=False)
    assert log.checkpoint.size == 15


@pytest.mark.django_db
def test_a_number_that_a_second_verifier_would_have_to_round_is_not_logged():
    for details in ({"seconds": 1.5}, {"deep": [{"er": -0.0}]}):
        with pytest.raises(ValueError, match="floating"), transaction.atomic():
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=FILMED_AT,
                by=BY,
                details={**DETAILS, **details},
            )
