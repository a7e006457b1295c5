"""Dates as said: which days they mean, and which words are no dates."""

from __future__ import annotations

from datetime import date

import pytest

from extractors.dates import (
    find_dates,
    find_fiscal_year_start,
)
from tests.said import CALL, one_date

ENGLISH = [
    # words, first day, last day, kind
    pytest.param("by the end of Q1", "2025-03-01", "2025-03-31", "quarter", id="end of Q1"),
    pytest.param("Q3", "2025-07-01", "2025-09-30", "quarter", id="Q3"),
    pytest.param("Q1 next year", "2026-01-01", "2026-03-31", "quarter", id="Q1 next year"),
    pytest.param("in Q4 of 2026", "2026-10-01", "2026-12-31", "quarter", id="Q4 of 2026"),
    pytest.param("3Q26", "2026-07-01", "2026-09-30", "quarter", id="3Q26"),
    pytest.param("the third quarter", "2025-07-01", "2025-09-30", "quarter", id="third quarter"),
    pytest.param("early Q2", "2025-04-01", "2025-04-30", "quarter", id="early Q2"),
    pytest.param("mid Q2", "2025-05-01", "2025-05-31", "quarter", id="mid Q2"),
    pytest.param("late Q2", "2025-06-01", "2025-06-30", "quarter", id="late Q2"),
    pytest.param("next quarter", "2025-04-01", "2025-06-30", "quarter", id="next quarter"),
    pytest.param("this quarter", "2025-01-01", "2025-03-31", "quarter", id="this quarter"),
    pytest.param("before quarter end", "2025-03-01", "2025-03-31", "quarter", id="quarter end"),
    pytest.param(
        "the last quarter of the year", "2025-10-01", "2025-12-31", "quarter", id="last q"
    ),
    pytest.param("Q2 or Q3", "2025-04-01", "2025-09-30", "quarter", id="Q2 or Q3"),
    pytest.param("first half", "2025-01-01", "2025-06-30", "half", id="first half"),
    pytest.param("H2", "2025-07-01", "2025-12-31", "half", id="H2"),
    pytest.param(
        "in the back half of the year", "2025-07-01", "2025-12-31", "half", id="back half"
    ),
    pytest.param("first half of next year", "2026-01-01", "2026-06-30", "half", id="half of next"),
    pytest.param(
        "second half of 2026 at the earliest", "2026-07-01", "2026-12-31", "half", id="half of 2026"
    ),
    pytest.param("in March", "2025-03-01", "2025-03-31", "month", id="in March"),
    pytest.param("by March", "2025-03-01", "2025-03-31", "month", id="by March"),
    pytest.param("by the end of March", "2025-03-21", "2025-03-31", "month", id="end of March"),
    pytest.param("before March", "2025-02-12", "2025-02-28", "month", id="before March"),
    pytest.param(
        "before the end of March", "2025-03-21", "2025-03-31", "month", id="before the end"
    ),
    pytest.param("not before March", "2025-03-01", "2025-03-31", "month", id="not before"),
    pytest.param("after March", "2025-04-01", "2025-04-30", "month", id="after March"),
    pytest.param("in January", "2026-01-01", "2026-01-31", "month", id="month that has passed"),
    pytest.param("in February", "2025-02-01", "2025-02-28", "month", id="month of the call"),
    pytest.param("mid-July", "2025-07-11", "2025-07-20", "month", id="mid-July"),
    pytest.param("early June", "2025-06-01", "2025-06-10", "month", id="early June"),
    pytest.param("end of June", "2025-06-21", "2025-06-30", "month", id="end of June"),
    pytest.param("in May", "2025-05-01", "2025-05-31", "month", id="in May"),
    pytest.param("by may", "2025-05-01", "2025-05-31", "month", id="by may in lower case"),
    pytest.param("March next year", "2026-03-01", "2026-03-31", "month", id="March next year"),
    pytest.param(
        "next year in March", "2026-03-01", "2026-03-31", "month", id="next year in March"
    ),
    pytest.param("September 2026", "2026-09-01", "2026-09-30", "month", id="September 2026"),
    pytest.param("between April and June", "2025-04-01", "2025-06-30", "month", id="between"),
    pytest.param("March to May", "2025-03-01", "2025-05-31", "month", id="March to May"),
    pytest.param("end of the month", "2025-02-21", "2025-02-28", "month", id="end of the month"),
    pytest.param("next month", "2025-03-01", "2025-03-31", "month", id="next month"),
    pytest.param("in Sept", "2025-09-01", "2025-09-30", "month", id="in Sept"),
    pytest.param("in three weeks", "2025-03-05", "2025-03-05", "relative", id="in three weeks"),
    pytest.param("within ninety days", "2025-02-12", "2025-05-13", "relative", id="within 90 days"),
    pytest.param("in a year and a half", "2026-08-12", "2026-08-12", "relative", id="1.5 years"),
    pytest.param("in half a year", "2025-08-12", "2025-08-12", "relative", id="half a year"),
    pytest.param("six months from now", "2025-08-12", "2025-08-12", "relative", id="from now"),
    pytest.param("in a couple of weeks", "2025-02-26", "2025-02-26", "relative", id="a couple"),
    pytest.param(
        "in six to nine months", "2025-08-12", "2025-11-12", "relative", id="6 to 9 months"
    ),
    pytest.param("in 30-60 days", "2025-03-14", "2025-04-13", "relative", id="30-60 days"),
    pytest.param("in about two months", "2025-04-12", "2025-04-12", "relative", id="about two"),
    pytest.param(
        "in the next three months", "2025-02-12", "2025-05-12", "relative", id="next three"
    ),
    pytest.param(
        "over the next 90 days", "2025-02-12", "2025-05-13", "relative", id="next 90 days"
    ),
    pytest.param(
        "in ten business days", "2025-02-26", "2025-02-26", "relative", id="business days"
    ),
    pytest.param("next week", "2025-02-17", "2025-02-23", "relative", id="next week"),
    pytest.param(
        "by the end of next week", "2025-02-17", "2025-02-23", "relative", id="end of week"
    ),
    pytest.param("first week of April", "2025-04-01", "2025-04-07", "relative", id="first week"),
    pytest.param("tomorrow", "2025-02-13", "2025-02-13", "relative", id="tomorrow"),
    pytest.param("next Friday", "2025-02-21", "2025-02-21", "exact", id="next Friday"),
    pytest.param("by Friday", "2025-02-14", "2025-02-14", "exact", id="by Friday"),
    pytest.param(
        "the fifteenth of May", "2025-05-15", "2025-05-15", "exact", id="fifteenth of May"
    ),
    pytest.param("May fifteenth", "2025-05-15", "2025-05-15", "exact", id="May fifteenth"),
    pytest.param("June 30", "2025-06-30", "2025-06-30", "exact", id="June 30"),
    pytest.param("June 30th, 2026", "2026-06-30", "2026-06-30", "exact", id="June 30th, 2026"),
    pytest.param("30 June", "2025-06-30", "2025-06-30", "exact", id="30 June"),
    pytest.param("on the 15th", "2025-02-15", "2025-02-15", "exact", id="the 15th"),
    pytest.param("by the 10th", "2025-03-10", "2025-03-10", "exact", id="the 10th has passed"),
    pytest.param("Monday, March 3", "2025-03-03", "2025-03-03", "exact", id="weekday and day"),
    pytest.param("before September 1", "2025-02-12", "2025-08-31", "exact", id="before a day"),
    pytest.param("2025-06-30", "2025-06-30", "2025-06-30", "exact", id="iso"),
    pytest.param("by 5/6", "2025-05-06", "2025-06-05", "exact", id="5/6 may be either"),
    pytest.param("by 6/30", "2025-06-30", "2025-06-30", "exact", id="6/30 is not ambiguous"),
    pytest.param("31/12/2025", "2025-12-31", "2025-12-31", "exact", id="31/12/2025"),
    pytest.param("by 06/2026", "2026-06-01", "2026-06-30", "month", id="06/2026"),
    pytest.param("next year", "2026-01-01", "2026-12-31", "year", id="next year"),
    pytest.param("early next year", "2026-01-01", "2026-03-31", "year", id="early next year"),
    pytest.param("in 2027", "2027-01-01", "2027-12-31", "year", id="in 2027"),
    pytest.param("in twenty twenty-six", "2026-01-01", "2026-12-31", "year", id="year in words"),
    pytest.param("by year end", "2025-10-01", "2025-12-31", "year", id="year end"),
    pytest.param("later this year", "2025-10-01", "2025-12-31", "year", id="later this year"),
    pytest.param("before the year is out", "2025-10-01", "2025-12-31", "year", id="year is out"),
    pytest.param("the year after next", "2027-01-01", "2027-12-31", "year", id="year after next"),
    pytest.param("by the summer", "2025-06-01", "2025-08-31", "season", id="by the summer"),
    pytest.param("before the summer", "2025-02-12", "2025-05-31", "season", id="before the summer"),
    pytest.param("in the fall", "2025-09-01", "2025-11-30", "season", id="in the fall"),
    pytest.param("next spring", "2025-03-01", "2025-05-31", "season", id="next spring"),
    pytest.param("before Christmas", "2025-02-12", "2025-12-24", "event", id="before Christmas"),
    pytest.param("by Thanksgiving", "2025-11-27", "2025-11-27", "event", id="Thanksgiving"),
    pytest.param("after Easter", "2025-04-22", "2025-05-22", "event", id="after Easter"),
    pytest.param("in the new year", "2026-01-01", "2026-03-31", "year", id="in the new year"),
    pytest.param("before our renewal in March", "2025-03-01", "2025-03-31", "event", id="renewal"),
    pytest.param(
        "before our contract renews on September 1",
        "2025-02-12",
        "2025-08-31",
        "event",
        id="on a day",
    ),
    pytest.param("in the next fortnight", "2025-02-12", "2025-02-26", "relative", id="fortnight"),
    pytest.param("this coming Thursday", "2025-02-13", "2025-02-13", "exact", id="this coming"),
    pytest.param(
        "before we close the books in June", "2025-06-01", "2025-06-30", "event", id="books"
    ),
    pytest.param(
        "two quarters from now", "2025-08-12", "2025-08-12", "relative", id="2 quarters on"
    ),
    pytest.param("by Halloween", "2025-10-31", "2025-10-31", "event", id="Halloween"),
    pytest.param("tail end of October", "2025-10-21", "2025-10-31", "month", id="tail end"),
    pytest.param(
        "ahead of our audit on 12 January 2026", "2025-02-12", "2026-01-11", "event", id="audit"
    ),
    pytest.param("inside the next six weeks", "2025-02-12", "2025-03-26", "relative", id="inside"),
    pytest.param(
        "within the next two quarters", "2025-02-12", "2025-08-12", "relative", id="2 quarters"
    ),
    pytest.param("not until the fall", "2025-09-01", "2025-11-30", "season", id="not until"),
    pytest.param(
        "eighteen months from today", "2026-08-12", "2026-08-12", "relative", id="from today"
    ),
    pytest.param(
        "on the second of March", "2025-03-02", "2025-03-02", "exact", id="second of March"
    ),
    pytest.param("as soon as humanly possible", "2025-02-12", "2025-02-12", "asap", id="humanly"),
    pytest.param("ASAP", "2025-02-12", "2025-02-12", "asap", id="ASAP"),
    pytest.param("yesterday, ideally", "2025-02-11", "2025-02-11", "relative", id="yesterday"),
    pytest.param("yesterday ideally", "2025-02-12", "2025-02-12", "asap", id="yesterday ideally"),
]

FISCAL = [
    # words, first month of the fiscal year, first day, last day, kind
    pytest.param("end of Q1", 7, "2025-09-01", "2025-09-30", "quarter", id="end of Q1, July"),
    pytest.param("FY27 Q1", 7, "2026-07-01", "2026-09-30", "quarter", id="FY27 Q1"),
    pytest.param("Q1 FY27", 7, "2026-07-01", "2026-09-30", "quarter", id="Q1 FY27"),
    pytest.param("Q1 of fiscal 27", 7, "2026-07-01", "2026-09-30", "quarter", id="Q1 of fiscal 27"),
    pytest.param("in FY26", 7, "2025-07-01", "2026-06-30", "fiscal", id="FY26"),
    pytest.param(
        "fiscal year 2026", 7, "2025-07-01", "2026-06-30", "fiscal", id="fiscal year 2026"
    ),
    pytest.param(
        "end of our fiscal year", 7, "2025-04-01", "2025-06-30", "fiscal", id="end of ours"
    ),
    pytest.param(
        "next fiscal year", 7, "2025-07-01", "2026-06-30", "fiscal", id="next fiscal year"
    ),
    pytest.param(
        "before the new fiscal year", 7, "2025-02-12", "2025-06-30", "fiscal", id="before the new"
    ),
    pytest.param("this quarter", 2, "2025-02-01", "2025-04-30", "quarter", id="quarter from Feb"),
    pytest.param("fiscal Q4", 7, "2025-04-01", "2025-06-30", "quarter", id="fiscal Q4"),
    pytest.param("calendar Q4", 7, "2025-10-01", "2025-12-31", "quarter", id="calendar Q4"),
    pytest.param("H1", 10, "2024-10-01", "2025-03-31", "half", id="H1 from October"),
    pytest.param(
        "end of the year", 7, "2025-10-01", "2025-12-31", "year", id="the year is a calendar"
    ),
    pytest.param("end of our fiscal year", 1, "2025-10-01", "2025-12-31", "fiscal", id="January"),
]

OTHER_LANGUAGES = [
    pytest.param("Ende Q2", "de", "2025-06-01", "2025-06-30", id="Ende Q2"),
    pytest.param("im Herbst", "de", "2025-09-01", "2025-11-30", id="im Herbst"),
    pytest.param("bis Ende März", "de", "2025-03-21", "2025-03-31", id="bis Ende März"),
    pytest.param("in drei Wochen", "de", "2025-03-05", "2025-03-05", id="in drei Wochen"),
    pytest.param("innerhalb von 90 Tagen", "de", "2025-02-12", "2025-05-13", id="90 Tage"),
    pytest.param("nächstes Quartal", "de", "2025-04-01", "2025-06-30", id="nächstes Quartal"),
    pytest.param("im dritten Quartal", "de", "2025-07-01", "2025-09-30", id="drittes Quartal"),
    pytest.param("im ersten Halbjahr 2026", "de", "2026-01-01", "2026-06-30", id="erstes Halbjahr"),
    pytest.param("Ende nächsten Jahres", "de", "2026-10-01", "2026-12-31", id="nächstes Jahr"),
    pytest.param("vor Weihnachten", "de", "2025-02-12", "2025-12-24", id="vor Weihnachten"),
    pytest.param("am 15. März", "de", "2025-03-15", "2025-03-15", id="15. März"),
    pytest.param("bis zum 30.6.", "de", "2025-06-30", "2025-06-30", id="30.6."),
    pytest.param("in einem halben Jahr", "de", "2025-08-12", "2025-08-12", id="halbes Jahr"),
    pytest.param("bis Jahresende", "de", "2025-10-01", "2025-12-31", id="Jahresende"),
    pytest.param("Mitte Juli", "de", "2025-07-11", "2025-07-20", id="Mitte Juli"),
    pytest.param("Ende März nächsten Jahres", "de", "2026-03-21", "2026-03-31", id="März nächsten"),
    pytest.param("d'ici fin juin", "fr", "2025-06-21", "2025-06-30", id="d'ici fin juin"),
    pytest.param("avant l'été", "fr", "2025-02-12", "2025-05-31", id="avant l'été"),
    pytest.param("en septembre", "fr", "2025-09-01", "2025-09-30", id="en septembre"),
    pytest.param("dans trois semaines", "fr", "2025-03-05", "2025-03-05", id="dans trois semaines"),
    pytest.param("au premier semestre", "fr", "2025-01-01", "2025-06-30", id="premier semestre"),
    pytest.param("au T3", "fr", "2025-07-01", "2025-09-30", id="T3"),
    pytest.param(
        "le trimestre prochain", "fr", "2025-04-01", "2025-06-30", id="trimestre prochain"
    ),
    pytest.param("l'année prochaine", "fr", "2026-01-01", "2026-12-31", id="année prochaine"),
    pytest.param("mi-juillet", "fr", "2025-07-11", "2025-07-20", id="mi-juillet"),
    pytest.param("le 15 mars", "fr", "2025-03-15", "2025-03-15", id="le 15 mars"),
    pytest.param("dès que possible", "fr", "2025-02-12", "2025-02-12", id="dès que possible"),
    pytest.param("a finales de marzo", "es", "2025-03-21", "2025-03-31", id="finales de marzo"),
    pytest.param("dentro de tres semanas", "es", "2025-03-05", "2025-03-05", id="dentro de"),
    pytest.param("primer semestre", "es", "2025-01-01", "2025-06-30", id="primer semestre es"),
    pytest.param("el próximo trimestre", "es", "2025-04-01", "2025-06-30", id="próximo trimestre"),
    pytest.param("el año que viene", "es", "2026-01-01", "2026-12-31", id="año que viene"),
    pytest.param("antes del verano", "es", "2025-02-12", "2025-05-31", id="antes del verano"),
    pytest.param("el 15 de marzo", "es", "2025-03-15", "2025-03-15", id="15 de marzo"),
    pytest.param("avant la fin de l'année", "fr", "2025-10-01", "2025-12-31", id="avant la fin"),
    pytest.param("d'ici trois mois", "fr", "2025-05-12", "2025-05-12", id="d'ici trois mois"),
    pytest.param("antes de fin de año", "es", "2025-10-01", "2025-12-31", id="antes de fin de año"),
    pytest.param(
        "en el segundo semestre del próximo año", "es", "2026-07-01", "2026-12-31", id="2S26"
    ),
    pytest.param(
        "in den nächsten zwei Monaten", "de", "2025-02-12", "2025-04-12", id="zwei Monate"
    ),
    pytest.param("Anfang nächsten Jahres", "de", "2026-01-01", "2026-03-31", id="Anfang nächsten"),
    pytest.param("vor der Sommerpause", "de", "2025-02-12", "2025-05-31", id="Sommerpause"),
    pytest.param(
        "Ende des dritten Quartals", "de", "2025-09-01", "2025-09-30", id="Ende des dritten"
    ),
    pytest.param(
        "au plus tard le 30 septembre", "fr", "2025-09-30", "2025-09-30", id="au plus tard"
    ),
    pytest.param(
        "para finales del tercer trimestre", "es", "2025-09-01", "2025-09-30", id="tercer"
    ),
    pytest.param("cuanto antes", "es", "2025-02-12", "2025-02-12", id="cuanto antes"),
    pytest.param("para el 5/6", "es", "2025-06-05", "2025-06-05", id="day first"),
]

VAGUE = [
    pytest.param("someday", "en", id="someday"),
    pytest.param("at some point", "en", id="at some point"),
    pytest.param("down the road", "en", id="down the road"),
    pytest.param("irgendwann", "de", id="irgendwann"),
    pytest.param("à terme", "fr", id="à terme"),
    pytest.param("algún día", "es", id="algún día"),
]

PAST = [
    pytest.param("last March", "2024-03-31", id="last March"),
    pytest.param("in January it was a mess", "2025-01-31", id="was"),
    pytest.param("we had an audit in November", "2024-11-30", id="had"),
    pytest.param("back in October", "2024-10-31", id="back in"),
    pytest.param("three months ago", "2024-11-12", id="ago"),
    pytest.param("last quarter", "2024-12-31", id="last quarter"),
    pytest.param("last year", "2024-12-31", id="last year"),
    pytest.param("in 2019", "2019-12-31", id="a year that has passed"),
    pytest.param("over the last six months", "2025-02-12", id="the last six months"),
    pytest.param("on January 20, 2025", "2025-01-20", id="a day that has passed"),
]

NO_DATES = [
    pytest.param("we may need more", "en", id="may is a verb"),
    pytest.param("and may be later", "en", id="and may"),
    pytest.param("They march on", "en", id="march is a verb"),
    pytest.param("give me a second", "en", id="a second"),
    pytest.param("if we fall behind", "en", id="fall is a verb"),
    pytest.param("Jan will sign it", "en", id="Jan is a name"),
    pytest.param("the sun and the mars rover", "en", id="sun"),
    pytest.param("a three-year contract", "en", id="contract length"),
    pytest.param("it takes six weeks", "en", id="a duration"),
    pytest.param("two thousand people", "en", id="count"),
    pytest.param("we have 2000 stores", "en", id="a count like a year"),
    pytest.param("24/7", "en", id="24/7"),
    pytest.param("first of all", "en", id="first of all"),
    pytest.param("all year round", "en", id="all year round"),
    pytest.param("twice a month", "en", id="twice a month"),
    pytest.param("80k a year", "en", id="a period of money"),
    pytest.param("half of the team", "en", id="half of the team"),
    pytest.param("the second quarterback", "en", id="second"),
    pytest.param("zwei Tage pro Woche", "de", id="pro Woche"),
    pytest.param("", "en", id="empty"),
]


def days(first: str, last: str) -> tuple[date, date]:
    return date.fromisoformat(first), date.fromisoformat(last)


@pytest.mark.parametrize(("text", "first", "last", "kind"), ENGLISH)
def test_english_dates_resolve(text: str, first: str, last: str, kind: str) -> None:
    found = one_date(text)
    assert (found.first, found.last) == days(first, last)
    assert (found.kind, found.target) == (kind, found.last)


@pytest.mark.parametrize(("text", "start_month", "first", "last", "kind"), FISCAL)
def test_fiscal_years_start_where_the_settings_say(
    text: str, start_month: int, first: str, last: str, kind: str
) -> None:
    found = one_date(text, fiscal=start_month)
    assert (found.first, found.last, found.kind) == (*days(first, last), kind)


@pytest.mark.parametrize(("text", "language", "first", "last"), OTHER_LANGUAGES)
def test_other_languages_resolve(text: str, language: str, first: str, last: str) -> None:
    found = one_date(text, language)
    assert (found.first, found.last) == days(first, last)


@pytest.mark.parametrize(("text", "language"), VAGUE)
def test_some_day_has_no_target(text: str, language: str) -> None:
    found = one_date(text, language)
    assert (found.kind, found.first, found.last, found.target) == ("vague", None, None, None)


@pytest.mark.parametrize(("text", "last"), PAST)
def test_what_was_is_marked_as_past(text: str, last: str) -> None:
    found = one_date(text)
    assert found.past
    assert found.last == date.fromisoformat(last)


@pytest.mark.parametrize(("text", "language"), NO_DATES)
def test_what_is_no_date_is_not_found(text: str, language: str) -> None:
    assert find_dates(text, said_on=CALL, language=language) == ()


def test_a_month_with_the_future_in_its_clause_is_ahead() -> None:
    assert not one_date("we had a look and want it in January").past
    assert one_date("we had a look, and January works").first == date(2026, 1, 1)


def test_a_denied_date_says_so() -> None:
    assert one_date("not in Q1").negated
    assert not one_date("in Q1").negated


def test_a_known_event_counts_from_its_day() -> None:
    known = {"renewal": date(2025, 9, 1)}
    (before,) = find_dates("before our renewal", said_on=CALL, anchors=known)
    assert (before.kind, before.target) == ("event", date(2025, 8, 31))
    (unknown,) = find_dates("before our renewal", said_on=CALL)
    assert (unknown.kind, unknown.target) == ("event", None)


def test_several_dates_come_in_order_with_their_words() -> None:
    text = "Decide by the end of April, sign in Q2, and go live by September 1."
    found = find_dates(text, said_on=CALL)
    assert [text[m.start : m.end] for m in found] == [
        "by the end of April",
        "in Q2",
        "by September 1",
    ]


def test_a_fiscal_start_that_is_no_month_is_refused() -> None:
    with pytest.raises(ValueError, match="13 is not 1 to 12"):
        find_dates("Q1", said_on=CALL, fiscal_year_start_month=13)


@pytest.mark.parametrize(
    ("text", "language", "month"),
    [
        pytest.param("our fiscal year starts in July", "en", 7, id="starts in July"),
        pytest.param("The fiscal year begins on February 1", "en", 2, id="begins on February 1"),
        pytest.param("fiscal year ends in June", "en", 7, id="ends in June"),
        pytest.param("our financial year ends December 31", "en", 1, id="ends in December"),
        pytest.param("FY runs from April", "en", 4, id="runs from April"),
        pytest.param("unser Geschäftsjahr beginnt im Oktober", "de", 10, id="beginnt"),
        pytest.param("notre exercice commence en avril", "fr", 4, id="commence"),
        pytest.param("nuestro año fiscal termina en marzo", "es", 4, id="termina"),
        pytest.param("the year starts well", "en", None, id="not fiscal"),
        pytest.param("our fiscal year starts soon", "en", None, id="no month"),
    ],
)
def test_a_fiscal_start_is_read_from_words(text: str, language: str, month: int | None) -> None:
    assert find_fiscal_year_start(text, language) == month
