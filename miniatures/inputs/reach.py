"""What a campaign reaches beyond its own folder, in words that a person can say yes or no to.

A campaign that comes from somebody else may use what lies in its folder, the search providers by name, the miniatures
and weights of this machine, and servers on loopback. Whatever else it names is listed here, links followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from miniatures.datamodel.redaction import without_secret_values, without_secrets
from miniatures.datamodel.send_settings import InboxSettings, Login, Mailbox, Tls
from miniatures.datamodel.store_url import sqlite_path
from miniatures.inputs.places import CampaignPlaces

_LOOPBACK_ALLOWED = re.compile(r"127(\.\d{1,3}){3}(/(8|9|[12]\d|3[0-2]))?(:\d+)?|::1|\[::1\](:\d+)?")
_LOOPBACK_ADDRESS = re.compile(
    r"(http|ws)s?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?([/?][!-~]*)?", re.IGNORECASE
)
_LOOPBACK_HOST = re.compile(r"localhost|127(\.\d{1,3}){3}|::1|\[::1\]", re.IGNORECASE)
_IN_PROCESS = ("local", "openvino", "llamacpp", "transformers")


def reach_of(places: CampaignPlaces) -> tuple[str, ...]:
    """Each thing once, such as `reads /srv/list.csv`; empty for a campaign that keeps to itself."""
    found = (*_files_read(places), *_files_written(places), *_hosts(places), *_backends(places), *_mail(places))
    return tuple(dict.fromkeys(map(_printable, found)))


def _files_read(places: CampaignPlaces) -> Iterator[str]:
    settings = places.campaign
    read = [places.resolve(settings.brief), places.prospects_path]
    kind, _, rest = settings.search.use.strip().partition(":")
    if kind == "local" and rest:
        read.append(places.resolve(rest))
    arms = (places.resolve(arm.prompts) for arm in settings.arms.values() if arm.prompts is not None)
    for folder in (*([places.prompts_folder] if places.prompts_folder else []), *arms):
        read += [folder, *(path.resolve() for path in folder.glob("*.jinja"))]
    return (f"reads {path}" for path in read if not _inside(path, places.folder))


def _files_written(places: CampaignPlaces) -> Iterator[str]:
    """Results, and the links that lie where a run writes."""
    work = places.work_folder.resolve()
    written = [work]
    if _inside(work, places.folder):  # Of a folder elsewhere nothing is read, not even what lies in it.
        written += [path.resolve() for path in _links(work)]
    store = sqlite_path(places.store_url)
    if store is None:
        yield f"keeps its results in the database {without_secrets(places.store_url)}"
    else:
        written.append(Path(store).resolve())
    yield from (f"writes {path}" for path in written if not _inside(path, places.folder))


def _links(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if (path := Path(parent) / name).is_symlink():
                yield path


def _hosts(places: CampaignPlaces) -> Iterator[str]:
    kind, _, address = places.campaign.search.use.strip().partition(":")
    if kind != "local":
        yield from _connects(address)
    for allowed in places.campaign.fetch.allow:
        if not _LOOPBACK_ALLOWED.fullmatch(allowed.strip()):
            yield f"fetches from the private network {allowed}"


def _backends(places: CampaignPlaces) -> Iterator[str]:
    for settings in places.campaign.backends.values():
        kind, _, rest = settings.use.strip().partition(":")
        if kind == "litellm":
            yield f"asks {rest.strip().partition('/')[0]} with your API key and at your cost"
        elif kind in _IN_PROCESS:
            yield from _model_files(kind, rest, places.folder)
        else:
            yield from _connects(rest.partition("#")[0])


def _model_files(kind: str, rest: str, folder: Path) -> Iterator[str]:
    """Weights and adapters are named from the current folder, as on the command line."""
    base, _, adapter = rest.partition("+")
    path = Path(base).expanduser()
    if base.endswith(".gguf") or path.exists():
        named = [path]
    else:
        named = []
        if kind == "transformers":
            yield f"loads the model {base} from Hugging Face"
    named += [Path(adapter).expanduser()] if adapter else []
    yield from (f"reads {one.resolve()}" for one in named if not _inside(one.resolve(), folder))


def _mail(places: CampaignPlaces) -> Iterator[str]:
    """Servers of mail, the variables whose values they are given, and files beyond the folder."""
    sending = places.campaign.send
    if sending is None:
        return
    for box in sending.mailboxes.values():
        yield from _leaves(box)
        if box.inbox is not None:
            yield from _comes_home(box.inbox)
        paths = map(places.resolve, _files_of(box))
        yield from (f"reads {path}" for path in paths if not _inside(path, places.folder))
    if sending.tracking is not None and not _LOOPBACK_ADDRESS.fullmatch(sending.tracking.url):
        yield f"sends readers who click or opt out to {_shown(sending.tracking.url)}"


def _files_of(box: Mailbox) -> Iterator[Path]:
    files = [box.smtp.ca_file]
    if box.inbox is not None:
        files += [box.inbox.ca_file, box.inbox.maildir]
    if box.dkim is not None:
        files.append(box.dkim.key)
    yield from (path for path in files if path is not None)


def _leaves(box: Mailbox) -> Iterator[str]:
    server = box.smtp
    if server.login is not None or not _LOOPBACK_HOST.fullmatch(server.host):
        how = f"{_open(server.tls)} through {server.host}:{server.port} as {box.address}"
        yield f"sends mail{how}{_password(server.login)}"


def _comes_home(inbox: InboxSettings) -> Iterator[str]:
    if inbox.host and inbox.login is not None:
        how = f"{_open(inbox.tls)} at {inbox.host}:{inbox.port}"
        yield f"reads the mailbox {inbox.login.user}{how}{_password(inbox.login)}"


def _open(tls: Tls) -> str:
    return " unencrypted" if tls is Tls.NONE else ""


def _password(login: Login | None) -> str:
    return "" if login is None else f", with the password in the environment variable {login.password}"


def _connects(address: str) -> Iterator[str]:
    if "//" in address and not _LOOPBACK_ADDRESS.fullmatch(address):
        yield f"connects to {_shown(address)}"


def _inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder.resolve())


def _shown(address: str) -> str:
    """The address without its secrets. A person allows a host: what stands before an @ behind it is no user's name."""
    return without_secret_values(re.sub(r"//[^/?#]*@", "//", address).replace("@", "%40"))


def _printable(text: str) -> str:
    """The words of a campaign file, unable to steer a terminal or to hide what they say."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
