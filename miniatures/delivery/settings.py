"""The `send:` part of a campaign, for whatever cannot do without it."""

from __future__ import annotations

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.send_settings import SendSettings
from miniatures.inputs.campaign import LoadedCampaign

_EXAMPLE = """\
Add this to it, with your own servers; `miniatures doctor` then looks at them:

send:
  mailboxes:
    first:
      address: {address}
      smtp: {{host: smtp.{domain}, login: {{user: {address}, password: SMTP_PASSWORD}}}}
      inbox: {{host: imap.{domain}, login: {{user: {address}, password: IMAP_PASSWORD}}}}

SMTP_PASSWORD and IMAP_PASSWORD are names of environment variables."""


def required_settings(loaded: LoadedCampaign) -> SendSettings:
    """How the campaign's emails leave.

    Raises:
        InputError: its file does not say; the hint has what to add.
    """
    if loaded.campaign.send is not None:
        return loaded.campaign.send
    address = loaded.brief.sender.email
    hint = _EXAMPLE.format(address=address, domain=address.rpartition("@")[2])
    raise InputError(f"{loaded.path.name} has no `send:`, so none of its emails can leave", hint=hint)
