"""Six tiny sites of fictional companies. No page shares a word with a query: not the company's name, nor a signal's."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.prospect import Prospect

TINY_SITES = {
    ("Kelder & Zoon BV", "kelderzoon.example"): {
        "index.html": "<p>Welcome. Three brothers smoke eel by hand in the harbour of Urk.</p>"
        "<a href=/nieuws.html>more</a>",
        "nieuws.html": "<p>Since Monday a fourth smoking oven stands in the yard, twice as deep as the others.</p>",
    },
    ("Hallström Bryggeri AB", "hsbryggeri.example"): {
        "index.html": "<p>Our beer rests for nine weeks. <a href=/tapproom>Visit us</a> on Saturdays from noon.</p>",
        "tapproom/index.html": "<p>The taproom got forty more seats this spring, and a kitchen of its own.</p>",
    },
    ("Oyarzun Conservas SL", "oyarzun.example"): {
        "index.html": "<p>Anchovies salted for ten months.</p><a href=equipo.html>x</a><a href=hoy.html>y</a>",
        "equipo.html": "<p>Twenty-two people clean every fillet by hand, most of them for decades.</p>",
        "hoy.html": "<p>On 4 May the second boat of the family went out for the first time.</p>",
    },
    ("Brigg Vale Dairy Ltd", "briggvale.example"): {
        "index.html": "<p>Milk from one herd, bottled before seven each morning.</p><a href=/diary>Diary</a>",
        "diary/index.html": "<p>May: the steel pasteurizer runs, and for once nobody had to wait for steam.</p>",
    },
    ("Tarr & Pelham LLP", "tarrpelham.example"): {
        "index.html": "<p>We mend clocks. <a href='/bench'>At the bench</a> you may watch.</p>",
        "bench/index.html": "<p>A third bench was set up in April because the tower clocks took the other two.</p>",
    },
    ("Pulau Rempah Sdn Bhd", "pulaurempah.example"): {
        "index.html": "<p>Nutmeg and mace, dried in the sun, packed in paper.</p><a href=/kabar.html>Kabar</a>",
        "kabar.html": "<p>From June the spice boat calls twice a week instead of once in a fortnight.</p>",
    },
}


def write_site(folder: Path, host: str, pages: dict[str, str]) -> None:
    """Lay the pages out as the site server and a folder search read them."""
    for name, body in pages.items():
        path = folder / host / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<html><head><title>Start</title></head><body>{body}</body></html>", encoding="utf-8")


def someone_at(company: str, host: str) -> Prospect:
    return Prospect(email=f"kim@{host}", company=company, first_name="Kim", website=f"http://{host}/")
