"""`miniatures doctor`: whether a campaign's emails can leave, arrive and be answered, before any does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import console, count, plain, print_json
from miniatures.datamodel.errors import ExitCode, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from miniatures.delivery.doctor.dns import Dns
    from miniatures.delivery.doctor.finding import Finding
    from miniatures.delivery.doctor.patient import Patient

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red", "could not be checked": "magenta"}
_WIDEST = max(map(len, _STYLES))


def doctor(
    campaign: CampaignPath,
    dns: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS[:PORT]", help="Ask this DNS server; may be given several times."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for each check.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Check brief, servers, DNS records, inbox and opt-out before anything is sent. Nothing is sent by it.

    Exit code 0 means that every check ran and none found a problem; warnings alone do not change it.
    """
    import asyncio

    from miniatures.delivery.doctor.examine import examine

    findings = asyncio.run(examine(_patient(campaign, dns or [], timeout)))
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in findings])
    else:
        _show(findings)
    if _is_held_up(findings):
        raise typer.Exit(ExitCode.GATE_FAILED)


def _patient(campaign: Path, servers: Sequence[str], timeout_s: float) -> Patient:
    import os

    from miniatures.delivery.doctor.patient import Patient
    from miniatures.delivery.settings import required_settings
    from miniatures.delivery.tokens import Tokens
    from miniatures.inputs.campaign import load_campaign
    from miniatures.store.home_secret import home_secret

    loaded = load_campaign(campaign)
    return Patient(
        brief=loaded.brief,
        settings=required_settings(loaded),
        folder=loaded.folder,
        environment=os.environ,
        tokens=Tokens(home_secret()),
        dns=_dns(servers, timeout_s),
        timeout_s=timeout_s,
    )


def _dns(servers: Sequence[str], timeout_s: float) -> Dns:
    """One port for all: the DNS is asked on another than 53 in trials only."""
    from ipaddress import ip_address

    from miniatures.delivery.doctor.dns import Dns

    addresses, port = [], 53
    for server in servers:
        address, colon, named = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        try:
            addresses.append(str(ip_address(address)))
            port = int(named) if colon else port
        except ValueError as error:
            hint = "Write it as 192.0.2.53 or 192.0.2.53:5353."
            raise InputError(f"--dns {server} is no IP address", hint=hint) from error
    return Dns(addresses, port=port, timeout_s=timeout_s / 2)


def _show(findings: Sequence[Finding]) -> None:
    screen = console()
    for finding in findings:
        label = f"[{_STYLES[finding.outcome]}]{finding.outcome:<{_WIDEST}}[/]"
        screen.print(f"{label}  {plain(finding.about)}: {plain(finding.told)}", soft_wrap=True)
        if finding.advice:
            screen.print(f"{'':<{_WIDEST}}  [dim]{plain(finding.advice)}[/]", soft_wrap=True)
    screen.print()
    screen.print(_summary(findings))


def _summary(findings: Sequence[Finding]) -> str:
    from collections import Counter

    number = Counter(finding.outcome.value for finding in findings)
    told = [count(number["problem"], "problem"), count(number["warning"], "warning")]
    if number["could not be checked"]:
        told.append(f"{number['could not be checked']:,} could not be checked, which is no pass")
    return f"{count(len(findings), 'line')}: {', '.join(told)}"


def _is_held_up(findings: Sequence[Finding]) -> bool:
    from miniatures.delivery.doctor.finding import Outcome

    return any(finding.outcome in (Outcome.PROBLEM, Outcome.UNCHECKED) for finding in findings)
