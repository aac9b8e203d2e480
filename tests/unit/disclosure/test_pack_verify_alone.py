"""The offline check stands alone: no Django, no database, no settings."""

import subprocess
import sys

import pytest

from tabard.disclosure.verify import verify_pack
from tabard.kernel.errors import Invalid, Unavailable

ALONE = """
import sys

class NoDjango:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "psycopg", "procrastinate", "obstore", "typst", "pydantic"}:
            raise ImportError(f"{name} was asked for")

sys.meta_path.insert(0, NoDjango())
from pathlib import Path
from tabard.disclosure.verify import verify_pack
report = verify_pack(Path(sys.argv[1]))
print(report.ok, [check.name for check in report.checks])
"""


def test_it_runs_where_django_cannot_even_be_imported(tmp_path):
    pack = tmp_path / "not-a-pack.zip"
    pack.write_bytes(b"PK")
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, str(pack)], capture_output=True, text=True, check=False, env={}
    )
    assert (ran.stdout.strip(), ran.stderr) == ("False ['container']", "")


def test_a_file_that_cannot_be_read_is_not_a_bad_pack(tmp_path):
    with pytest.raises(Unavailable):
        verify_pack(tmp_path / "missing.zip")
    with pytest.raises(Unavailable):
        verify_pack(tmp_path)


def test_a_key_that_is_none_is_told_before_anything_is_checked(tmp_path):
    with pytest.raises(Invalid):
        verify_pack(tmp_path / "missing.zip", trusted_vkey="not a key")


def test_an_empty_report_is_not_good():
    from tabard.disclosure.report import PackReport

    assert not PackReport(()).ok
