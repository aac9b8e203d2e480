"""Whatever stands in the decoder's place, the parent survives and says what happened."""

import json
import threading

import pytest
from tests.integration.media_jail.jail_footage import Recipe, film, look
from tests.integration.media_jail.jail_strangers import replace_decoder

from tabard.kernel.errors import Integrity
from tabard.media.jail import runner
from tabard.media.jail.errors import CannotDecode, DecoderKilled
from tabard.media.jail.limits import Limits

FINE_STILLS = {
    "poster": {"start": 0, "length": 1, "width": 1, "height": 1, "time_s": 0.0},
    "strip": {
        "start": 0,
        "length": 1,
        "columns": 1,
        "rows": 1,
        "thumb_width": 1,
        "thumb_height": 1,
        "times_s": [0.0],
    },
}
GARBAGE = "answered with garbage"
TOO_MUCH = "said more than any decoder needs to say"
STRANGERS = {
    "not JSON": ("tell(b'\\xff\\x00garbage')", GARBAGE),
    "not an answer": ("tell([1, 2, 3])", GARBAGE),
    "two answers in one": ("tell({'killed': 'x', 'cannot_decode': 'y'})", GARBAGE),
    "deep nesting": ("tell(b'[' * 2_000_000)", GARBAGE),
    "a number without end": ("tell(b'{\"progress\": 1e999}')", GARBAGE),
    "progress past the end": ("tell({'progress': 7})", GARBAGE),
    "facts of no shape": ("tell({'facts': {'decodable': 'yes'}})", GARBAGE),
    "facts of a wrong kind": ("tell({'facts': ['decodable']})", GARBAGE),
    "a huge frame": ("os.write(order['control_fd'], struct.pack('>I', 2**32 - 1)); time.sleep(60)", TOO_MUCH),
    "frames without end": ("while True: tell({'progress': 0.5})", TOO_MUCH),
    "silence": ("os._exit(0)", "ended without an answer (exit 0)"),
    "half a frame": (
        "os.write(order['control_fd'], b'\\0\\0\\0\\x09half'); os._exit(3)",
        "ended without an answer (exit 3)",
    ),
    "closed channels": (
        "os.close(order['control_fd']); os.close(order['source_fd']); os._exit(0)",
        "ended without an answer (exit 0)",
    ),
    "a crash": ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed (signal 11)"),
    "reading past the end": (
        "os.write(order['source_fd'], struct.pack('>QQ', 0, 2**40)); time.sleep(60)",
        "asked for bytes outside the footage",
    ),
    "reading backwards": (
        "os.write(order['source_fd'], struct.pack('>QQ', 5, 2)); time.sleep(60)",
        "asked for bytes outside the footage",
    ),
    "reading nothing": (
        "os.write(order['source_fd'], struct.pack('>QQ', 2, 2)); time.sleep(60)",
        "asked for bytes outside the footage",
    ),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_decoder_that_misbehaves_is_ended_with_the_reason_in_words(stranger, tmp_path, monkeypatch):
    program, reason = STRANGERS[stranger]
    replace_decoder(monkeypatch, program, walls=False)
    with pytest.raises(DecoderKilled) as killed:
        look("probe", b"f" * 100, tmp_path)
    assert killed.value.fields["reason"] == reason
    assert reason in killed.value.message


def test_a_decoder_that_asks_but_never_reads_is_ended(tmp_path, monkeypatch):
    replace_decoder(
        monkeypatch, "while True: os.write(order['source_fd'], struct.pack('>QQ', 0, 4 << 20))", walls=False
    )
    with pytest.raises(DecoderKilled, match="took longer than 1 s"):
        look("probe", b"f" * (5 << 20), tmp_path, limits=Limits(wall_s=1))


def test_a_decoder_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    replace_decoder(monkeypatch, "time.sleep(300)", walls=True)
    with pytest.raises(DecoderKilled, match="took longer than 1 s"):
        look("probe", b"footage", tmp_path, limits=Limits(wall_s=1))


def test_a_decoder_that_computes_too_long_is_ended(tmp_path, monkeypatch):
    replace_decoder(monkeypatch, "while True: pass", walls=True)
    with pytest.raises(DecoderKilled, match="used more than 1 s of processor time"):
        look("probe", b"footage", tmp_path, limits=Limits(cpu_s=1, wall_s=60))


def test_a_decoder_that_ignores_the_warning_is_ended_all_the_same(tmp_path, monkeypatch):
    replace_decoder(
        monkeypatch, "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", walls=True
    )
    with pytest.raises(DecoderKilled, match="killed by the system"):
        look("probe", b"footage", tmp_path, limits=Limits(cpu_s=1, wall_s=60))


def test_footage_that_needs_more_memory_than_allowed_is_refused_and_nothing_else_happens(tmp_path):
    footage = film(Recipe(size=(3840, 2160), seconds=0.3, audio=None))
    with pytest.raises(DecoderKilled) as killed:
        look("rendition", footage, tmp_path, limits=Limits(memory_bytes=64 << 20, cpu_s=60, wall_s=60))
    assert killed.value.fields["reason"] == "ran out of memory"


def test_output_past_its_limit_is_refused(tmp_path):
    with pytest.raises(DecoderKilled, match="made more than 2000 bytes of output"):
        look("rendition", film(Recipe()), tmp_path, limits=Limits(output_bytes=2000))


def test_facts_that_point_outside_the_output_are_garbage(tmp_path, monkeypatch):
    fine = json.dumps({"facts": FINE_STILLS})
    replace_decoder(monkeypatch, f"os.write(order['output_fd'], b'!'); tell({fine!r}.encode())", walls=False)
    assert look("stills", b"footage", tmp_path)[1] == b"!"
    replace_decoder(monkeypatch, f"tell({fine!r}.encode())", walls=False)
    with pytest.raises(DecoderKilled, match=GARBAGE):
        look("stills", b"footage", tmp_path)


def test_words_from_the_footage_can_be_stored(tmp_path, monkeypatch):
    replace_decoder(monkeypatch, "tell({'cannot_decode': 'a\\0b\\ud800c' + 'x' * 9000})", walls=False)
    with pytest.raises(CannotDecode) as refused:
        look("probe", b"footage", tmp_path)
    reason = refused.value.fields["reason"]
    assert reason.startswith("a?b?c")
    assert len(reason) == 2000


def test_what_the_source_raises_comes_back_as_it_was(tmp_path):
    def read(start, stop):
        raise Integrity("A chunk of the sealed object does not open.")

    with pytest.raises(Integrity, match="does not open"):
        runner.run("probe", {}, read, 1000, tmp_path, Limits(), accept_missing=False)


def test_a_source_that_gives_too_little_is_an_integrity_error(tmp_path):
    with pytest.raises(Integrity, match="fewer bytes than its size says"):
        runner.run("probe", {}, lambda _start, _stop: b"", 1000, tmp_path, Limits(), accept_missing=False)


def test_the_source_is_read_in_the_callers_own_thread(tmp_path):
    footage, threads = film(Recipe()), set()

    def read(start, stop):
        threads.add(threading.get_ident())
        assert 0 <= start < stop <= len(footage)
        return footage[start:stop]

    runner.run("probe", {}, read, len(footage), tmp_path, Limits(), accept_missing=False)
    assert threads == {threading.get_ident()}


def test_no_file_is_left_in_the_scratch_folder_not_even_while_it_is_used(tmp_path):
    seen = []

    def read(start, stop):
        seen.extend(tmp_path.iterdir())
        return footage[start:stop]

    footage = film(Recipe())
    with runner.run(
        "rendition", {}, read, len(footage), tmp_path, Limits(), accept_missing=False
    ).output as output:
        seen.extend(tmp_path.iterdir())
        assert output.tell() == 0
        assert output.read(8)[4:] == b"ftyp"
    assert seen == []


def test_several_decoders_work_side_by_side(tmp_path):
    footage, facts = film(Recipe()), []
    workers = [
        threading.Thread(target=lambda: facts.append(look("probe", footage, tmp_path)[0])) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [f["decodable"] for f in facts] == [True] * 3
