"""Every answer of C2SP tlog-witness, as a table: what was cosigned last, what is asked, what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.small_log import SmallLog

from tabard.merkle.checkpoint import Checkpoint, sign_checkpoint
from tabard.merkle.note import sign_note
from tabard.merkle.tree import EMPTY_ROOT
from tabard.witness.rules import Reason, Refusal, Request, judge, parse_request

LOG = SmallLog()
FORK = SmallLog(history="'")
STRANGER = SmallLog(seed=9)
NEXT_KEY = SmallLog(seed=2)
KEYS = [LOG.signer.vkey]
HASH = bytes(32)


def reason(answer):
    return answer.reason if isinstance(answer, Refusal) else None


def asked(body, last, keys=KEYS):
    request = parse_request(body)
    assert isinstance(request, Request)
    return judge(request, keys, last)


COSIGNED = {
    "first": (LOG.request(0, 5), None),
    "first of nothing": (LOG.request(0, 0), None),
    "nothing again": (LOG.request(0, 0), LOG.head(0)),
    "something after nothing": (LOG.request(0, 5), LOG.head(0)),
    "grown": (LOG.request(5, 12), LOG.head(5)),
    "grown from a whole subtree": (LOG.request(8, 12), LOG.head(8)),
    "the same again": (LOG.request(12, 12), LOG.head(12)),
}


@pytest.mark.parametrize(("body", "last"), COSIGNED.values(), ids=COSIGNED)
def test_what_only_grew_is_cosigned(body, last):
    answer = asked(body, last)
    assert isinstance(answer, Checkpoint)
    assert answer.to_text() in body.decode()


BAD_EMPTY = sign_checkpoint(Checkpoint("log.example", 0, HASH), LOG.signer)
REFUSED = {
    "unknown log": (LOG.request(0, 5), None, [], Reason.UNKNOWN_LOG, None),
    "unknown key": (STRANGER.request(0, 5), None, KEYS, Reason.NOT_SIGNED, None),
    "altered after signing": (
        LOG.request(0, 5).replace(b"\n5\n", b"\n6\n"),
        None,
        KEYS,
        Reason.NOT_SIGNED,
        None,
    ),
    "old size above the checkpoint's": (LOG.request(9, 5, proof=[]), LOG.head(9), KEYS, Reason.SHRUNK, None),
    "old size above, never seen": (LOG.request(9, 5, proof=[]), None, KEYS, Reason.SHRUNK, None),
    "old size below what was seen": (LOG.request(3, 12), LOG.head(5), KEYS, Reason.OTHER_SIZE, 5),
    "old size zero after something": (LOG.request(0, 12), LOG.head(5), KEYS, Reason.OTHER_SIZE, 5),
    "old size above what was seen": (LOG.request(7, 12), LOG.head(5), KEYS, Reason.OTHER_SIZE, 5),
    "old size of something never seen": (LOG.request(7, 12), None, KEYS, Reason.OTHER_SIZE, 0),
    "the log went back": (LOG.request(4, 4), LOG.head(5), KEYS, Reason.OTHER_SIZE, 5),
    "another tree of the same size": (FORK.request(5, 5), LOG.head(5), KEYS, Reason.FORKED, 5),
    "another history, its own proof": (FORK.request(5, 12), LOG.head(5), KEYS, Reason.NOT_CONSISTENT, None),
    "no proof": (LOG.request(5, 12, proof=[]), LOG.head(5), KEYS, Reason.NOT_CONSISTENT, None),
    "a proof of other sizes": (
        LOG.request(5, 12, proof=LOG.proof(4, 12)),
        LOG.head(5),
        KEYS,
        Reason.NOT_CONSISTENT,
        None,
    ),
    "a proof from nothing": (LOG.request(0, 5, proof=[HASH]), None, KEYS, Reason.NOT_CONSISTENT, None),
    "a proof between equal sizes": (
        LOG.request(5, 5, proof=[HASH]),
        LOG.head(5),
        KEYS,
        Reason.NOT_CONSISTENT,
        None,
    ),
    "nothing with a root of something": (
        LOG.request(0, 0, note=BAD_EMPTY),
        None,
        KEYS,
        Reason.NOT_CONSISTENT,
        None,
    ),
    "nothing with a proof": (LOG.request(0, 0, proof=[HASH]), None, KEYS, Reason.NOT_CONSISTENT, None),
}


@pytest.mark.parametrize(("body", "last", "keys", "why", "size"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_cosigned_and_why(body, last, keys, why, size):
    answer = asked(body, last, keys)
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.size) == (why, size)


def test_the_root_of_nothing_is_the_one_of_the_standard():
    assert LOG.head(0).root == EMPTY_ROOT


def test_signatures_of_strangers_beside_the_logs_are_ignored():
    both = sign_checkpoint(LOG.head(5), STRANGER.signer, LOG.signer)
    assert isinstance(asked(LOG.request(0, 5, note=both), None), Checkpoint)


def test_any_one_of_the_keys_of_a_log_will_do():
    keys = [LOG.signer.vkey, NEXT_KEY.signer.vkey]
    for signers in ((LOG.signer,), (NEXT_KEY.signer,), (LOG.signer, NEXT_KEY.signer)):
        note = sign_checkpoint(LOG.head(5), *signers)
        assert isinstance(asked(LOG.request(0, 5, note=note), None, keys), Checkpoint)


def test_extension_lines_are_cosigned_with_the_rest():
    head = Checkpoint("log.example", 5, LOG.head(5).root, ("said by the log",))
    answer = asked(LOG.request(0, 5, note=sign_checkpoint(head, LOG.signer)), None)
    assert answer == head


GOOD = LOG.request(5, 12)
MALFORMED = {
    "nothing": b"",
    "no empty line": b"old 5\n" + LOG.note(12).replace(b"\n\n", b"\n"),
    "no old line": GOOD.removeprefix(b"old 5\n"),
    "another word": b"new" + GOOD[3:],
    "two spaces": GOOD.replace(b"old 5", b"old  5"),
    "leading zero": GOOD.replace(b"old 5", b"old 05"),
    "a sign": GOOD.replace(b"old 5", b"old +5"),
    "below zero": GOOD.replace(b"old 5", b"old -5"),
    "no size": GOOD.replace(b"old 5", b"old "),
    "too large a size": GOOD.replace(b"old 5", b"old 9223372036854775808"),
    "other digits": GOOD.replace(b"old 5", b"old \xd9\xa5"),
    "carriage return": GOOD.replace(b"old 5", b"old 5\r"),
    "64 hashes": LOG.request(5, 12, proof=[HASH] * 64),
    "a short hash": LOG.request(5, 12, proof=[bytes(31)]),
    "no base64": GOOD.replace(b"old 5\n", b"old 5\n!\n"),
    "base64 in another spelling": GOOD.replace(b"=\n", b"\n", 1),
    "an empty line too many": GOOD.replace(b"old 5\n", b"old 5\n\n"),
    "no checkpoint": b"old 5\n\n",
    "not a checkpoint, though signed": LOG.request(
        0, 5, note=sign_note("log.example\nmany\n", LOG.signer).encode()
    ),
    "no signature": b"old 0\n\n" + LOG.note(5).split(b"\n\n")[0] + b"\n",
    "not UTF-8": GOOD + b"\xff\n",
    "no newline at the end": GOOD[:-1],
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_a_request(body):
    assert reason(parse_request(body)) is Reason.MALFORMED


def test_63_hashes_are_a_request():
    assert len(parse_request(LOG.request(5, 12, proof=[HASH] * 63)).proof) == 63


@given(st.binary(max_size=300) | st.integers(0, len(GOOD) - 1).map(lambda cut: GOOD[:cut]))
def test_garbage_and_pieces_are_malformed_and_raise_nothing(body):
    assert reason(parse_request(body)) is Reason.MALFORMED


@given(st.lists(st.integers(0, 64), min_size=1, max_size=12), st.booleans())
def test_whatever_is_asked_what_is_cosigned_forms_one_growing_history(sizes, forked):
    last = None
    cosigned = []
    for number, size in enumerate(sizes):
        log = FORK if forked and number % 2 else LOG
        old = last.size if last else 0
        answer = asked(log.request(old, size, proof=None if old <= size else []), last)
        if isinstance(answer, Checkpoint):
            last = answer
            cosigned.append(answer)
    assert [head.size for head in cosigned] == sorted(head.size for head in cosigned)
    # One history: every tree that was cosigned is a beginning of the same log.
    non_empty = [head for head in cosigned if head.size]
    assert all(head == LOG.head(head.size) for head in non_empty) or all(
        head == FORK.head(head.size) for head in non_empty
    )
