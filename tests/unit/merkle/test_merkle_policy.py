"""The policy file, line by line. Judged also by the cases that transparency-dev/formats tests its reader with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.note import COSIGNATURE_V1, VerifierKey
from tabard.merkle.policy import MAX_OF_A_KIND, InvalidPolicy, Policy


def key(number, algorithm=COSIGNATURE_V1, name="w.example"):
    return VerifierKey(f"{name}/{number}", number.to_bytes(32, "big"), algorithm)


LOG = key(90, 1, "log.example").encode()
W = {f"W{number}": key(number).encode() for number in range(1, 7)}
SPEC = f"""log {LOG}

witness X1 {W["W1"]}
witness X2 {W["W2"]}
witness X3 {W["W3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {W["W4"]}
witness Y2 {W["W5"]}
witness Y3 {W["W6"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def parse(words):
    return Policy.parse(words if isinstance(words, bytes) else words.encode())


@given(st.sets(st.integers(1, 6)))
def test_the_specifications_example_asks_for_two_of_one_group_and_one_of_the_other(cosigned):
    expected = len(cosigned & {1, 2, 3}) >= 2 and bool(cosigned & {4, 5, 6})
    assert parse(SPEC).is_met({key(number) for number in cosigned}) is expected


def test_what_was_read_of_the_specifications_example():
    policy = parse(SPEC)
    assert [log.key.name for log in policy.logs] == ["log.example/90"]
    assert [witness.name for witness in policy.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert [(group.name, group.threshold) for group in policy.groups] == [
        ("X-witnesses", 2),
        ("Y-witnesses", 1),
        ("X-and-Y", 2),
    ]
    assert policy.quorum == "X-and-Y"


def test_quorum_none_needs_nobody():
    assert parse("quorum none\n").is_met(())


def test_one_witness_can_be_the_quorum():
    policy = parse(f"witness w {W['W1']} https://w.example/\nquorum w\n")
    assert policy.witnesses[0].url == "https://w.example/"
    assert policy.is_met({key(1)})
    assert not policy.is_met({key(2)})


def test_a_key_of_the_same_name_is_another_witness():
    policy = parse(f"witness w {W['W1']}\nquorum w\n")
    assert not policy.is_met({VerifierKey(key(1).name, bytes(31) + b"\x09", COSIGNATURE_V1)})


@pytest.mark.parametrize(
    "words",
    [
        f"\n# comment\n\t # another\n\twitness \t w1  {W['W1']}   https://w1.example.com/  \n\n  quorum\tw1",
        f"witness K\u212alvin-w {W['W1']}\nquorum K\u212alvin-w\n",
        f"witness all {W['W1']}\nwitness any {W['W2']}\ngroup group 2 all any\nquorum group\n",
        f"quorum none\nwitness late {W['W1']}\n",
    ],
    ids=["white space and comments", "names past ASCII", "key words are names too", "quorum first"],
)
def test_files_that_are_policies(words):
    assert parse(words).witnesses


def test_names_are_octets_that_need_not_be_utf_8():
    policy = parse(
        b"witness w\x80 %s\nwitness w\x81 %s\nquorum w\x81\n" % (W["W1"].encode(), W["W2"].encode())
    )
    assert policy.is_met({key(2)})
    assert not policy.is_met({key(1)})


ONE = f"witness w1 {W['W1']}\n"
REFUSED = {
    "control octet": ("quorum none\n\x01", 2),
    "carriage return": ("quorum none\r\n", 1),
    "unknown word": ("quibble w1\nquorum none\n", 1),
    "a comment behind": (f"witness w1 {W['W1']} https://w1.example.com/ # comment\nquorum w1\n", 1),
    "log without key": ("log\nquorum none\n", 1),
    "log with garbage": ("log garbage\nquorum none\n", 1),
    "log with a witness's key": (f"log {W['W1']}\nquorum none\n", 1),
    "log twice": (f"log {LOG}\nlog {LOG} https://log.example.com/\nquorum none\n", 2),
    "witness without key": ("witness w1\nquorum none\n", 1),
    "witness with a log's key": (f"witness w1 {LOG}\nquorum w1\n", 1),
    "witness of unknown type": ("witness w1 unknown.example.com+38acb3a9+YwAA\nquorum w1\n", 1),
    "witness named none": (f"witness none {W['W1']}\nquorum none\n", 1),
    "witness name twice": (f"{ONE}witness w1 {W['W2']}\nquorum w1\n", 2),
    "witness key twice": (
        f"{ONE}witness w2 {VerifierKey('impostor', key(1).public_key, COSIGNATURE_V1).encode()}\nquorum w1\n",
        2,
    ),
    "group named as a witness": (f"{ONE}group w1 any w1\nquorum w1\n", 2),
    "group without members": (f"{ONE}group g1 1\nquorum w1\n", 2),
    "group named none": (f"{ONE}group none any w1\nquorum none\n", 2),
    "zero of": (f"{ONE}group g1 0 w1\nquorum g1\n", 2),
    "less than zero of": (f"{ONE}group g1 -1 w1\nquorum g1\n", 2),
    "leading zero": (f"{ONE}group g1 01 w1\nquorum g1\n", 2),
    "more than there are": (f"{ONE}group g1 2 w1\nquorum g1\n", 2),
    "unknown member": (f"{ONE}group g1 any w2\nquorum g1\n", 2),
    "member that comes later": (f"group g1 any w1\n{ONE}quorum g1\n", 1),
    "itself as member": (f"{ONE}group g1 any g1\nquorum g1\n", 2),
    "none as member": (f"{ONE}group g1 any none w1\nquorum g1\n", 2),
    "member twice in a group": (f"{ONE}group g1 all w1 w1\nquorum g1\n", 2),
    "member of two groups": (
        f"{ONE}witness w2 {W['W2']}\ngroup g1 any w1 w2\ngroup g2 any w1\nquorum g1\n",
        4,
    ),
    "two quorums": (f"{ONE}quorum w1\nquorum w1\n", 3),
    "unknown quorum": ("quorum unknown\n", 1),
    "quorum that comes later": (f"quorum w1\n{ONE}", 1),
    "quorum without name": ("quorum\n", 1),
    "quorum of two": (f"{ONE}quorum w1 w1\n", 2),
    "cut off in a name": (f"{ONE}quorum w", 2),
}


@pytest.mark.parametrize(("words", "line"), REFUSED.values(), ids=REFUSED)
def test_files_that_are_not_policies_say_on_which_line_and_what_to_do(words, line):
    with pytest.raises(InvalidPolicy) as caught:
        parse(words)
    assert caught.value.fields["line"] == line
    assert caught.value.message.startswith(f"Line {line} of the policy: ")
    assert caught.value.message.count(". ") >= 1


@pytest.mark.parametrize("words", ["", ONE, "# quorum none\n"])
def test_a_policy_without_a_quorum_is_none(words):
    with pytest.raises(InvalidPolicy, match="quorum none"):
        parse(words)


def test_so_many_witnesses_are_a_mistake():
    many = "".join(f"witness w{number} {key(number).encode()}\n" for number in range(1, MAX_OF_A_KIND + 2))
    with pytest.raises(InvalidPolicy, match=f"Line {MAX_OF_A_KIND + 1}"):
        parse(f"{many}quorum w1\n")
    with pytest.raises(InvalidPolicy, match="megabyte"):
        parse(b"#" * 1_000_001)


@given(st.binary(max_size=200))
def test_garbage_raises_only_an_invalid_policy(data):
    with pytest.raises(InvalidPolicy):
        parse(data)


@given(st.lists(st.sampled_from(SPEC.splitlines()), max_size=14))
def test_lines_in_any_order_are_a_policy_or_an_invalid_one(lines):
    try:
        policy = parse("".join(f"{line}\n" for line in lines))
    except InvalidPolicy:
        return
    assert policy.is_met({key(number) for number in range(1, 7)})
