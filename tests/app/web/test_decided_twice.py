"""One page is good for one decision: the same one sent again is acknowledged, and another one is not."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from miniatures.app.web.desks import Desks
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import Sessions
from tests.app.web.desk_campaign import write_campaign
from tests.app.web.entered import browser, let_in


def opened(client: TestClient) -> tuple[str, dict[str, str]]:
    """The draft that is next, and what its forms carry."""
    address = client.get("/c/desk/review").headers["location"]
    return address, dict(re.findall(r'name="(csrf|id|text_hash|seen)" value="([^"]*)"', client.get(address).text))


def test_a_page_that_is_sent_twice_is_one_decision(tmp_path: Path) -> None:
    site = Site(Desks([write_campaign(tmp_path / "desk", 3).path]), Sessions())
    with browser(site) as client:
        let_in(client, site)
        address, fields = opened(client)
        headers = {"X-Background": "1"}
        for _ in range(2):
            assert client.post(f"{address}/accept", data=fields, headers=headers).json() == {"kept": "accept"}
        other = client.post(f"{address}/reject", data={**fields, "reason": "generic"}, headers=headers)
        assert other.status_code == 409 and "with another decision" in other.headers["x-error"]
        elsewhere, its_fields = opened(client)
        borrowed = client.post(f"{elsewhere}/accept", data={**its_fields, "id": fields["id"]}, headers=headers)
        assert borrowed.status_code == 409 and elsewhere != address
        assert [(one.id, one.action.value) for one in site.desks["desk"].store.reviews("desk")] == [
            (fields["id"], "accept")
        ]


def test_words_of_any_characters_are_the_same_decision(tmp_path: Path) -> None:
    site = Site(Desks([write_campaign(tmp_path / "desk", 3).path]), Sessions())
    said = {"comment": " a\x00b\u2028\r\nc\U0010ffff\x7f ", "reason": "other"}
    written = {"subject": "s\x00\u2028 ", "body": " b\r\nc\u202e\n", "anyway": "true"}
    with browser(site) as client:
        let_in(client, site)
        for action, words in (("reject", said), ("edit", written)):
            address, fields = opened(client)
            read = client.post(f"{address}/check", data=fields | words).text if action == "edit" else ""
            fields["checked"] = "".join(re.findall(r'name="checked" value="([^"]*)"', read))
            for _ in range(2):
                reply = client.post(f"{address}/{action}", data=fields | words, headers={"X-Background": "1"})
                assert reply.json() == {"kept": action}
