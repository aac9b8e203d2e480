"""A pack whose checkpoint others vouch for: witnesses, a time-stamping authority, and two keys of the log itself.

It is built once, with a real authority; then each voucher is taken away, damaged or forged in turn.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.integration.disclosure.docked import LATER, ask, checkpoint, dock, exported, produce
from tests.integration.disclosure.forger import forged, unpack
from tests.time_stamping import listening, make_tsa
from tests.world import BY

from tabard.custody.adapters import log_signer
from tabard.custody.errors import NotYetStamped, NotYetWitnessed
from tabard.custody.models import Checkpoint, Cosignature
from tabard.custody.signing.changes import rotate_key
from tabard.custody.timestamping import stamping as timestamps
from tabard.custody.timestamping.tokens import request_for
from tabard.disclosure import bag, packs
from tabard.disclosure.models import Pack
from tabard.disclosure.verify import verify_pack
from tabard.merkle.note import CosignatureSigner, SignedNote, Signer, VerifierKey
from tabard.merkle.tlog_proof import TlogProof

COSIGNED_AT = datetime(2026, 3, 2, 15, 1, tzinfo=UTC)
W1, W2, W3, STRANGER = (
    CosignatureSigner(
        f"witness.example/w{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    )
    for number in (1, 2, 3, 9)
)
POLICY = "# asked at an address that no recipient needs\n" + "".join(
    f"witness W{number} {each.vkey.encode()} https://10.0.0.{number}/\n"
    for number, each in enumerate((W1, W2, W3), 1)
)
POLICY += "group most 2 W1 W2 W3\nquorum most\n"
TOKEN, WITNESS = bag.token_path(1), "data/keys/witness-witness.example-w1.vkey"


@dataclass(frozen=True)
class Vouched:
    """The pack, and what a recipient may bring."""

    pack: bytes
    old_key: str
    new_key: str
    chain: bytes


_built: list[Vouched] = []


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    with listening(make_tsa(tmp_path_factory.mktemp("tsa"))) as up:
        yield up


@pytest.fixture
def vouching(settings, tmp_path, tsa):
    """An installation with a log of its own, a witness policy and an authority."""
    settings.TABARD_HOME = tmp_path / "home"
    settings.TABARD_TSA_URL, settings.TABARD_TSA_CHAIN = tsa.url, str(tsa.chain)
    policy = tmp_path / "policy"
    policy.write_text(POLICY)
    settings.TABARD_WITNESS_POLICY = str(policy)


@pytest.fixture
def vouched(request, tsa):
    if not _built:
        request.getfixturevalue("vouching")
        world = request.getfixturevalue("world")
        pack = ask(world, produce(world, dock(world)))
        old = log_signer().vkey
        new = rotate_key(signer=log_signer(), by=BY, at=LATER).changed.encode()
        checkpoint()
        cosign(W1, W2)
        stamp()
        built = packs.build(pack=pack, by=BY, at=LATER)
        assert built.state == Pack.State.BUILT, built.reason
        _built.append(Vouched(exported(built), old, new, tsa.chain.read_bytes()))
    return _built[0]


def cosign(*witnesses: CosignatureSigner) -> None:
    """They cosign the newest checkpoint."""
    head = Checkpoint.objects.order_by("-size").first()
    for each in witnesses:
        line = each.sign(SignedNote.parse(head.note.encode()).text, at=COSIGNED_AT).encode().rstrip("\n")
        Cosignature.objects.create(checkpoint=head, witness=each.name, line=line, cosigned_at=COSIGNED_AT)


def stamp(at: datetime = LATER) -> None:
    assert timestamps.stamp_if_due(by=timestamps.authority(), chain=timestamps.trusted_chain(), at=at)


def checked(pack: bytes, tmp_path, **trust):
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    return verify_pack(path, **trust)


def failing(pack: bytes, tmp_path, **trust) -> set[str]:
    return {check.name for check in checked(pack, tmp_path, **trust).checks if not check.ok}


def words(name: str, pack: bytes, tmp_path, **trust) -> str:
    return next(check.words for check in checked(pack, tmp_path, **trust).checks if check.name == name)


def with_notes(pack: bytes, change) -> bytes:
    """The pack with every receipt's checkpoint changed in the same way, and every hash to match."""
    changes = {}
    for path, data in unpack(pack)[1].items():
        if path.endswith(bag.PROOF_SUFFIX):
            proof = TlogProof.parse(data)
            note = change(SignedNote.parse(proof.checkpoint_note)).encode()
            changes[path] = TlogProof(proof.index, proof.path, note).encode()
    return forged(pack, changes)


def keeping(*names: str):
    """Only the signatures by these names."""
    return lambda note: SignedNote(note.text, tuple(line for line in note.signatures if line.name in names))


def said(pack: bytes, **changed: str) -> dict[str, bytes]:
    """bag-info.txt with some labels changed."""
    info = bag.parse_bag_info(unpack(pack)[1][bag.BAG_INFO])
    return {
        bag.BAG_INFO: bag.bag_info([*(info | {k.replace("_", "-"): v for k, v in changed.items()}).items()])
    }


def test_the_pack_carries_who_vouches_for_it_and_no_address_of_theirs(vouched, tmp_path):
    files = unpack(vouched.pack)[1]
    assert files[bag.LOG_VKEY].decode() == f"{vouched.new_key}\n{vouched.old_key}\n"
    assert files[WITNESS].decode() == f"{W1.vkey.encode()}\n"
    assert files[bag.TSA_CHAIN] == vouched.chain
    assert b"10.0.0" not in b"".join(files.values())
    assert b"checkpoint-1.tsr" not in files[bag.README]  # named by its pattern
    assert b"data/proofs/checkpoint-*.tsr" in files[bag.README]
    report = checked(vouched.pack, tmp_path)
    assert report.ok
    assert [(each.witness, each.verdict, each.at) for each in report.cosignatures] == [
        (W1.name, "good", COSIGNED_AT),
        (W2.name, "good", COSIGNED_AT),
    ]
    assert "you gave none" in words("policy", vouched.pack, tmp_path)
    assert "came in the pack itself" in words("timestamps", vouched.pack, tmp_path)


def test_whoever_brings_keys_policy_and_certificates_checks_with_those(vouched, tmp_path):
    for key in (vouched.old_key, vouched.new_key, [vouched.old_key, vouched.new_key]):
        trust = {"trusted_vkey": key, "policy": POLICY.encode(), "tsa_chain": vouched.chain}
        assert failing(vouched.pack, tmp_path, **trust) == set()
    assert "that you gave" in words("policy", vouched.pack, tmp_path, **trust)
    assert "met by W1, W2" in words("policy", vouched.pack, tmp_path, **trust)
    assert "certificates that you gave" in words("timestamps", vouched.pack, tmp_path, **trust)
    assert "CN=Example Time Stamping,O=Example says by" in words("timestamps", vouched.pack, tmp_path)


def test_a_stricter_recipient_is_not_content(vouched, tmp_path, tmp_path_factory):
    all_three = POLICY.replace("most 2", "most 3").encode()
    assert failing(vouched.pack, tmp_path, policy=all_three) == {"policy"}
    assert "Missing: W3" in words("policy", vouched.pack, tmp_path, policy=all_three)
    another = make_tsa(tmp_path_factory.mktemp("another")).chain.read_bytes()
    assert failing(vouched.pack, tmp_path, tsa_chain=another) == {"timestamps"}
    other_log = Signer(VerifierKey.parse(vouched.new_key).name, Ed25519PrivateKey.generate()).vkey.encode()
    assert failing(vouched.pack, tmp_path, policy=f"log {other_log}\n{POLICY}".encode()) == {"policy"}
    ours = f"log {vouched.old_key}\n{POLICY}".encode()
    assert failing(vouched.pack, tmp_path, policy=ours) == set()


def test_a_wrong_cosignature_is_named(vouched, tmp_path):
    def damage(note):
        lines = [
            line._replace(signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
            if line.name == W2.name
            else line
            for line in note.signatures
        ]
        return SignedNote(note.text, tuple(lines))

    changed = with_notes(vouched.pack, damage)
    assert failing(changed, tmp_path) == {"witnesses", "policy"}
    assert W2.name in words("witnesses", changed, tmp_path)
    assert {each.witness: each.verdict for each in checked(changed, tmp_path).cosignatures} == {
        W1.name: "good",
        W2.name: "bad",
    }


def test_a_cosignature_taken_away_breaks_the_quorum(vouched, tmp_path):
    origin = VerifierKey.parse(vouched.new_key).name
    changed = with_notes(vouched.pack, keeping(origin, W1.name))
    assert failing(changed, tmp_path) == {"policy"}
    none_left = with_notes(vouched.pack, keeping(origin))
    without = forged(none_left, {bag.WITNESS_POLICY: b"quorum none\n", **_no_witness_keys(vouched.pack)})
    assert failing(without, tmp_path) == set()  # it claims no witness, and says so
    assert "No witness has cosigned" in words("witnesses", without, tmp_path)
    assert failing(without, tmp_path, policy=POLICY.encode()) == {"policy"}


def test_a_cosignature_by_someone_unknown_counts_for_nothing(vouched, tmp_path):
    def add(note):
        return note.with_signatures(STRANGER.sign(note.text, at=COSIGNED_AT))

    changed = with_notes(vouched.pack, add)
    assert failing(changed, tmp_path) == set()
    assert f"{STRANGER.name}: unknown" in words("witnesses", changed, tmp_path)
    origin = VerifierKey.parse(vouched.new_key).name
    instead = with_notes(changed, keeping(origin, W1.name, STRANGER.name))
    assert failing(instead, tmp_path) == {"policy"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({WITNESS: f"{STRANGER.vkey.encode()}\n".encode()}, {"witnesses"}),
        ({WITNESS: None}, {"witnesses", "layout"}),
        ({"data/keys/witness-more.vkey": b"x\n"}, {"layout"}),
        ({bag.WITNESS_POLICY: b"quorum nobody\n"}, {"layout", "witnesses", "policy"}),
        ({bag.WITNESS_POLICY: None}, {"layout"}),
        ({TOKEN: b"\x30\x00"}, {"timestamps"}),
        ({TOKEN: None}, {"layout", "bag_info"}),
        ({"data/proofs/checkpoint-3.tsr": b"\x30\x00"}, {"layout"}),
        ({bag.TSA_CHAIN: b"nothing"}, {"timestamps"}),
        ({bag.TSA_CHAIN: None}, {"layout", "timestamps"}),
        ({bag.LOG_VKEY: b""}, {"verifier_key", "proofs", "checkpoint", "witnesses", "policy", "timestamps"}),
    ],
)
def test_each_changed_voucher_is_named_though_every_hash_is_right(vouched, tmp_path, changes, names):
    found = failing(forged(vouched.pack, changes), tmp_path)
    assert names <= found
    assert found - names <= {"footage", "recording", "exhibit", "index", "facts", "packets", "excerpt"}


def test_a_bit_flipped_anywhere_in_the_token_is_noticed(vouched, tmp_path):
    token = unpack(vouched.pack)[1][TOKEN]
    before = words("timestamps", vouched.pack, tmp_path)
    for place in range(0, len(token), 29):
        changed = bytearray(token)
        changed[place] ^= 4
        other = forged(vouched.pack, {TOKEN: bytes(changed)})
        # A few bits of a token are outside its signature; flipping one of those changes nothing that it says.
        assert failing(other, tmp_path) == {"timestamps"} or words("timestamps", other, tmp_path) == before


def test_a_key_that_did_not_sign_has_no_place_among_the_logs(vouched, tmp_path):
    name = VerifierKey.parse(vouched.new_key).name
    own, other = (
        Signer(each, Ed25519PrivateKey.generate()).vkey.encode() for each in (name, "other.example")
    )
    good = f"{vouched.new_key}\n{vouched.old_key}\n"
    assert failing(forged(vouched.pack, {bag.LOG_VKEY: f"{good}{own}\n".encode()}), tmp_path) == {
        "checkpoint"
    }
    assert "verifier_key" in failing(
        forged(vouched.pack, {bag.LOG_VKEY: f"{good}{other}\n".encode()}), tmp_path
    )
    assert "verifier_key" in failing(forged(vouched.pack, {bag.LOG_VKEY: f"{good}{good}".encode()}), tmp_path)


def test_a_timestamp_of_another_text_or_of_a_forgers_authority_is_found_out(
    vouched, tmp_path, tsa, tmp_path_factory
):
    note = TlogProof.parse(
        unpack(vouched.pack)[1]["data/proofs/001-object-sealed.tlog-proof"]
    ).checkpoint_note
    text = SignedNote.parse(note).text.encode()
    elsewhere = tsa.reply(request_for(text + b"more\n").as_bytes())
    assert failing(forged(vouched.pack, {TOKEN: elsewhere}), tmp_path) == {"timestamps"}
    forger = make_tsa(tmp_path_factory.mktemp("forger"))
    token = forger.reply(request_for(text).as_bytes())
    forgery = forged(vouched.pack, {TOKEN: token, bag.TSA_CHAIN: forger.chain.read_bytes()})
    assert failing(forgery, tmp_path) == set()  # it agrees with itself, and says whose certificates it used
    assert "came in the pack itself" in words("timestamps", forgery, tmp_path)
    assert failing(forgery, tmp_path, tsa_chain=vouched.chain) == {"timestamps"}


def test_taking_the_timestamp_away_is_noticed_by_whoever_asks_for_one(vouched, tmp_path):
    changes = {TOKEN: None, bag.TSA_CHAIN: None}
    silent = forged(vouched.pack, changes | said(vouched.pack, Tabard_Timestamps="0"))
    assert failing(silent, tmp_path) == set()
    assert "No time-stamping authority" in words("timestamps", silent, tmp_path)
    assert failing(silent, tmp_path, tsa_chain=vouched.chain) == {"timestamps"}


def test_a_pack_waits_for_witnesses_without_end_and_for_the_time_not_for_ever(world, vouching, tmp_path):
    pack = ask(world, produce(world, dock(world)))
    checkpoint()
    for at in (LATER, LATER + timedelta(days=2)):
        with pytest.raises(NotYetWitnessed):
            packs.build(pack=pack, by=BY, at=at)
    cosign(W1, W3)
    with pytest.raises(NotYetStamped):
        packs.build(pack=pack, by=BY, at=LATER)
    late = LATER + timestamps.patience()
    with pytest.raises(NotYetStamped):
        packs.build(pack=pack, by=BY, at=late - timedelta(seconds=1))
    built = exported(packs.build(pack=pack, by=BY, at=late))
    assert failing(built, tmp_path, policy=POLICY.encode()) == set()
    assert "had dated no checkpoint over these entries" in words("timestamps", built, tmp_path)
    assert b"No timestamp is in this pack" in unpack(built)[1][bag.README]
    assert "0 (" in bag.parse_bag_info(unpack(built)[1][bag.BAG_INFO])[bag.TIMESTAMPS]


def test_an_authority_without_certificates_is_waited_for_no_longer_either(world, vouching, settings):
    settings.TABARD_TSA_CHAIN = ""
    pack = ask(world, produce(world, dock(world)))
    checkpoint()
    cosign(W1, W2)
    with pytest.raises(NotYetStamped, match="certificates"):
        packs.build(pack=pack, by=BY, at=LATER)
    assert packs.build(pack=pack, by=BY, at=LATER + timestamps.patience()).state == Pack.State.BUILT


def test_a_pack_rests_on_a_checkpoint_that_is_both_witnessed_and_dated(world, vouching, tmp_path):
    """The newest of all is neither, the one before it is only witnessed."""
    exhibit = produce(world, dock(world))
    checkpoint()
    cosign(W2, W3)
    stamp()
    dated = Checkpoint.objects.order_by("-size").first().size
    pack = ask(world, exhibit)
    checkpoint()
    cosign(W1, W2)
    produce(world, dock(world))
    checkpoint()
    built = exported(packs.build(pack=pack, by=BY, at=LATER))
    report = checked(built, tmp_path)
    assert (report.ok, report.tree_size) == (True, dated)


def _no_witness_keys(pack: bytes) -> dict[str, None]:
    return {path: None for path in unpack(pack)[1] if path.startswith("data/keys/witness-w")}
