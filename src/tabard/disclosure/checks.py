"""What must be true of a pack? Pure.

Each check returns a sentence when it holds, and raises with what is wrong when it does not. `CHECKS` lists them in the
order in which a reader would ask; `docs/reference/evidence-pack.md` explains each by its name.
"""

from collections.abc import Callable, Iterator, Mapping

from tabard.disclosure import bag, rules
from tabard.disclosure.container import day_of
from tabard.disclosure.errors import CheckFailed
from tabard.disclosure.facts import Facts
from tabard.disclosure.opened import FileInPack, OpenedPack
from tabard.disclosure.rules import Leaves, refuse
from tabard.disclosure.schedule import schedule_csv
from tabard.disclosure.vouching import check_quorum, stamps
from tabard.kernel.text import counted
from tabard.merkle.note import open_note

_Check = Callable[[OpenedPack], str]


def container(pack: OpenedPack) -> str:
    """The zip's own CRC-32 of each file is right; the rest of the zip was compared when it was opened."""
    refuse(
        f"{path} is damaged: its CRC-32 in the zip is not its own."
        for path, file in pack.files.items()
        if not file.has_right_crc32
    )
    return f"The zip is exactly as it was written: {len(pack.files)} files, nothing before, between or after them."


def bag_declaration(pack: OpenedPack) -> str:
    """`bagit.txt` declares BagIt 1.0 in UTF-8 (RFC 8493 section 2.1.1)."""
    if pack.document(bag.DECLARATION) != bag.DECLARATION_BYTES:
        raise CheckFailed("bagit.txt does not declare BagIt 1.0 in UTF-8.")
    return "The pack declares itself a BagIt 1.0 bag."


def bag_info(pack: OpenedPack) -> str:
    """`bag-info.txt` is of a version we know, of this exhibit, and of the day that the zip says."""
    info = pack.bag_info
    said = {
        "Tabard-Pack-Version": bag.PACK_VERSION,
        bag.TIMESTAMPS: _timestamps_said(pack),
        "Bagging-Date": day_of(pack.stamp),
        "External-Identifier": ", ".join(facts.exhibit.reference for facts in pack.exhibits.values()),
    }
    refuse(
        f"bag-info.txt says {label} {info.get(label)}; {value} was expected."
        for label, value in said.items()
        if info.get(label) != value
    )
    return (
        f"The pack was made by {info.get('Source-Organization', 'nobody named')} on {info['Bagging-Date']}."
    )


def payload_oxum(pack: OpenedPack) -> str:
    """`Payload-Oxum` is the payload's bytes and files (RFC 8493 section 2.2.2)."""
    oxum = bag.Oxum(sum(file.size_bytes for file in pack.payload.values()), len(pack.payload))
    if pack.bag_info.get("Payload-Oxum") != str(oxum):
        raise CheckFailed(f"The pack holds {oxum} (bytes.files), not what its Payload-Oxum says.")
    return f"The payload is {oxum.size_bytes} bytes in {oxum.files} files, as declared."


def payload_manifest(pack: OpenedPack) -> str:
    """The payload manifest lists every payload file with its SHA-256, and nothing else."""
    _compare_manifest(bag.parse_manifest(pack.document(bag.PAYLOAD_MANIFEST)), pack.payload)
    return f"Each of the {len(pack.payload)} payload files has the SHA-256 that the manifest lists."


def tag_manifest(pack: OpenedPack) -> str:
    """The tag manifest lists every file outside the payload but itself, with its SHA-256, and nothing else."""
    tags = {
        path: file
        for path, file in pack.files.items()
        if not path.startswith(bag.PAYLOAD) and path != bag.TAG_MANIFEST
    }
    _compare_manifest(bag.parse_manifest(pack.document(bag.TAG_MANIFEST)), tags)
    return f"Each of the {len(tags)} other files has the SHA-256 that the tag manifest lists."


def layout(pack: OpenedPack) -> str:
    """Every file is where a pack of this version has one; there is none besides, and none is missing."""
    wanted = {*bag.TAG_FILES, bag.TAG_MANIFEST, bag.SCHEDULE_CSV, bag.SCHEDULE_PDF, bag.INDEX, bag.LOG_VKEY}
    if pack.pack_policy is not None:
        wanted |= {bag.WITNESS_POLICY, *pack.witness_keys}
    if pack.tokens:
        wanted |= {bag.TSA_CHAIN, *map(bag.token_path, range(1, len(pack.tokens) + 1))}
    for folder, facts in pack.exhibits.items():
        wanted |= {folder + bag.FACTS, *(folder + file.file for file in facts.files)}
    for name in pack.proof_names:
        wanted |= {bag.PROOFS + name + bag.LEAF_SUFFIX, bag.PROOFS + name + bag.PROOF_SUFFIX}
    may_be = {bag.PROOFS + name + bag.DETAILS_SUFFIX for name in pack.proof_names}
    may_be |= {
        bag.packets_path(one.file) for said in pack.exhibits.values() if said.clip for one in said.files
    }
    there = pack.files.keys()
    refuse(f"{path} is missing." for path in sorted(wanted - there))
    refuse(f"{path} has no place in a pack." for path in sorted(there - wanted - may_be))
    return "Every file has its place, and none is missing."


def facts(pack: OpenedPack) -> str:
    """The facts describe the exhibit's files as they are in the pack: names, sizes, SHA-256."""
    refuse(
        problem for folder, said in pack.exhibits.items() for problem in _fact_problems(pack, folder, said)
    )
    count = sum(len(said.files) for said in pack.exhibits.values())
    return f"The facts describe {counted(count, 'file')} as they are in the pack."


def schedule(pack: OpenedPack) -> str:
    """The schedule in CSV says what the facts say, byte for byte."""
    if pack.document(bag.SCHEDULE_CSV) != schedule_csv(pack.exhibits.values()):
        raise CheckFailed("The schedule of exhibits (CSV) does not say what the facts say.")
    return "The schedule of exhibits (CSV) says what the facts say."


def verifier_key(pack: OpenedPack) -> str:
    """A key in the pack is one that we were given; where we were given none, the sentence says so."""
    own, given = pack.pack_verifiers, pack.trust.log_keys
    if not given:
        return (
            "Checked with the key that came in the pack itself. Compare it with the key that the force publishes: "
            f"{', '.join(key.encode() for key in own)}"
        )
    if not set(own) & set(given):
        raise CheckFailed(
            "The key in the pack is not the key that you gave. Where the force has changed its key since, it "
            "publishes the old and the new one at /log/vkeys."
        )
    return f"The key in the pack is the one that you gave, of the log {own[0].name}."


def proofs(pack: OpenedPack) -> str:
    """Every log entry is canonical JSON, proven by its receipt, and its disclosed details are those committed to."""
    leaves, problems = pack.proofs
    refuse(problems)
    if not leaves:
        raise CheckFailed("The pack proves no entry of the custody log.")
    return f"All log entries of the pack are proven to be in the log: {len(leaves)}."


def checkpoint(pack: OpenedPack) -> str:
    """All receipts end in one and the same checkpoint, signed by the log with every key that the pack has of it."""
    note, head = pack.note, pack.leaves[0].checkpoint
    if head.origin != pack.verifiers[0].name:
        raise CheckFailed("The checkpoint is another log's.")
    if set(open_note(note, pack.pack_verifiers).verified_by) != set(pack.pack_verifiers):
        raise CheckFailed("The pack has a key of the log that did not sign the checkpoint.")
    return f"All proofs end in one checkpoint of {head.origin}, signed over {head.size} entries."


def witnesses(pack: OpenedPack) -> str:
    """No cosignature on the checkpoint is wrong, and the witnesses' keys are those of the pack's policy."""
    refuse(
        f"{path} does not hold the key of the witness {key.name} that the policy names."
        for path, key in pack.witness_keys.items()
        if pack.document(path) != f"{key.encode()}\n".encode()
    )
    found = pack.cosignatures
    refuse(
        f"The cosignature of the witness {each.witness} is wrong." for each in found if each.verdict == "bad"
    )
    if not found:
        return (
            "No witness has cosigned the checkpoint; that everyone is shown the same log rests on the force."
        )
    named = "; ".join(
        f"{each.witness}: {each.verdict}" + (f" ({each.at:%Y-%m-%d %H:%M:%S} UTC)" if each.at else "")
        for each in found
    )
    return f"Cosignatures on the checkpoint: {named}."


def policy(pack: OpenedPack) -> str:
    """Enough witnesses have cosigned, by the policy that we were given, else by the pack's own."""
    if pack.policy is None:
        return "The pack asks for no witnesses, and you gave no policy that does."
    whose = (
        "The policy that you gave."
        if pack.trust.policy
        else "The pack's own policy; you gave none to compare it with."
    )
    return f"{whose} {check_quorum(pack.note, pack.policy, pack.cosignatures)}"


def timestamps(pack: OpenedPack) -> str:
    """Every timestamp holds, by the certificates that we were given, else by the pack's own."""
    if not pack.tokens:
        if pack.trust.tsa_chain:
            raise CheckFailed("The pack has no timestamp that your certificates could check.")
        why = pack.bag_info.get(bag.TIMESTAMPS, "").partition(" ")[2]
        return f"No time-stamping authority says when the checkpoint existed {why}".rstrip() + "."
    found = stamps(pack.tokens, pack.note, pack.tsa_chain)
    whose = (
        "the certificates that you gave"
        if pack.trust.tsa_chain
        else "certificates that came in the pack itself; compare them with the authority's"
    )
    said = "; ".join(f"{one.authority} says by {one.at:%Y-%m-%d %H:%M:%S} UTC" for one in found)
    return f"The checkpoint existed: {said}. Checked with {whose}."


def footage(pack: OpenedPack) -> str:
    """The log says of each file of each exhibit that it was sealed with this SHA-256."""
    return _of_each(pack, rules.footage_is_sealed)


def recording(pack: OpenedPack) -> str:
    """The log's entry of the recording covers exactly these camera files, in this order."""
    return _of_each(pack, rules.recording_is_whole)


def excerpt(pack: OpenedPack) -> str:
    """The log says from which camera file, and from when to when, an excerpt was cut."""
    return _of_each(pack, rules.clip_is_from_recording)


def packets(pack: OpenedPack) -> str:
    """Each packet of an excerpt, hashed anew from the excerpt's file, stands in the list whose root the log holds."""
    return " ".join(_packets_of(pack, folder, said) for folder, said in pack.exhibits.items())


def exhibit(pack: OpenedPack) -> str:
    """The log says that the recording or excerpt was produced under this reference."""
    return _of_each(pack, rules.exhibit_is_produced)


def index(pack: OpenedPack) -> str:
    """`index.json` maps each exhibit file to exactly the proofs that hold its SHA-256."""
    if not pack.leaves:
        raise CheckFailed("There are no proofs to list.")
    head = pack.leaves[0].checkpoint
    files = rules.index_of(pack.exhibits.values(), pack.leaves)
    if pack.index != {"v": bag.INDEX_VERSION, "origin": head.origin, "size": head.size, "files": files}:
        raise CheckFailed("The index of proofs is not that of these proofs.")
    return "The index names, for each file, the proofs that hold its SHA-256."


CHECKS: Mapping[str, _Check] = {
    check.__name__: check
    for check in (
        container,
        bag_declaration,
        bag_info,
        payload_oxum,
        payload_manifest,
        tag_manifest,
        layout,
        facts,
        schedule,
        verifier_key,
        proofs,
        checkpoint,
        witnesses,
        policy,
        timestamps,
        footage,
        recording,
        excerpt,
        packets,
        exhibit,
        index,
    )
}


def _timestamps_said(pack: OpenedPack) -> str:
    """What bag-info.txt must say of timestamps: their number, and where there is none perhaps why."""
    said = pack.bag_info.get(bag.TIMESTAMPS, "")
    return said if not pack.tokens and said.startswith("0 (") else str(len(pack.tokens))


def _of_each(pack: OpenedPack, rule: Callable[[Facts, Leaves], str]) -> str:
    return " ".join(rule(said, pack.leaves) for said in pack.exhibits.values())


def _packets_of(pack: OpenedPack, folder: str, said: Facts) -> str:
    if said.clip is None or not said.files:
        return rules.packets_are_the_cameras(said, pack.leaves, None, rules.NOTHING)
    path, clip = bag.packets_path(said.files[0].file), pack.readable(folder + said.files[0].file)
    proof = pack.document(path) if path in pack.files else None
    return rules.packets_are_the_cameras(said, pack.leaves, proof, clip)


def _compare_manifest(listed: Mapping[str, str], there: Mapping[str, FileInPack]) -> None:
    refuse(f"{path} is listed and not there." for path in sorted(listed.keys() - there.keys()))
    refuse(f"{path} is there and not listed." for path in sorted(there.keys() - listed.keys()))
    refuse(
        f"{path} does not have its listed SHA-256." for path in listed if listed[path] != there[path].sha256
    )


def _fact_problems(pack: OpenedPack, folder: str, said: Facts) -> Iterator[str]:
    for file in said.files:
        found = pack.files.get(folder + file.file)
        if found is None or (found.size_bytes, found.sha256) != (file.size_bytes, file.sha256):
            yield f"{file.file} is not the file that the facts describe."
    if said.clip is not None:
        if [file.kind for file in said.files] != ["clip"]:
            yield f"{said.exhibit.reference} is an excerpt, but its files are not one excerpt."
        return
    segments = [(file.object, file.size_bytes, file.sha256) for file in said.files if file.kind == "segment"]
    if segments != [(one.object, one.size_bytes, one.sha256) for one in said.recording.segments]:
        yield f"{said.exhibit.reference} does not hold exactly the camera files of its recording, in order."
