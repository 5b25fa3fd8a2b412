"""MX (RFC 5321, RFC 7505): whether replies and bounces have somewhere to go."""

from __future__ import annotations

from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning


async def check_mx(domain: str, dns: Dns) -> Finding:
    """The servers that take mail for the domain.

    Raises:
        CouldNotLook: the DNS did not answer.
    """
    about = f"MX of {domain}"
    advice = "Replies and bounces would be lost: add the MX record that your mail provider gives."
    servers = await dns.mail_servers(domain)
    if any(server.host == "" for server in servers):
        return problem(about, "the domain says that it takes no mail (null MX)", advice)
    if not servers:
        if await dns.addresses(domain):
            return warning(about, "there is no MX record, only the address of the domain itself", advice)
        return problem(about, "no server takes mail for it", advice)
    reachable = [server.host for server in servers if await dns.addresses(server.host)]
    if not reachable:
        return problem(about, f"{servers[0].host} has no address", advice)
    return ok(about, ", ".join(reachable[:3]))
