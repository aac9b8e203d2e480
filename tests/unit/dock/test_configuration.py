"""What may stand in dock.toml: everything wrong is refused by the name of its line."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.dock.configuration import Configuration
from tabard.dock.errors import BadConfiguration
from tabard.dock.rules import Erase
from tabard.merkle.note import Signer

KEY = Signer("tabard.example/permits", Ed25519PrivateKey.from_private_bytes(bytes(32))).vkey.encode()
GOOD = """
[server]
url = "https://door.example/"
[cards]
watch = ["/media/*"]
"""


def load(tmp_path, text):
    path = tmp_path / "dock.toml"
    path.write_text(text)
    return Configuration.load(path)


def test_the_least_that_is_needed_erases_nothing(tmp_path):
    found = load(tmp_path, GOOD)
    assert found.url == "https://door.example"
    assert found.erase is Erase.NEVER
    assert found.permit_keys == ()
    assert found.bytes_per_s is None
    assert found.spool_bytes > 0
    assert found.folder == tmp_path
    assert {each.name for each in found.layouts} >= {"gopro", "dcf"}


def test_own_layouts_come_first(tmp_path):
    found = load(tmp_path, GOOD + '[[layout]]\nname = "acme"\nhas = ["ACME"]\nfootage = ["ACME/*.MP4"]\n')
    assert found.layouts[0].name == "acme"


WRONG = {
    "no address": (GOOD.replace('url = "https://door.example/"', ""), "server.url"),
    "no scheme": (GOOD.replace("https://", ""), "server.url"),
    "footage in the clear": (GOOD.replace("https://", "http://"), "server.url"),
    "a number for an address": (GOOD.replace('"https://door.example/"', "7"), "server.url"),
    "nowhere to look": (GOOD.replace('"/media/*"', ""), "cards.watch"),
    "a pattern from nowhere": (GOOD.replace("/media", "media"), "cards.watch"),
    "a list of numbers": (GOOD.replace('["/media/*"]', "[7]"), "cards.watch"),
    "a misspelt table": (GOOD + "[spol]\n", "spol"),
    "a misspelt key": (GOOD + 'erse = "never"\n', "cards.erse"),
    "an unknown wish": (GOOD + 'erase = "always"\n', "cards.erase"),
    "erasing without a permit key": (GOOD + 'erase = "with_permit"\n', "cards.erase"),
    "no verifier key": (GOOD.replace("[cards]", 'permit_keys = ["abc"]\n[cards]'), "server.permit_keys"),
    "no lanes": (GOOD + "lanes = 0\n", "cards.lanes"),
    "true for a number": (GOOD + "lanes = true\n", "cards.lanes"),
    "less than nothing": (GOOD + "[sending]\nmost_kib_per_s = -1\n", "sending.most_kib_per_s"),
    "odd hours": (GOOD + '[sending]\nquiet_hours = ["6-9"]\n', "sending.quiet_hours"),
    "a word for a flag": (GOOD + '[spool]\non = "yes"\n', "spool.on"),
    "a value for a table": (GOOD + "[[spool]]\non = true\n", "spool"),
    "one bracket too few": (GOOD + '[layout]\nname = "x"\n', "layout"),
    "a layout without footage": (GOOD + '[[layout]]\nname = "x"\nhas = ["A"]\n', "layout x"),
    "a layout with an odd key": (
        GOOD + '[[layout]]\nname = "x"\nhas = ["A"]\nfootage = ["A"]\nsuffix = "MP4"\n',
        "layout x",
    ),
    "a broken expression": (
        GOOD + '[[layout]]\nname = "x"\nhas = ["A"]\nfootage = ["A"]\nrecording = "("\n',
        "layout x",
    ),
    "an expression without its group": (
        GOOD + '[[layout]]\nname = "x"\nhas = ["A"]\nfootage = ["A"]\nrecording = "A"\n',
        "layout x",
    ),
    "a serial rule without a serial": (
        GOOD
        + '[[layout]]\nname = "x"\nhas = ["A"]\nfootage = ["A"]\nserial.file = "A"\nserial.patterns = ["B"]\n',
        "layout x",
    ),
    "not TOML": ("[server", "config"),
}


@pytest.mark.parametrize(("text", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path, text, field):
    with pytest.raises(BadConfiguration) as caught:
        load(tmp_path, text)
    assert caught.value.fields["field"] == field


def test_a_file_that_others_may_write_is_not_obeyed(tmp_path):
    load(tmp_path, GOOD)
    (tmp_path / "dock.toml").chmod(0o664)
    with pytest.raises(BadConfiguration, match="chmod"):
        Configuration.load(tmp_path / "dock.toml")


def test_no_file_names_the_cure(tmp_path):
    with pytest.raises(BadConfiguration, match="tabard dock init"):
        Configuration.load(tmp_path / "dock.toml")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "http://[::1]:8001", "http://localhost:8001"])
def test_on_this_machine_http_will_do(tmp_path, url):
    assert load(tmp_path, GOOD.replace("https://door.example/", url)).url == url


def test_erasing_needs_a_permit_key(tmp_path):
    text = GOOD.replace("[cards]", f'permit_keys = ["{KEY}"]\n[cards]') + 'erase = "with_permit"\n'
    assert load(tmp_path, text).erase is Erase.WITH_PERMIT
