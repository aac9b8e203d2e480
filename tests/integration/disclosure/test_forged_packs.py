"""Whoever changes a pack is found out, byte by byte, and even if every hash is put right again."""

import dataclasses
import hashlib
import json
import random
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.disclosure.forger import forged, unpack, with_right_hashes, zipped

from tabard.custody.adapters import log_signer
from tabard.disclosure import bag
from tabard.disclosure.facts import Facts
from tabard.disclosure.schedule import schedule_csv
from tabard.disclosure.verify import verify_pack
from tabard.merkle.checkpoint import Checkpoint, sign_checkpoint
from tabard.merkle.note import Signer
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash

FACTS = "data/exhibits/LB-1/facts.json"
FIRST = "data/exhibits/LB-1/20260302T090500Z_7f3a.mp4"
SECOND = "data/exhibits/LB-1/20260302T091000Z_7f3b.mp4"
PRODUCED = "data/proofs/006-exhibit-produced"


def failing(pack: bytes, folder: Path, key: str | None = None) -> set[str]:
    """The names of the checks that the pack fails."""
    path = folder / "pack.zip"
    path.write_bytes(pack)
    report = verify_pack(path, trusted_vkey=key)
    failed = {check.name for check in report.checks if not check.ok}
    assert report.ok == (not failed)
    assert all(check.words for check in report.checks)
    return failed


def with_facts(pack: bytes, change) -> bytes:
    """The pack with other facts, and the schedule and every hash to match."""
    facts = change(Facts.parse(unpack(pack)[1][FACTS]))
    return forged(pack, {FACTS: facts.encode(), bag.SCHEDULE_CSV: schedule_csv([facts])})


def test_the_forger_can_make_a_good_pack_again(any_pack, tmp_path):
    folder, files, at = unpack(any_pack)
    assert zipped(folder, files, at) == any_pack == forged(any_pack, {})
    assert failing(any_pack, tmp_path) == set()


def test_a_byte_flipped_in_any_file_is_noticed(any_pack, tmp_path):
    folder, files, at = unpack(any_pack)
    chosen = random.Random(2026)  # noqa: S311 - a seed makes a failure repeatable; nothing is secret
    for path, data in files.items():
        if not data:
            continue
        for place in {0, len(data) - 1, *chosen.sample(range(len(data)), min(6, len(data)))}:
            changed = bytearray(data)
            changed[place] ^= 1 << chosen.randrange(8)
            found = failing(zipped(folder, {**files, path: bytes(changed)}, at), tmp_path)
            assert found, f"byte {place} of {path}"
            assert found & {"payload_manifest", "tag_manifest", "bag_info"}, (
                f"byte {place} of {path}: {found}"
            )


def test_a_byte_flipped_anywhere_in_the_zip_is_noticed(any_pack, tmp_path):
    chosen = random.Random(7)  # noqa: S311 - a seed makes a failure repeatable; nothing is secret
    for place in chosen.sample(range(len(any_pack)), 250) + list(range(len(any_pack) - 120, len(any_pack))):
        changed = bytearray(any_pack)
        changed[place] ^= 1 << chosen.randrange(8)
        assert "container" in failing(bytes(changed), tmp_path), f"byte {place}"


@pytest.mark.parametrize("cut", [0, 1, 21, 22, 97, 98, 1000, -1])
def test_a_pack_cut_short_or_made_longer_is_noticed(recording_pack, tmp_path, cut):
    assert failing(recording_pack[:cut], tmp_path) == {"container"}
    assert failing(recording_pack + bytes(abs(cut) or 5), tmp_path) == {"container"}


def test_other_footage_is_noticed_though_every_hash_is_right(recording_pack, tmp_path):
    other = b"other footage, same name"

    def change(facts: Facts) -> Facts:
        new = {"sha256": hashlib.sha256(other).hexdigest(), "size_bytes": len(other)}
        return dataclasses.replace(
            facts,
            files=(dataclasses.replace(facts.files[0], **new), *facts.files[1:]),
            recording=dataclasses.replace(
                facts.recording,
                segments=(
                    dataclasses.replace(facts.recording.segments[0], **new),
                    *facts.recording.segments[1:],
                ),
            ),
        )

    changed = with_facts(forged(recording_pack, {FIRST: other}), change)
    assert failing(changed, tmp_path) == {"footage", "recording", "index"}


def test_a_camera_file_left_out_is_noticed(recording_pack, tmp_path):
    def change(facts: Facts) -> Facts:
        kept = tuple(file for file in facts.files if not SECOND.endswith(file.file))
        segments = facts.recording.segments[:1]
        return dataclasses.replace(
            facts, files=kept, recording=dataclasses.replace(facts.recording, segments=segments)
        )

    changed = with_facts(forged(recording_pack, {SECOND: None}), change)
    assert failing(changed, tmp_path) == {"recording", "index"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda f: _changed(f, "exhibit", produced_at="2026-03-03T15:00:00.000000Z"), {"exhibit"}),
        (lambda f: _changed(f, "exhibit", id=f.recording.id), {"exhibit"}),
        (lambda f: _changed(f, "recording", started_at="2026-03-02T11:00:00.000000Z"), {"recording"}),
        (lambda f: _changed(f, "recording", received_at="2026-03-02T11:00:00.000000Z"), {"recording"}),
        (lambda f: _changed(f, "recording", segments=f.recording.segments[::-1]), {"recording", "facts"}),
        (lambda f: dataclasses.replace(f, files=f.files[::-1]), {"facts"}),
    ],
)
def test_facts_that_the_log_does_not_bear_out_are_noticed(recording_pack, tmp_path, change, names):
    assert failing(with_facts(recording_pack, change), tmp_path) == names


def test_another_reference_is_noticed(recording_pack, tmp_path):
    facts = Facts.parse(unpack(recording_pack)[1][FACTS])
    renamed = _changed(facts, "exhibit", reference="LB/2")
    moved: dict[str, bytes | None] = {}
    for path, data in unpack(recording_pack)[1].items():
        if path.startswith("data/exhibits/LB-1/"):
            moved |= {path: None, path.replace("LB-1", "LB-2"): data}
    moved["data/exhibits/LB-2/facts.json"] = renamed.encode()
    moved[bag.SCHEDULE_CSV] = schedule_csv([renamed])
    assert failing(forged(recording_pack, moved), tmp_path) == {"exhibit", "bag_info", "index"}


@pytest.mark.parametrize(
    "change",
    [
        lambda c: dataclasses.replace(c, actual_start_ms=0),
        lambda c: dataclasses.replace(c, asked_end_ms=9),
        lambda c: dataclasses.replace(c, segment="another"),
    ],
)
def test_other_times_of_an_excerpt_are_noticed(clip_pack, tmp_path, change):
    forgery = with_facts(clip_pack, lambda f: dataclasses.replace(f, clip=change(f.clip)))
    assert failing(forgery, tmp_path) == {"excerpt"}


def test_an_excerpt_passed_off_as_a_whole_recording_is_noticed(clip_pack, tmp_path):
    assert "facts" in failing(with_facts(clip_pack, lambda f: dataclasses.replace(f, clip=None)), tmp_path)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({bag.SCHEDULE_CSV: b"reference\r\n"}, {"schedule"}),
        ({bag.SCHEDULE_PDF: None}, {"layout"}),
        ({"data/exhibits/LB-1/more.mp4": b"more"}, {"layout"}),
        ({"data/exhibits/LB-2/more.mp4": b"more"}, None),
        ({"fetch.txt": b"http://127.0.0.1/x 3 data/x\n"}, {"layout"}),
        ({"verify.exe": b"MZ"}, {"layout"}),
        ({bag.DECLARATION: b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"}, {"bag_declaration"}),
        ({bag.INDEX: rfc8785.dumps({"v": 1})}, {"index"}),
        ({f"{PRODUCED}.details.json": None}, {"exhibit"}),
        ({f"{PRODUCED}.tlog-proof": None}, {"proofs", "exhibit", "layout"}),
        ({f"{PRODUCED}.tlog-proof": b"c2sp.org/tlog-proof@v1\nindex 0\n\n"}, {"proofs", "exhibit"}),
        ({f"{PRODUCED}.leaf.json": b"{}"}, {"proofs", "exhibit"}),
        ({f"{PRODUCED}.details.json": b"{}"}, {"proofs", "exhibit"}),
        ({"data/proofs/stray.tlog-proof": b""}, {"layout"}),
        ({"data/keys/log.vkey": b"\xff"}, None),
        ({FACTS: b"{}"}, None),
        ({FACTS: None}, None),
    ],
)  # fmt: skip
def test_each_change_is_named_though_every_hash_is_right(recording_pack, tmp_path, changes, names):
    found = failing(forged(recording_pack, changes), tmp_path)
    assert found == names if names else found


def test_receipts_that_changed_places_are_noticed(recording_pack, tmp_path):
    files = unpack(recording_pack)[1]
    one, two = "data/proofs/001-object-sealed.tlog-proof", "data/proofs/002-object-sealed.tlog-proof"
    assert "proofs" in failing(forged(recording_pack, {one: files[two], two: files[one]}), tmp_path)


def test_hashes_not_put_right_are_noticed_for_themselves(recording_pack, tmp_path):
    folder, files, at = unpack(recording_pack)
    oxum = files[bag.BAG_INFO].replace(b"Payload-Oxum: ", b"Payload-Oxum: 1")
    readme = files[bag.README].replace(b"solicitor", b"barrister") + b"x"
    manifest = files[bag.PAYLOAD_MANIFEST].replace(b"a", b"b", 1)
    for changes, names in [
        ({bag.BAG_INFO: oxum}, {"payload_oxum", "tag_manifest"}),
        ({bag.README: readme}, {"tag_manifest"}),
        ({bag.PAYLOAD_MANIFEST: manifest}, {"payload_manifest", "tag_manifest"}),
        ({bag.TAG_MANIFEST: files[bag.TAG_MANIFEST][65:]}, {"tag_manifest"}),
    ]:
        assert failing(zipped(folder, {**files, **changes}, at), tmp_path) == names


def test_a_pack_dated_otherwise_than_its_zip_is_noticed(recording_pack, tmp_path):
    folder, files, at = unpack(recording_pack)
    assert failing(zipped(folder, files, at.replace(year=2027)), tmp_path) == {"bag_info"}


def test_a_forger_with_a_log_of_their_own_is_found_out_by_the_published_key(recording_pack, tmp_path):
    """Every proof is made anew under another key of the same name: only the key published elsewhere tells."""
    signer = Signer(log_signer().origin, Ed25519PrivateKey.generate())
    files = unpack(recording_pack)[1]
    changes = _own_log(files, signer)
    forgery = forged(recording_pack, changes)
    assert failing(forgery, tmp_path) == set()  # the pack agrees with itself, and says whose key it used
    report = verify_pack(tmp_path / "pack.zip")
    (key,) = [check for check in report.checks if check.name == "verifier_key"]
    assert "Compare it" in key.words
    assert signer.vkey.encode() in key.words
    assert {"verifier_key", "proofs", "footage", "exhibit"} <= failing(forgery, tmp_path, log_signer().vkey)


def test_the_published_key_is_the_one_that_is_used(recording_pack, tmp_path):
    assert failing(recording_pack, tmp_path, log_signer().vkey) == set()
    other = Signer(log_signer().origin, Ed25519PrivateKey.generate()).vkey.encode()
    assert {"verifier_key", "proofs"} <= failing(recording_pack, tmp_path, other)


def test_proofs_under_two_checkpoints_are_refused(recording_pack, tmp_path):
    """Each proof holds, but a log that showed different trees to different people could hide there."""
    signer = Signer(log_signer().origin, Ed25519PrivateKey.generate())
    changes = _own_log(unpack(recording_pack)[1], signer)
    leaf = changes[f"{PRODUCED}.leaf.json"]
    alone = sign_checkpoint(Checkpoint(signer.name, 1, leaf_hash(leaf)), signer)
    changes[f"{PRODUCED}.tlog-proof"] = TlogProof(0, (), alone).encode()
    assert failing(forged(recording_pack, changes), tmp_path) == {"checkpoint", "witnesses"}


def _changed(facts: Facts, part: str, **values) -> Facts:
    return dataclasses.replace(facts, **{part: dataclasses.replace(getattr(facts, part), **values)})


def _own_log(files: dict[str, bytes], signer: Signer) -> dict[str, bytes]:
    """The proofs of the same entries in a log of the forger's own, and its key."""
    from tabard.merkle.proofs import inclusion_proof
    from tabard.merkle.tree import extend, root

    names = sorted(path.removesuffix(".leaf.json") for path in files if path.endswith(".leaf.json"))
    leaves = [files[f"{name}.leaf.json"] for name in names]
    nodes = dict(extend(0, [leaf_hash(leaf) for leaf in leaves], lambda _: {}))
    head = sign_checkpoint(Checkpoint(signer.name, len(leaves), root(len(leaves), lambda _: nodes)), signer)
    changes = {"data/keys/log.vkey": f"{signer.vkey.encode()}\n".encode()}
    for number, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
        path = tuple(inclusion_proof(number, len(leaves), lambda _: nodes))
        changes |= {f"{name}.leaf.json": leaf, f"{name}.tlog-proof": TlogProof(number, path, head).encode()}
    index = {**json.loads(files[bag.INDEX]), "size": len(leaves)}
    return {**changes, bag.INDEX: rfc8785.dumps(index)}


def test_manifests_put_right_are_right(recording_pack):
    files = unpack(recording_pack)[1]
    assert with_right_hashes(files) == files
