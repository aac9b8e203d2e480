"""Words of the outside world: a checkpoint of a public Certificate Transparency log (TesseraCT, staging) with the
cosignatures of four public witnesses, which are not one implementation, and requests that a Go log sent to its witness.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.merkle.checkpoint import Checkpoint, InvalidCheckpoint, open_checkpoint
from tabard.merkle.note import (
    COSIGNATURE_V1,
    CosignatureSigner,
    InvalidNote,
    SignedNote,
    VerifierKey,
    cosigned_at,
    open_note,
)
from tabard.merkle.policy import Policy
from tabard.witness.rules import Reason, judge, parse_request

REPOSITORY = Path(__file__).parents[2]
CHECKPOINT = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
""".encode()  # noqa: E501 - lines of a note cannot be broken
LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
WITNESSES = [
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
]
KEYS = [VerifierKey.parse(vkey) for vkey in WITNESSES]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_public_witness_is_verified_and_its_time_read(key):
    note = open_note(CHECKPOINT, [key])
    assert note.verified_by == (key,)
    (line,) = (line for line in note.signatures if line.name == key.name)
    assert (key.algorithm, cosigned_at(line)) == (COSIGNATURE_V1, datetime.fromtimestamp(0x6A122120, UTC))
    assert key.encode() in WITNESSES


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_cosignature_over_another_size_does_not_hold(key):
    with pytest.raises(InvalidNote):
        open_note(CHECKPOINT.replace(b"1432088532", b"1432088533"), [key])


def test_the_log_with_its_witnesses_opens_and_witnesses_alone_do_not():
    log = VerifierKey.parse(LOG)
    assert open_checkpoint(CHECKPOINT, [log, *KEYS]).size == 1_432_088_532
    with pytest.raises(InvalidCheckpoint):
        open_checkpoint(CHECKPOINT, KEYS)


def test_a_policy_over_public_witnesses_is_met_by_those_that_signed():
    absent = "rgdd.se/poc-witness+db03732e+BCjJKlo6BU0xfIb8LutqerIFTWIXEA0L5n3tW3QyPFgG"
    named = "".join(f"witness {vkey.split('+')[0]} {vkey}\n" for vkey in [*WITNESSES, absent])
    names = " ".join(vkey.split("+")[0] for vkey in [*WITNESSES, absent])
    verified = open_note(CHECKPOINT, KEYS).verified_by
    for needed, expected in (("4", True), ("all", False)):
        policy = Policy.parse(f"log {LOG}\n{named}group demo {needed} {names}\nquorum demo\n".encode())
        assert policy.is_met(verified) is expected


def test_the_specifications_example_holds_the_time_that_its_message_shows():
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
        "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    (parsed,) = SignedNote.parse(f"text\n\n{line}".encode()).signatures
    assert (len(parsed.signature), cosigned_at(parsed)) == (72, datetime.fromtimestamp(1679315147, UTC))


# From the tests of litewitness (FiloSottile/torchwood): a log of three sizes, and what its witness was sent.
ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
LOG_OF_GO = VerifierKey(
    ORIGIN, bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
)
ONE = f"""old 0

{ORIGIN}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— {ORIGIN} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=
""".encode()
THREE = f"""old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{ORIGIN}
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

— {ORIGIN} UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=
""".encode()
FIVE = f"""old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=
KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{ORIGIN}
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

— {ORIGIN} UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=
""".encode()


def answer(body, last):
    return judge(parse_request(body), [LOG_OF_GO], last)


def test_requests_of_a_go_log_are_judged_as_its_own_witness_judges_them():
    one = answer(ONE, None)
    assert isinstance(one, Checkpoint)
    assert (one.origin, one.size) == (ORIGIN, 1)
    three, five = answer(THREE, one), answer(FIVE, one)
    assert (three.size, five.size) == (3, 5)
    stale = answer(THREE, five)
    assert (stale.reason, stale.size) == (Reason.OTHER_SIZE, 5)


def test_a_go_log_that_sends_more_than_63_hashes_is_malformed():
    line = b"KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    refused = parse_request(ONE.replace(b"old 0\n", b"old 0\n" + 64 * line))
    assert refused.reason is Reason.MALFORMED


def test_the_worked_example_of_our_own_specification_holds():
    page = (REPOSITORY / "docs" / "reference" / "custody-log.md").read_text(encoding="utf-8")
    shown = page.split("The same checkpoint, cosigned by a witness")[1].split("```")[1].removeprefix("text\n")
    vkey, _, note = shown.partition("\n\n")
    key = VerifierKey.parse(vkey.removeprefix("vkey:").strip())
    signer = CosignatureSigner(key.name, Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))))
    opened = open_note(note.encode(), [key])
    assert signer.vkey == key
    assert opened.signatures[1] == signer.sign(opened.text, at=datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC))
