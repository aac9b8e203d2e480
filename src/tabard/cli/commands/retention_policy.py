"""`tabard retention policy`: which policy is in force, what another would change, and its adoption by two people."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from tabard.cli.commands.options import AsOf, Json, instant
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database, load_django
from tabard.cli.output import console, emit, in_utc
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid
from tabard.kernel.text import counted

app = typer.Typer(
    help="The policy that says how long footage is kept: read, try, propose, adopt.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="The policy file, TOML.", exists=True, dir_okay=False)]
PolicyId = Annotated[UUID, typer.Argument(help="The version's id, as `list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]


@app.command()
def show(
    text: Annotated[
        bool, typer.Option("--text", help="The whole file instead, to begin a change with.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the policy in force: every rule with its period and where that comes from."""
    with database():
        from tabard.retention import policies

        at = now()
        policy, written = policies.current(at), policies.current_text(at)
    if text:
        typer.echo(written, nl=False)
        return
    console.print(f"{policy.name}, version {policy.version}, SHA-256 {policy.sha256.hex()}", markup=False)
    answer = _policy_as_json(policy)
    for rule in answer["rules"]:
        unsure = "" if rule["is_confirmed"] else "  (confirm)"
        console.print(f"{rule['code']:<24} {rule['period']}{unsure}", markup=False)
        console.print(f"{'':<24} {rule['cites']}", markup=False)
    emit(answer, as_json=json)


@app.command("test")
def run_tests(file: File, json: Json = False) -> None:
    """Read a policy file and run the tests in it. Needs no database, changes nothing."""
    _say_whether(file, json=json, needs_database=False)


@app.command()
def check(file: File, json: Json = False) -> None:
    """Say whether a policy file could be proposed now: all of `test`, its version, and the categories in use."""
    with database():
        _say_whether(file, json=json, needs_database=True)


@app.command()
def diff(
    file: File,
    as_of: AsOf = None,
    csv: Annotated[Path | None, typer.Option(help="Write every item whose end moves to this file.")] = None,
    json: Json = False,
) -> None:
    """Say what a policy file would change: which periods, and how many recordings, down to the items."""
    with database():
        from tabard.retention import policies, policy_changes, what_if
        from tabard.retention.policy import parse_policy

        at, new = instant(as_of, now()), parse_policy(_read(file))
        old = policies.current(now())
        changes, found = policy_changes.changes(old, new), what_if.compare(old, new, at)
        if csv is not None:
            with csv.open("w", encoding="utf-8", newline="") as out:
                out.writelines(what_if.sheet(old, new, at))
    for change in changes:
        sooner = "  (sooner)" if change.shortens else ""
        console.print(f"{change.what}: {change.before} -> {change.after}{sooner}", markup=False)
    console.print(f"Due: {found.before.due:,} -> {found.after.due:,} recordings, held besides: ", end="")
    console.print(f"{found.before.held:,} -> {found.after.held:,}.")
    for shift, count in found.shifts.items():
        console.print(f"{count:>12,}  {shift.words.lower()}")
    emit(
        {
            "as_of": at.isoformat(),
            "changes": [
                {"what": each.what, "before": each.before, "after": each.after, "sooner": each.shortens}
                for each in changes
            ],
            "before": _totals_as_json(found.before),
            "after": _totals_as_json(found.after),
            "shifts": {shift.value: count for shift, count in found.shifts.items()},
            "at_once": found.at_once,
        },
        as_json=json,
    )


@app.command("list")
def listed(username: As, json: Json = False) -> None:
    """Show every version that was proposed, with who agreed and from when it is in force."""
    with database():
        from tabard.retention import policies

        versions = list(policies.listed(viewer_as(username)))
        found = [_version_as_json(version) for version in versions]
    for version in versions:
        since = in_utc(version.effective_at) if version.effective_at else ""
        console.print(f"{version.pk}  {version.state:<10} {version.version:<16} {since}")
    console.print(counted(len(found), "version") if found else "No other policy was ever proposed.")
    emit({"policies": found}, as_json=json)


@app.command()
def propose(
    file: File,
    username: As,
    reason: Reason,
    not_before: Annotated[
        str | None, typer.Option("--not-before", help="The earliest that it is to be in force.")
    ] = None,
    json: Json = False,
) -> None:
    """Propose a policy; nothing changes until others approve it."""
    with database():
        from tabard.retention import adoption

        at = now()
        wanted = instant(not_before, at, "not-before") if not_before else None
        version = adoption.propose(
            text=_read(file), reason=reason, viewer=viewer_as(username), at=at, not_before=wanted
        )
        answer = _version_as_json(version)
    console.print(f"Proposed: {answer['policy']}. It runs out on {in_utc(version.expires_at)}.")
    emit(answer, as_json=json)


@app.command()
def approve(policy: PolicyId, username: As, json: Json = False) -> None:
    """Approve a policy that another person proposed; with the last approval it is adopted."""
    with database():
        from tabard.retention import adoption

        version = adoption.approve(policy_id=policy, viewer=viewer_as(username), at=now())
        answer = _version_as_json(version)
    if version.effective_at is not None and answer["state"] == "executed":
        console.print(f"Adopted; in force from {in_utc(version.effective_at)}.")
    else:
        console.print(f"Approved; {answer['still_missing']} more needed.")
    emit(answer, as_json=json)


@app.command()
def refuse(policy: PolicyId, username: As, reason: Reason, json: Json = False) -> None:
    """Refuse a policy: one refusal is enough."""
    _close("refuse", policy, username, reason, json=json)


@app.command()
def withdraw(policy: PolicyId, username: As, reason: Reason, json: Json = False) -> None:
    """Withdraw a policy that you proposed."""
    _close("withdraw", policy, username, reason, json=json)


def _close(act: str, policy: UUID, username: str, reason: str, *, json: bool) -> None:
    with database():
        from tabard.retention import adoption

        close = {"refuse": adoption.refuse, "withdraw": adoption.withdraw}[act]
        closed = close(policy_id=policy, reason=reason, viewer=viewer_as(username), at=now())
        answer = _version_as_json(closed)
    console.print(f"The policy is {answer['state']}.")
    emit(answer, as_json=json)


def _say_whether(file: Path, *, json: bool, needs_database: bool) -> None:
    """Print whether the file is good, and leave with 1 where it is not."""
    load_django()
    from tabard.retention import adoption
    from tabard.retention.policy import parse_policy

    text = _read(file)
    try:
        policy = adoption.check(text) if needs_database else parse_policy(text)
    except Invalid as error:
        console.print(f"{file}: {error.message}", markup=False)
        emit({"ok": False, "problem": error.message, **error.fields}, as_json=json, ok=False)
        return
    unsure = sum(not rule.is_confirmed for rule in policy.rules)
    console.print(f"{policy.name}, version {policy.version}: its own tests hold.", markup=False)
    console.print(f"{len(policy.rules)} rules, {unsure} of them with a figure to confirm.")
    emit({"ok": True, **_policy_as_json(policy)}, as_json=json)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("The policy file is not UTF-8 text.", field="file") from error


def _policy_as_json(policy: Any) -> dict[str, Any]:
    from tabard.retention.policy_changes import rule_words

    return {
        "name": policy.name,
        "version": policy.version,
        "sha256": policy.sha256.hex(),
        "categories": dict(policy.categories),
        "rules": [
            {
                "code": rule.code,
                "name": rule.name,
                "days": rule.days,
                "period": rule_words(rule),
                "cites": rule.cites,
                "is_confirmed": rule.is_confirmed,
            }
            for rule in policy.rules
        ],
    }


def _totals_as_json(totals: Any) -> dict[str, Any]:
    return {
        "due": totals.due,
        "held": totals.held,
        "bytes": totals.size_bytes,
        "by_rule": totals.by_rule,
    }


def _version_as_json(version: Any) -> dict[str, Any]:
    from tabard.retention.agreeing import still_missing

    return {
        "policy": str(version.pk),
        "name": version.name,
        "version": version.version,
        "sha256": bytes(version.sha256).hex(),
        "state": str(version.state),
        "still_missing": still_missing(version),
        "reason": version.reason,
        "expires_at": version.expires_at.isoformat(),
        "effective_at": version.effective_at.isoformat() if version.effective_at else None,
    }
