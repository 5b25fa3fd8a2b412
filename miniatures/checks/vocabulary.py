"""Words that may stand capitalized in an English email without being anybody's name.

A capital at the start of a sentence or in a headline does not say whether the word is a name. A word that is in this
list, or that ends as common words do, is taken for an ordinary one there; any other must be carried by a source.
"""

from __future__ import annotations

from miniatures.checks.word_list import word_set

NEVER_NAMES = word_set(
    """
    i i'm i'd i'll i've mr mrs ms miss mx dr prof sir madam hi hello dear hey best regards kind warm warmest
    thanks thank sincerely cheers yours ps p.s fyi asap ok okay rsvp re fw pdf faq q&a am pm monday tuesday
    wednesday thursday friday saturday sunday herr frau monsieur madame señor señora sr sra srta sig signor
    signora dott gruß grüße cordialement saludos saluti
    """
)

COMMON_WORDS = word_set(
    """
    a able about above accept access account across act action active add added address adds advance advice
    after again against age agree ahead aim all allow almost alone along already also although always am among
    amount an and another answer any anyone anything apart apply approach are area around as ask asked at
    attached audit available average away back bad base based basis be because become been before began begin
    behind being believe below benefit best better between beyond big bill bills book both bottom break bring
    brings brought budget build built busy but buy by call calls came can cannot capacity card care case cases
    cause centre center certain chance change changes charge chat cheap check choice choose city class clean
    clear client clients close cloud cold come comes common company companies compare complete concern contact
    content continue contract control cool copy core cost costs could couple course cover create crew current
    customer customers cut cuts daily data date day days deal dear deep delay deliver demand demo depth design
    detail did differ different direct do does done door doors double down draft drive drop due during each
    earlier early ease easier easy eight either else email end energy engine enjoy enough entire equal even
    ever every everyone everything exact example expand expect expert export extra face fact facts factory
    fair fall far fast faster feel feet few field figure file fill final find fine firm first fit five fix
    fleet floor flow focus folks follow food for form forward found four free freezer frequent fresh from
    front full fully fund further future gain general get gets give given glad go goal goes going good got
    great ground group grow grows growth guess guide had half hand handle happen happy hard has have having he
    head health hear heard heat held help helps her here high higher him his hold home hope host hot hour
    hours how however huge idea ideas if impact import in inbox include industry inside instead into invest is
    issue it item its it's join just keep keeps kept key kind know known labor labour large last late later
    launch law lead leader leaders leads learn least leave left less let let's letter level life light like
    likely limit line lines link list little live load loads local lock long look looks lose loss lot lots
    love low lower made main major make makes manage manager many map mark market match matter may maybe me
    mean means meet meets member mention method might mile mind minute minutes miss mode model modern money
    month months more morning most mostly move moves much must my name near nearby need needs network never
    new news next nice night nine no none nor normal not note notes nothing notice now number of off offer
    offers office often old on once one online only onto open opened opens option options or order orders
    other others our ours out over own owner pace page paid part partner parts pass past pay peak people per
    perhaps pick piece place plan plans plant please plenty point points policy pool power press price prices
    print prior process product products project proper prove public pull purpose push put quarter question
    quick quickly quiet quite quote race raise range rate rates rather reach read reads ready real really
    reason recent record reduce region regular rely remain remote rent reply report rest result results return
    review rise risk road role room route routes rule run runs safe said sale sales same save saves say says
    scale school scope score screen search season seat second secure see seek seem seems seen self sell send
    sense sent series serve service services set seven several shape share she shift ship shop short should
    show shows side sign signal similar simple simply since single site sites six size skip sleep slot slow
    small smart smooth so soft software solid some someone something soon sort sound source space speak
    special speed spend spot staff stage stand standard start starts state stay stays steady step steps still
    stock stop storage store stores story strategy street strong study style subject such suit supply support
    sure switch system systems take takes talk target task tasks tax team teams tech tell ten term terms test
    text than that that's the their them then there there's these they thing things think third this those
    though thought three through thus tight time times tip to today together told tomorrow too took tool tools
    top total touch tough toward town track trade traffic train transit trial truck trucks true trust try turn
    two type unit units until up update upon upper us use used useful user users uses usual value various very
    via view visit wait walk want wants warehouse was waste watch water way ways we web week weeks weight
    welcome well we'd we'll we're we've went were what what's when where where's whether which while who who's
    whole whose why wide will win wish with within without won wonder word words work works world worth would
    write wrong year years yes yet you you'd you'll you're you've young your yours zero congrats
    congratulations cc ai
    """
)

COMMON_ENDINGS = (
    "ing", "ed", "ly", "tion", "tions", "sion", "sions", "ment", "ments", "ness", "ity", "ities", "ance", "ence", "ful",
    "less", "ive", "able", "ible", "ous", "ship", "ism", "ize", "ise", "izes", "ises", "al", "ary", "ency", "ancy",
)  # fmt: skip


def is_ordinary(word: str) -> bool:
    """Whether a folded English word may stand capitalized at the start of a sentence without being a name."""
    return word in COMMON_WORDS or (len(word) > 5 and word.endswith(COMMON_ENDINGS))
