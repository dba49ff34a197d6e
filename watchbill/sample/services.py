"""The sample company's verbs: set it up, move its clock, upgrade the vulnerable package, leave it for one's own company.

Everything goes through the same services that a real company uses; the only thing made up is the company. Each verb refuses to work
outside the sample company.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from watchbill.base import changes, clock, ids, loop, state, workers, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import conflict, not_found
from watchbill.base.settings import settings
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings import services as finding_services
from watchbill.intake.scans import advisories
from watchbill.intake.scans import queries as scans
from watchbill.intake.scans import services as scan_services
from watchbill.roster import queries as roster
from watchbill.roster import services as roster_services
from watchbill.roster import sign_in_links
from watchbill.sample import mark, places, queries

BY = Actor("system", "sample company", "sample")
OWNER = "alice@saltmarsh.example"  # who deploys berth-board in the story
LONGEST_STEP = timedelta(hours=24)


def first_link(*, with_sample: bool) -> str:
    """What a start prints: a link into the sample company, the first administrator's set-up link, or nothing once people are there.

    An empty data directory becomes the sample company when `with_sample`, and stays empty otherwise.
    """
    if state.get("company") == "sample":
        return _link_in()
    if roster.people():
        return ""
    if with_sample:
        set_up()
        return _link_in()
    return sign_in_links.issue("set_up", by=BY, token=mark.promised(settings().data))


def _link_in() -> str:
    return sign_in_links.issue("sign_in", by=BY, email=queries.newcomer().email)


def set_up() -> None:
    """Make Saltmarsh Terminals in an empty data directory: advisories, roster, lockfiles, a deploy, and a first look at each service."""
    advisories.load([places.advisories(), places.known_exploited()], by=BY)
    roster_services.apply_roster(places.roster().read_text(encoding="utf-8"), by=BY, where="the sample company's roster.toml")
    writer.write(lambda: state.put("company", "sample"), name="sample.company")
    changes.record_change(
        by=Actor("person", OWNER, "deploys"),
        summary="Deploy 4112 of berth-board: merged kiosk-2025, a branch from before the fix",
        source="deploys",
        kind="deploy",
        targets=["service:berth-board"],
        occurred_at=clock.now() - timedelta(minutes=3),
    )
    home = settings().data / "examples"
    shutil.copytree(places.examples(), home, dirs_exist_ok=True)
    for folder in sorted(path for path in home.iterdir() if path.is_dir()):
        source = scan_services.watch_path(folder, service=folder.name, by=BY, repo=f"saltmarsh/{folder.name}", branch="main")
        scan_services.check_now(source, by=BY)


def _require_sample() -> None:
    if state.get("company") != "sample":
        raise conflict("This is not the sample company, so nothing in it is played.", "Use the real thing: it is all there.")


def forward(minutes: int, *, by: Actor) -> datetime:
    """Move the sample company's clock on and let everything that became due happen; the new time. At most a day at once."""
    _require_sample()
    step = timedelta(minutes=minutes)
    if not timedelta(0) < step <= LONGEST_STEP:
        raise conflict("The clock moves forward, by at most 24 hours at once.", "Choose between 1 and 1440 minutes.")

    def move() -> None:
        writer.wake(workers.CLOCK)
        state.put("clock_offset", str((clock.offset() + step).total_seconds()))
        text = f"Nobody answered: {_called(by)} moved the sample's clock on by {minutes} min"
        writer.audit(by, "sample.clock_moved", "company:sample", body={"minutes": minutes}, private={"text": text})

    writer.write(move, name="sample.forward")
    clock.forward(step)
    loop.run_turns()
    return clock.now()


def upgrade_and_rescan(finding_id: int, *, by: Actor) -> str:
    """Do what the owner would: raise the package in the lockfile, deploy, say so, and look again; a sentence of what that look found."""
    _require_sample()
    detail = findings.finding(finding_id)
    source = scans.source_of_service(detail.service)
    if source is None or not detail.fixed:
        raise not_found("upgrade for finding", str(finding_id))
    target = detail.upgrade_to
    _raise_in_lockfile(Path(source.path) / detail.place.manifest, detail.package, target)
    changes.record_change(
        by=by,
        summary=f"Deploy 4113 of {detail.service}: {detail.package} {target}",
        source="deploys",
        kind="deploy",
        targets=[f"service:{detail.service}"],
    )
    finding_services.claim_fix(finding_id, by=by)
    return f"Upgraded and looked again: {scan_services.check_now(source.id, by=by).sentence}"


def _called(by: Actor) -> str:
    return roster.person(by.name).name if by.kind == "person" else "somebody"


def _raise_in_lockfile(file: Path, package: str, version: str) -> None:
    """Write `version` for `package` into a package-lock.json, as `npm install --save-exact` would."""
    if file.name != "package-lock.json":
        raise conflict(
            f"The sample only knows how to upgrade in package-lock.json, not in {file.name}.", "Edit the file and press Check now."
        )
    lock: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    entry = lock["packages"].get(f"node_modules/{package}")
    if entry is None:
        raise not_found("package in the lockfile", package)
    entry["version"] = version
    entry.pop("integrity", None)
    if "resolved" in entry:
        entry["resolved"] = f"https://registry.example/{package}/-/{package.rsplit('/', 1)[-1]}-{version}.tgz"
    root = lock["packages"].get("", {})
    for group in ("dependencies", "devDependencies"):
        if package in root.get(group, {}):
            root[group][package] = version
    file.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


def start_own_company(*, by: Actor) -> str:
    """Leave the sample for an empty company in a directory of its own; the path of the set-up link that works after the restart.

    The sample's directory stays as it is, and its trail keeps this step. The caller restarts the server.
    """
    _require_sample()
    if settings().database_url:
        detail = "The sample company has this PostgreSQL database, and one database holds one company."
        raise conflict(detail, "Make an empty database, set database_url to it, and start again.")
    token = ids.new_secret()
    mark.promise(settings().data, token)
    writer.write(lambda: writer.audit(by, "sample.left", "company:sample"), name="sample.left")
    return f"/welcome/{token}"
