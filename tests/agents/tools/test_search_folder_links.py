"""A folder of documents gives what lies in it, wherever its links lead."""

from __future__ import annotations

from pathlib import Path

from miniatures.agents.tools.search.base import SearchQuery
from miniatures.agents.tools.search.folder import FolderSearch


async def test_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("A secret depot was opened in Kingsbeck this week, and nobody knows of it.")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "news.txt").write_text("Northmill opened a depot in Exampletown in January this year.")
    (tmp_path / "pages" / "linked.txt").symlink_to(tmp_path / "diary.txt")
    with (tmp_path / "pages" / "hole.txt").open("wb") as sparse:
        sparse.truncate(1 << 40)
    query = SearchQuery(text="depot", company="Northmill", website="", signal="new_site")
    found = await FolderSearch(tmp_path / "pages").search(query, 5)
    assert [hit.page.url.rsplit("/", 1)[-1] for hit in found.hits if hit.page] == ["news.txt"]
    assert "linked.txt: unreadable it is a link out of the folder" in found.detail
    assert "hole.txt: unreadable it is larger than 50 MB" in found.detail
