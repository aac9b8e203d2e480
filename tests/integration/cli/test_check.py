"""What `tabard check` says of an installation that was never started."""

import json

from tests.integration.cli.test_database_roles import tabard

from tabard.cli.home import Home


def test_before_the_first_start_what_stands_in_tables_waits_for_them(tmp_path):
    report = json.loads(tabard(Home(tmp_path / "new"), "check", "--json").stdout.splitlines()[-1])
    found = {each["name"]: each for each in report["checks"]}
    assert found["Tables"]["level"] == found["Witnesses"]["level"] == "warning"
    assert found["Witnesses"]["cure"] == "Run `tabard up`; it migrates first."
    assert not [each for each in report["checks"] if each["words"].startswith("The check itself failed")]
