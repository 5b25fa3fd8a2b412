"""Units and scale words, each spelling mapped to one name, so that 7,200 m² and 7,200 square metres agree."""

from __future__ import annotations

_UNIT_SPELLINGS = {
    "%": "% percent per_cent pct prozent procent pourcent porcentaje percentuale procent",
    "‰": "‰ permille",
    "$": "$ usd dollar dollars",
    "€": "€ eur euro euros",
    "£": "£ gbp pound_sterling quid",
    "¥": "¥ jpy yen cny yuan rmb",
    "chf": "chf franc francs franken",
    "kr": "sek nok dkk kronor kroner",
    "km": "km kilometre kilometres kilometer kilometers",
    "mile": "mi mile miles",
    "m": "m metre metres meter meters mètre mètres metro metros",
    "cm": "cm centimetre centimetres centimeter centimeters",
    "mm": "mm millimetre millimetres millimeter millimeters",
    "ft": "ft foot feet",
    "m2": "m2 m² sqm square_m square_metre square_metres square_meter square_meters quadratmeter qm",
    "m3": "m3 m³ cubic_m cubic_metre cubic_metres cubic_meter cubic_meters kubikmeter",
    "ft2": "sqft square_ft square_foot square_feet",
    "ha": "ha hectare hectares hektar",
    "acre": "acre acres",
    "kg": "kg kilo kilos kilogram kilograms kilogramme kilogrammes",
    "g": "gram grams gramme grammes",
    "tonne": "t tonne tonnes ton tons tonnen",
    "lb": "lb lbs pound pounds",
    "litre": "litre litres liter liters",
    "gallon": "gal gallon gallons",
    "kw": "kw kilowatt kilowatts",
    "mw": "mw megawatt megawatts",
    "gw": "gw gigawatt gigawatts",
    "kwh": "kwh",
    "mwh": "mwh",
    "gwh": "gwh",
    "°c": "°c celsius",
    "°f": "°f fahrenheit",
    "second": "second seconds sec secs sekunden secondes segundos",
    "minute": "min mins minute minutes minuten minutos minuti",
    "hour": "h hr hrs hour hours stunde stunden heure heures hora horas ore",
    "day": "day days tag tage tagen jour jours día días dia dias giorni",
    "week": "week weeks woche wochen semaine semaines semana semanas settimane",
    "month": "month months monat monate monaten mois mes meses mesi",
    "year": "year years jahr jahre jahren ans année années año años anni",
    "person": "people persons employees employee staff workers colleagues headcount mitarbeiter mitarbeitende "
    "mitarbeitenden beschäftigte salariés employés empleados dipendenti medewerkers",
    "pallet": "pallet pallets palette paletten palettes palés palet bancali",
    "times": "x times",
    "gb": "gb gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
}


def _folded(spelling: str) -> str:
    from miniatures.checks.words import fold

    return fold(spelling.replace("_", " "))


UNITS: dict[str, str] = {
    _folded(spelling): name for name, spellings in _UNIT_SPELLINGS.items() for spelling in spellings.split()
}
"""Folded spelling -> unit name."""

SCALES: dict[str, float] = {
    **dict.fromkeys(["hundred", "hundreds"], 1e2),
    **dict.fromkeys(
        ["k", "thousand", "thousands", "tsd", "tausend", "mille", "mil", "mila", "duizend", "tusen", "tusind"], 1e3
    ),
    **dict.fromkeys(["lakh", "lakhs"], 1e5),
    **dict.fromkeys(
        [
            "m",
            "mn",
            "mln",
            "mio",
            "million",
            "millions",
            "millionen",
            "millionaire",
            "millones",
            "milhoes",
            "milioni",
            "miljoen",
            "miljoner",
            "mln",
        ],
        1e6,
    ),
    **dict.fromkeys(["crore", "crores"], 1e7),
    **dict.fromkeys(
        [
            "b",
            "bn",
            "billion",
            "billions",
            "mrd",
            "milliarde",
            "milliarden",
            "milliard",
            "milliards",
            "miljard",
            "miliardi",
        ],
        1e9,
    ),
}
"""Folded word or suffix after a number -> what it multiplies by."""
