"""What was tampered with is refused by the product's own verifier and by the one written from the page: they agree."""

from dataclasses import replace

import httpx
import pytest

from tabard.custody.timestamping.tokens import InvalidTimestamp, TsaChain, open_token
from tabard.disclosure.leaves import Leaf, open_details
from tabard.disclosure.receipt_walk import Keys, walk_receipt
from tabard.kernel.errors import TabardError
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import SignedNote, VerifierKey
from tabard.merkle.policy import Policy
from tabard.witness.published import PublishedLog
from tabard.witness.rules import Refusal, judge, parse_request
from tabard.witness.watch import Watcher, WatchOptions
from tabard.witness.watch_memory import WatchMemory
from tests.independent import tampered
from tests.independent import verifier as independent
from tests.independent.published_log import POLICY
from tests.integration.web.staged import FILMED_AT


def ours_accepts(handed: tampered.Handed) -> bool:
    """By the product."""
    try:
        policy = Policy.parse(handed.policy)
        log = [VerifierKey.parse(line) for line in handed.keys]
        keys = Keys(log, [each.key for each in policy.witnesses], policy)
        proven = walk_receipt(leaf=handed.leaf, proof=handed.receipt, keys=keys).proven
        open_details(handed.details, Leaf.parse(handed.leaf).details)
    except TabardError:
        return False
    return proven


def theirs_accepts(handed: tampered.Handed) -> bool:
    """By the page."""
    try:
        keys = [independent.parse_vkey(line) for line in handed.keys]
        policy = independent.parse_policy(handed.policy)
        independent.check_receipt(handed.receipt, handed.leaf, keys, policy)
        independent.check_opening(independent.parse_leaf(handed.leaf), handed.details)
    except independent.Wrong:
        return False
    return True


def test_the_untouched_receipt_is_accepted_by_both(published):
    handed = tampered.good(published)
    assert (ours_accepts(handed), theirs_accepts(handed)) == (True, True)


@pytest.mark.parametrize("case", tampered.RECEIPTS)
def test_a_receipt_that_was_tampered_with_is_refused_by_both(published, case):
    honest = tampered.good(published)
    handed = tampered.RECEIPTS[case](honest, published)
    assert handed != honest
    assert (ours_accepts(handed), theirs_accepts(handed)) == (False, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\nindex", "\nextra aGVsbG8=\nindex"),
        lambda text: text + "— nobody.example AAAAAAAA\n",
    ],
)
def test_what_the_page_lets_stand_beside_a_receipt_is_let_stand_by_both(published, change):
    honest = tampered.good(published)
    handed = replace(honest, receipt=change(honest.receipt.decode()).encode())
    assert (ours_accepts(handed), theirs_accepts(handed)) == (True, True)


def test_a_policy_that_names_the_log_and_vkeys_in_either_case_are_taken_by_both(published):
    honest = tampered.good(published)
    name, key_id, material = published.keys[-1].split("+", 2)
    shouted = f"{name}+{key_id.upper()}+{material}"
    words = f"# ours\n\n\tlog {shouted} https://log.example/\n{POLICY}# end"
    handed = replace(honest, keys=(shouted,), policy=words.encode())
    assert (ours_accepts(handed), theirs_accepts(handed)) == (True, True)


def looks_whole(served: dict[str, bytes], keys: list[str], folder) -> bool:
    """By the product's watcher, at its first look."""

    def answer(request: httpx.Request) -> httpx.Response:
        data = served.get(request.url.path.removeprefix("/log/"))
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    log = PublishedLog("http://127.0.0.1/log", client)
    look = Watcher(log, WatchMemory(folder), WatchOptions(vkeys=tuple(keys))).look(at=FILMED_AT)
    return look.ok and not look.outage


def verifies(served: dict[str, bytes], keys: list[str], folder) -> bool:
    for path, data in served.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    try:
        independent.check_log(
            independent.Source(str(folder)), [independent.parse_vkey(line) for line in keys]
        )
    except independent.Wrong:
        return False
    return True


def test_the_untouched_log_is_accepted_by_both(published, tmp_path):
    served = published.served()
    assert looks_whole(served, published.keys, tmp_path / "seen")
    assert verifies(served, published.keys, tmp_path / "log")


@pytest.mark.parametrize("case", tampered.LOGS)
def test_a_log_that_was_tampered_with_is_refused_by_both(published, tmp_path, case):
    served = tampered.LOGS[case](published.served())
    assert not looks_whole(served, published.keys, tmp_path / "seen")
    assert not verifies(served, published.keys, tmp_path / "log")


CONSISTENCY = {
    "nothing changed": (lambda body: body, True),
    "a hash changed": (lambda body: b"\n".join(_changed(body.split(b"\n"))), False),
    "a hash less": (lambda body: b"\n".join([body.split(b"\n")[0], *body.split(b"\n")[2:]]), False),
    "a hash more": (lambda body: body.replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1), False),
    "another old size": (lambda body: body.replace(b"old ", b"old 1", 1), False),
    "no old size": (lambda body: body.partition(b"\n")[2], False),
    "64 hashes": (lambda body: body.replace(b"\n\n", b"\n" + (b"A" * 43 + b"=\n") * 64 + b"\n", 1), False),
}


def _changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0], tampered.flip(lines[1].decode()).encode(), *lines[2:]]


@pytest.mark.parametrize("case", CONSISTENCY)
def test_both_judge_a_consistency_proof_alike(published, case):
    change, holds = CONSISTENCY[case]
    old = min(published.kept)
    body = change(published.consistency[old, published.size])
    keys = [VerifierKey.parse(line) for line in published.keys]
    request = parse_request(body)
    kept = open_checkpoint(published.kept[old], keys)
    ours = not isinstance(request, Refusal) and not isinstance(judge(request, keys, kept), Refusal)
    own = [independent.parse_vkey(line) for line in published.keys]
    try:
        independent.check_consistency_text(
            body, independent.open_checkpoint(published.kept[old], own, []), own
        )
        theirs = True
    except independent.Wrong:
        theirs = False
    assert (ours, theirs) == (holds, holds)


TOKENS = {
    "nothing changed": (lambda token: token, True),
    "a bit of its signature turned": (lambda token: token[:-5] + bytes([token[-5] ^ 1]) + token[-4:], False),
    "cut short": (lambda token: token[:-1], False),
    "a byte more": (lambda token: token + b"\0", False),
    "nothing": (lambda _: b"", False),
}


@pytest.mark.parametrize("case", TOKENS)
@pytest.mark.parametrize("of", ["its checkpoint", "another"])
def test_both_judge_a_timestamp_alike(published, case, of):
    change, holds = TOKENS[case]
    note = published.kept[published.size if of == "its checkpoint" else min(published.kept)]
    holds = holds and of == "its checkpoint"
    token, chain = change(published.token), published.tsa.chain
    try:
        open_token(token, SignedNote.parse(note).text.encode(), TsaChain.parse(chain.read_bytes()))
        ours = True
    except InvalidTimestamp:
        ours = False
    keys = [independent.parse_vkey(line) for line in published.keys]
    try:
        independent.check_timestamp(independent.open_checkpoint(note, keys, []), token, chain)
        theirs = True
    except independent.Wrong:
        theirs = False
    assert (ours, theirs) == (holds, holds)


HISTORIES = {
    "a key left out": lambda lines: lines[:1],
    "the oldest first": lambda lines: lines[::-1],
    "a state that is none": lambda lines: [lines[0].replace("current", "new"), lines[1]],
    "a retired key that signs again": lambda lines: [lines[0], lines[1].replace("retired", "signing")],
    "another key put in": lambda lines: [tampered._OTHER_LOG + " current - -", *lines],
    "a key twice": lambda lines: [lines[0], lines[1], lines[1]],
    "no sizes": lambda lines: [" ".join(each.split()[:2]) for each in lines],
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_history_of_keys_that_the_log_does_not_tell_is_refused(published, case):
    keys = [independent.parse_vkey(line) for line in published.keys]
    log = independent.check_log(independent.Source(str(published.folder)), keys)
    lines = (published.folder / "vkeys").read_text().splitlines()
    told = "".join(f"{line}\n" for line in HISTORIES[case](lines)).encode()
    with pytest.raises(independent.Wrong, match="vkeys"):
        independent.check_vkeys(told, log, keys)


def test_a_rewritten_log_does_not_begin_with_what_was_kept(published, tmp_path):
    keys = [independent.parse_vkey(line) for line in published.keys]
    kept = published.kept[max(published.kept)]
    (tmp_path / "checkpoint").write_bytes(published.kept[min(published.kept)])
    for path, data in published.served().items():
        if path != "checkpoint":
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
    with pytest.raises(independent.Wrong, match="shrunk"):
        independent.check_log(independent.Source(str(tmp_path)), keys, None, [kept])


def test_a_checkpoint_that_only_a_retired_key_signed_is_not_believed(published):
    keys = [independent.parse_vkey(line) for line in published.keys]
    log = independent.check_log(independent.Source(str(published.folder)), keys)
    forged = replace(log.checkpoint, signers=frozenset(keys[:1]))
    with pytest.raises(independent.Wrong, match="retired"):
        independent._refuse_retired(forged, log.leaves)
