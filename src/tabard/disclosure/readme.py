"""What does whoever opens the pack read first? A page for a solicitor, in plain words."""

from tabard.custody.anchors import Anchor
from tabard.disclosure.bag import exhibit_folder
from tabard.disclosure.facts import Facts

_TEXT = """EVIDENCE PACK: EXHIBIT {reference}
{force}

What this is
  Body-worn video that the police disclose, with what is needed to check that nobody has changed it since it
  came out of the camera. You need no account and no connection to the police to check it.

  Exhibit:      {reference}
  Description:  {description}
  Produced by:  {producer}

What is in it
  {folder}
      {files}
      facts.json: camera, wearer, times, and the size and SHA-256 of every file
  data/schedules/exhibits.pdf     the schedule of exhibits and the custody history, to read and print
  data/schedules/exhibits.csv     the same schedule for a spreadsheet
  data/proofs/                    entries of the police's custody log, with proofs that they are in it; of an
                                  excerpt also the proof that its pictures and sounds are the camera's
  data/keys/log.vkey              the key that the log's signatures are checked with
{vouchers}  The other files list every file with its SHA-256 (the BagIt format, RFC 8493).

How to check it
  Keep the .zip file as you received it, and do not pack it again: the check covers the .zip file itself.
  With the free Tabard program, on a computer of your own and without a network:

      tabard verify PACK.zip --key KEY

  KEY is the force's published key. Ask the force for it, or read it where the force publishes it, and not from
  this pack: whoever could forge the pack could put their own key into it. Without --key the program uses the
  pack's own key and says so. The key in this pack is

      {vkey}

  Anyone can also check the pack without our program; the format is public (docs/reference/evidence-pack.md in
  the source of Tabard).

What a good answer means
  Every file is, byte for byte, what was sealed when it came out of the camera or, for an excerpt, when it was
  cut; and the force's signed log, which cannot be changed afterwards without being noticed, says so. Where the
  answer says so, every picture and every piece of sound of an excerpt is the camera's own, byte for byte, and
  nothing was cut out between the first and the last.

What it does not mean
  It does not say that the camera's clock was right, who or what the pictures show, or that there is no other
  footage. Names, places and the description are the force's statement.
"""


def readme(facts: Facts, anchor: Anchor, *, force: str) -> bytes:
    """The page as UTF-8 text with Windows line ends, which every editor shows rightly."""
    exhibit = facts.exhibit
    producer = exhibit.producer
    text = _TEXT.format(
        reference=exhibit.reference,
        force=force,
        description=" ".join(exhibit.description.split()),
        producer=f"{producer.rank} {producer.name} ({producer.shoulder_number})",
        folder=exhibit_folder(exhibit.reference),
        files="\n      ".join(f"{file.file} ({file.kind})" for file in facts.files),
        vkey="\n      ".join(key.encode() for key in anchor.keys),
        vouchers=_vouchers(anchor),
    )
    return text.replace("\n", "\r\n").encode()


def _vouchers(anchor: Anchor) -> str:
    """The lines about witnesses and timestamps, where there are any, or why there is no timestamp."""
    lines = []
    if anchor.policy is not None:
        lines.append(
            "  data/keys/witness-*             the witnesses who watch the log, and how many must agree"
        )
    if anchor.tokens:
        lines.append(
            "  data/proofs/checkpoint-*.tsr    since when the checkpoint exists, by a time-stamping authority"
        )
        lines.append("  data/keys/tsa-chain.pem         that authority's certificates")
    if anchor.why_undated:
        lines.append(f"  No timestamp is in this pack: {anchor.why_undated}")
    return "".join(f"{line}\n" for line in lines)
