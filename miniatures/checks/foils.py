"""Quotes of companies that do not exist, one for each usual kind of news: the swap test's stand-ins."""

from __future__ import annotations

from miniatures.datamodel.evidence import Quote

_QUOTES = {
    "expansion": "Varnholt Foods opened a 4,350 square metre cold store in Bremerhaven with 16 loading docks.",
    "hiring": "Ostrava Bearings is hiring 85 maintenance technicians for its plant in Kunovice this spring.",
    "funding": "Lumenary Health closed a $23 million Series B round led by Pinecrest Capital.",
    "launch": "Tidewell Robotics launched Harrow, a pallet picker that lifts 640 kg, at its Antwerp show floor.",
    "certification": "Castellane Dairy received ISO 22000 certification for all of its creameries in Savoie.",
    "leadership": "Marta Okonjo joins Fenwick Paper as chief operating officer after 11 years at a packaging group.",
    "partnership": "Brightwater Rail signed a nine-year freight agreement with the port of Gdynia.",
    "sustainability": "Kestrel Breweries wants to cut the energy use of its cellars by 31 percent before 2029.",
    "acquisition": "Aldermoor Logistics acquired the chilled haulage arm of Pellin Freight for 58 million euros.",
    "award": "Solvang Seafood was named exporter of the year by the chamber of commerce in Tromso.",
}

FOILS: tuple[Quote, ...] = tuple(Quote(quote=quote, signal=signal) for signal, quote in _QUOTES.items())
