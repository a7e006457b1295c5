"""Money as said: what is found, what it is worth, and what is no money."""

from __future__ import annotations

import pytest

from bantam.domain.bant import Period
from extractors.money import find_money
from tests.said import one_amount

Y, M, ONE, U = Period.YEAR, Period.MONTH, Period.ONE_TIME, Period.UNKNOWN
K = 1_000
MIO = 1_000_000


ENGLISH = [
    # words, least, most, currency, period
    pytest.param("we have fifty K", 50 * K, 50 * K, None, U, id="fifty K"),
    pytest.param("fifty k euros", 50 * K, 50 * K, "EUR", U, id="fifty k euros"),
    pytest.param("about half a million", 500 * K, 500 * K, None, U, id="half a million"),
    pytest.param("half a million dollars", 500 * K, 500 * K, "USD", U, id="half a million dollars"),
    pytest.param("a half million", 500 * K, 500 * K, None, U, id="a half million"),
    pytest.param("a quarter of a million", 250 * K, 250 * K, None, U, id="quarter of a million"),
    pytest.param("a quarter million pounds", 250 * K, 250 * K, "GBP", U, id="a quarter million"),
    pytest.param("three quarters of a million", 750 * K, 750 * K, None, U, id="three quarters"),
    pytest.param("a hundred and twenty thousand", 120 * K, 120 * K, None, U, id="a hundred and 20"),
    pytest.param("one hundred twenty k", 120 * K, 120 * K, None, U, id="asr one hundred twenty k"),
    pytest.param("a hundred k", 100 * K, 100 * K, None, U, id="a hundred k"),
    pytest.param("a hundred K a year", 100 * K, 100 * K, None, Y, id="a hundred K a year"),
    pytest.param("one twenty k", 120 * K, 120 * K, None, U, id="one twenty k"),
    pytest.param("two fifty thousand", 250 * K, 250 * K, None, U, id="two fifty thousand"),
    pytest.param("120k EUR per year", 120 * K, 120 * K, "EUR", Y, id="120k EUR per year"),
    pytest.param("EUR 120k per annum", 120 * K, 120 * K, "EUR", Y, id="EUR 120k per annum"),
    pytest.param("€1.2M", 1_200 * K, 1_200 * K, "EUR", U, id="€1.2M"),
    pytest.param("$1.5 million", 1_500 * K, 1_500 * K, "USD", U, id="$1.5 million"),
    pytest.param(
        "one point two million", 1_200 * K, 1_200 * K, None, U, id="one point two million"
    ),
    pytest.param("a million and a half", 1_500 * K, 1_500 * K, None, U, id="a million and a half"),
    pytest.param(
        "one and a half million", 1_500 * K, 1_500 * K, None, U, id="1 and a half million"
    ),
    pytest.param("two-and-a-half million", 2_500 * K, 2_500 * K, None, U, id="hyphened half"),
    pytest.param(
        "one million two hundred thousand",
        1_200 * K,
        1_200 * K,
        None,
        U,
        id="1 million 200 thousand",
    ),
    pytest.param("two hundred and fifty thousand", 250 * K, 250 * K, None, U, id="250 thousand"),
    pytest.param("fifteen hundred dollars", 1500, 1500, "USD", U, id="fifteen hundred"),
    pytest.param("15 grand", 15 * K, 15 * K, None, U, id="15 grand"),
    pytest.param("twenty grand a month", 20 * K, 20 * K, None, M, id="twenty grand a month"),
    pytest.param("thirty thousand bucks", 30 * K, 30 * K, "USD", U, id="bucks"),
    pytest.param("forty thousand quid", 40 * K, 40 * K, "GBP", U, id="quid"),
    pytest.param("NOK 400.000", 400 * K, 400 * K, "NOK", U, id="NOK 400.000"),
    pytest.param("NOK 1.4M a year", 1_400 * K, 1_400 * K, "NOK", Y, id="NOK 1.4M"),
    pytest.param("$45,000", 45 * K, 45 * K, "USD", U, id="$45,000"),
    pytest.param("$1,234,567.89", 1_234_568, 1_234_568, "USD", U, id="cents are rounded"),
    pytest.param("CHF 120'000", 120 * K, 120 * K, "CHF", U, id="swiss apostrophe"),
    pytest.param("50 000 euros", 50 * K, 50 * K, "EUR", U, id="space between thousands"),
    pytest.param("50\u202f000 €", 50 * K, 50 * K, "EUR", U, id="narrow space"),
    pytest.param("US$2.5m", 2_500 * K, 2_500 * K, "USD", U, id="US$2.5m"),
    pytest.param("A$90k", 90 * K, 90 * K, "AUD", U, id="A$90k"),
    pytest.param("C$ 90k", 90 * K, 90 * K, "CAD", U, id="C$ 90k"),
    pytest.param(
        "ninety thousand Canadian dollars", 90 * K, 90 * K, "CAD", U, id="canadian dollars"
    ),
    pytest.param("ninety thousand Canadian", 90 * K, 90 * K, "CAD", U, id="canadian alone"),
    pytest.param("40k New Zealand dollars", 40 * K, 40 * K, "NZD", U, id="new zealand dollars"),
    pytest.param("CAD 180K for year one", 180 * K, 180 * K, "CAD", Y, id="for year one"),
    pytest.param("60k Swiss francs", 60 * K, 60 * K, "CHF", U, id="swiss francs"),
    pytest.param("two million Norwegian kroner", 2 * MIO, 2 * MIO, "NOK", U, id="norwegian kroner"),
    pytest.param("two million kroner", 2 * MIO, 2 * MIO, None, U, id="kroner are of three lands"),
    pytest.param("five lakh rupees", 500 * K, 500 * K, "INR", U, id="lakh"),
    pytest.param("up to 80k", 80 * K, 80 * K, None, U, id="up to 80k"),
    pytest.param("just under ninety thousand", 90 * K, 90 * K, None, U, id="just under ninety"),
    pytest.param("80 thousand, give or take", 80 * K, 80 * K, None, U, id="give or take"),
    pytest.param("85K one-off", 85 * K, 85 * K, None, ONE, id="one-off"),
    pytest.param("a one-time 85K", 85 * K, 85 * K, None, ONE, id="a one-time"),
    pytest.param("our annual budget is 80k", 80 * K, 80 * K, None, Y, id="annual before"),
    pytest.param("80k, annually", 80 * K, 80 * K, None, Y, id="annually"),
    pytest.param("$80k/yr", 80 * K, 80 * K, "USD", Y, id="slash yr"),
    pytest.param("50k in a month or so", 50 * K, 50 * K, None, U, id="in a month is when"),
    pytest.param("the budget is 45,000 for this", 45 * K, 45 * K, None, U, id="bare with a topic"),
    pytest.param("we pay 4 800 euros a month", 4800, 4800, "EUR", M, id="spaced, a month"),
    pytest.param("a thousand a month", 1000, 1000, None, M, id="a thousand a month"),
    pytest.param("120k set aside", 120 * K, 120 * K, None, U, id="set aside is no unit"),
    pytest.param("fifty thousand extra dollars", 50 * K, 50 * K, "USD", U, id="extra dollars"),
    pytest.param("half a million of our money", 500 * K, 500 * K, None, U, id="of our money"),
    pytest.param("two hundred thousand is approved", 200 * K, 200 * K, None, U, id="verb follows"),
    pytest.param("a couple hundred thousand", 200 * K, 200 * K, None, U, id="a couple hundred"),
    pytest.param("2 hundred thousand", 200 * K, 200 * K, None, U, id="digits and hundred"),
    pytest.param("USD 0.99", 1, 1, "USD", U, id="rounded to whole units"),
    pytest.param(
        "ring-fenced eighty-five thousand pounds for it", 85 * K, 85 * K, "GBP", U, id="ring-fenced"
    ),
    pytest.param("the ballpark of 200 grand", 200 * K, 200 * K, None, U, id="ballpark"),
    pytest.param("below thirty thousand euros myself", 30 * K, 30 * K, "EUR", U, id="below"),
    pytest.param("1.75 million Swiss francs", 1_750 * K, 1_750 * K, "CHF", U, id="1.75 million"),
    pytest.param(
        "four and a half thousand a month", 4500, 4500, None, M, id="4 and a half thousand"
    ),
    pytest.param("60 K in opex and that's it", 60 * K, 60 * K, None, U, id="60 K in opex"),
    pytest.param("north of two million Danish kroner", 2 * MIO, 2 * MIO, "DKK", U, id="north of"),
    pytest.param("not more than £7,500 up front", 7500, 7500, "GBP", ONE, id="up front"),
    pytest.param("about twelve hundred bucks a month", 1200, 1200, "USD", M, id="twelve hundred"),
    pytest.param("USD 250,000 per fiscal year", 250 * K, 250 * K, "USD", Y, id="per fiscal year"),
    pytest.param("ninety K, euros, for it", 90 * K, 90 * K, "EUR", U, id="euros behind a comma"),
    pytest.param("a spend cap of AUD 1.3m", 1_300 * K, 1_300 * K, "AUD", U, id="AUD 1.3m"),
    pytest.param("175 thousand Aussie dollars", 175 * K, 175 * K, "AUD", U, id="aussie dollars"),
    pytest.param("two fifty euros", 250, 250, "EUR", U, id="two fifty"),
    pytest.param("Q3 budget: 30k", 30 * K, 30 * K, None, U, id="a quarter stands before"),
]

RANGES = [
    pytest.param("forty to fifty K", 40 * K, 50 * K, None, id="the K spans the range"),
    pytest.param("forty to fifty K a year", 40 * K, 50 * K, None, id="forty to fifty K a year"),
    pytest.param("between 40 and 50 thousand", 40 * K, 50 * K, None, id="between and"),
    pytest.param("40-50k", 40 * K, 50 * K, None, id="40-50k"),
    pytest.param("40–50k euros", 40 * K, 50 * K, "EUR", id="en dash"),
    pytest.param("€40k to €50k", 40 * K, 50 * K, "EUR", id="currency at both ends"),
    pytest.param("$40 to 50 thousand", 40 * K, 50 * K, "USD", id="currency in front"),
    pytest.param("eighty, maybe ninety thousand", 80 * K, 90 * K, None, id="maybe"),
    pytest.param("eighty, ninety thousand", 80 * K, 90 * K, None, id="comma"),
    pytest.param("eighty ninety thousand", 80 * K, 90 * K, None, id="nothing between"),
    pytest.param("eighty to a hundred thousand", 80 * K, 100 * K, None, id="to a hundred thousand"),
    pytest.param("from 800 thousand to 1.2 million", 800 * K, 1_200 * K, None, id="two scales"),
    pytest.param("eight hundred to a million", 800 * K, MIO, None, id="eight hundred to a million"),
    pytest.param("one to two million dollars", MIO, 2 * MIO, "USD", id="one to two million"),
    pytest.param("forty or fifty thousand", 40 * K, 50 * K, None, id="or"),
    pytest.param(
        "a hundred and ten, a hundred and twenty thousand", 110 * K, 120 * K, None, id="110"
    ),
    pytest.param("USD 250,000 - 300,000", 250 * K, 300 * K, "USD", id="spaced dash"),
    pytest.param("five hundred K, maybe six hundred", 500 * K, 600 * K, None, id="K said once"),
    pytest.param("15 to 20 euros", 15, 20, "EUR", id="no scale"),
    pytest.param("a budget of 40 to 50,000", 40 * K, 50 * K, None, id="40 to 50,000"),
    pytest.param(
        "anywhere from eighty to a hundred and twenty k", 80 * K, 120 * K, None, id="from eighty"
    ),
]

VAGUE = [
    pytest.param("mid five figures", "en", 40 * K, 60 * K, id="mid five"),
    pytest.param("low six figures", "en", 100 * K, 300 * K, id="low six"),
    pytest.param("high five figures", "en", 70 * K, 99_999, id="high five"),
    pytest.param("a six-figure deal", "en", 100 * K, 999_999, id="six-figure"),
    pytest.param("low-to-mid six figures", "en", 100 * K, 600 * K, id="low to mid"),
    pytest.param("seven figures", "en", MIO, 9_999_999, id="seven"),
    pytest.param("tens of thousands of euros", "en", 10 * K, 99 * K, id="tens of thousands"),
    pytest.param("a few thousand dollars", "en", 2 * K, 5 * K, id="a few thousand"),
    pytest.param("im mittleren fünfstelligen Bereich", "de", 40 * K, 60 * K, id="mittlerer fünf"),
    pytest.param("ein niedriger sechsstelliger Betrag", "de", 100 * K, 300 * K, id="niedriger"),
    pytest.param("un budget à six chiffres", "fr", 100 * K, 999_999, id="six chiffres"),
    pytest.param("seis cifras", "es", 100 * K, 999_999, id="seis cifras"),
]

GERMAN = [
    pytest.param("zweihunderttausend", 200 * K, 200 * K, None, U, id="zweihunderttausend"),
    pytest.param("zweihunderttausend Euro im Jahr", 200 * K, 200 * K, "EUR", Y, id="im Jahr"),
    pytest.param("1,2 Mio", 1_200 * K, 1_200 * K, None, U, id="1,2 Mio"),
    pytest.param("1,2 Mio. €", 1_200 * K, 1_200 * K, "EUR", U, id="Mio. €"),
    pytest.param("eine halbe Million", 500 * K, 500 * K, None, U, id="halbe Million"),
    pytest.param("anderthalb Millionen Euro", 1_500 * K, 1_500 * K, "EUR", U, id="anderthalb"),
    pytest.param("eine Viertelmillion", 250 * K, 250 * K, None, U, id="Viertelmillion"),
    pytest.param("fünfzig- bis sechzigtausend Euro", 50 * K, 60 * K, "EUR", U, id="hanging hyphen"),
    pytest.param("eine Dreiviertelmillion Euro", 750 * K, 750 * K, "EUR", U, id="Dreiviertel"),
    pytest.param("35k netto pro Monat", 35 * K, 35 * K, None, M, id="netto pro Monat"),
    pytest.param("zwischen 40 und 50 Tausend", 40 * K, 50 * K, None, U, id="zwischen"),
    pytest.param("40 bis 50.000 Euro", 40 * K, 50 * K, "EUR", U, id="40 bis 50.000"),
    pytest.param("120.000 Euro pro Jahr", 120 * K, 120 * K, "EUR", Y, id="pro Jahr"),
    pytest.param("80 TEUR einmalig", 80 * K, 80 * K, "EUR", ONE, id="TEUR"),
    pytest.param("80 T€", 80 * K, 80 * K, "EUR", U, id="T€"),
    pytest.param("12,50 Euro", 13, 13, "EUR", U, id="decimal comma"),
    pytest.param("fuenfzigtausend Euro", 50 * K, 50 * K, "EUR", U, id="without umlaut"),
    pytest.param("siebzigtausend Franken", 70 * K, 70 * K, "CHF", U, id="Franken"),
    pytest.param(
        "eine Million zweihunderttausend", 1_200 * K, 1_200 * K, None, U, id="1.2 million"
    ),
]

FRENCH = [
    pytest.param("quarante mille euros", 40 * K, 40 * K, "EUR", U, id="quarante mille"),
    pytest.param("deux cent cinquante mille", 250 * K, 250 * K, None, U, id="250 mille"),
    pytest.param("quatre-vingt-dix mille euros par an", 90 * K, 90 * K, "EUR", Y, id="90 mille"),
    pytest.param("un million d'euros", MIO, MIO, "EUR", U, id="un million d'euros"),
    pytest.param("un million et demi", 1_500 * K, 1_500 * K, None, U, id="un million et demi"),
    pytest.param("un demi-million d'euros", 500 * K, 500 * K, "EUR", U, id="demi-million"),
    pytest.param("1,2 M€", 1_200 * K, 1_200 * K, "EUR", U, id="1,2 M€"),
    pytest.param("120 k€ par mois", 120 * K, 120 * K, "EUR", M, id="120 k€ par mois"),
    pytest.param("de 40 à 50 k€", 40 * K, 50 * K, "EUR", U, id="de 40 à 50 k€"),
    pytest.param("entre quarante et cinquante mille euros", 40 * K, 50 * K, "EUR", U, id="entre"),
    pytest.param(
        "une cinquantaine de milliers d'euros", 50 * K, 50 * K, "EUR", U, id="une cinquantaine"
    ),
    pytest.param("cent vingt mille", 120 * K, 120 * K, None, U, id="cent vingt mille"),
    pytest.param("mille euros", K, K, "EUR", U, id="mille euros"),
]

SPANISH = [
    pytest.param("medio millón", 500 * K, 500 * K, None, U, id="medio millón"),
    pytest.param("medio millón de euros", 500 * K, 500 * K, "EUR", U, id="medio millón de euros"),
    pytest.param("cuarenta mil euros al año", 40 * K, 40 * K, "EUR", Y, id="cuarenta mil"),
    pytest.param("doscientos cincuenta mil dólares", 250 * K, 250 * K, "USD", U, id="250 mil"),
    pytest.param("un millón y medio", 1_500 * K, 1_500 * K, None, U, id="un millón y medio"),
    pytest.param(
        "un millón doscientos mil euros", 1_200 * K, 1_200 * K, "EUR", U, id="1 millón 200 mil"
    ),
    pytest.param("entre 40 y 50 mil euros", 40 * K, 50 * K, "EUR", U, id="entre y"),
    pytest.param("mil quinientos euros al mes", 1500, 1500, "EUR", M, id="mil quinientos"),
    pytest.param("30.000 € anuales", 30 * K, 30 * K, "EUR", Y, id="anuales"),
    pytest.param("treinta y cinco mil", 35 * K, 35 * K, None, U, id="treinta y cinco mil"),
    pytest.param(
        "de veinte a treinta mil euros", 20 * K, 30 * K, "EUR", U, id="de veinte a treinta"
    ),
]

PRICES = [
    pytest.param("200 seats at 15 a month", "en", 15, None, M, id="seats at 15 a month"),
    pytest.param("$15 per user per month", "en", 15, "USD", M, id="per user per month"),
    pytest.param("15 euros a seat", "en", 15, "EUR", U, id="a seat"),
    pytest.param("it's twenty-nine per user per month", "en", 29, None, M, id="words per user"),
    pytest.param("nine francs a head", "en", 9, "CHF", U, id="a head"),
    pytest.param("per desk that is 40 euros", "en", 40, "EUR", U, id="per desk in front"),
    pytest.param("1,200 dollars a day", "en", 1200, "USD", U, id="day rate"),
    pytest.param("45 bucks each", "en", 45, "USD", U, id="each"),
    pytest.param("15 Euro pro Nutzer im Monat", "de", 15, "EUR", M, id="pro Nutzer"),
    pytest.param("15 euros par utilisateur par mois", "fr", 15, "EUR", M, id="par utilisateur"),
    pytest.param("15 euros por usuario al mes", "es", 15, "EUR", M, id="por usuario"),
]

NO_MONEY = [
    pytest.param("in 2026", "en", id="year"),
    pytest.param("the budget for 2026 is open", "en", id="year by the word budget"),
    pytest.param("15 percent of the budget", "en", id="percent"),
    pytest.param("we cut it by 30%", "en", id="percent sign"),
    pytest.param("we have sixty-two people", "en", id="headcount"),
    pytest.param("sixty-two", "en", id="bare number in words"),
    pytest.param("fifty thousand customers", "en", id="customers"),
    pytest.param("50k monthly users", "en", id="monthly users"),
    pytest.param("two million records a day", "en", id="records"),
    pytest.param("10,000 employees", "en", id="employees"),
    pytest.param("call me on +44 20 7946 0958", "en", id="phone"),
    pytest.param("at 10:30 or 3 pm", "en", id="time"),
    pytest.param("version 2.1.3 of Q4", "en", id="version"),
    pytest.param("v2 and B2B", "en", id="figures in words"),
    pytest.param("my 401k", "en", id="retirement plan"),
    pytest.param("it is in the 10-K", "en", id="10-K filing"),
    pytest.param("a 4K display", "en", id="resolution"),
    pytest.param("thanks a million times", "en", id="a million times"),
    pytest.param("the site is 5 m wide", "en", id="metres"),
    pytest.param("two hundred thousand of them", "en", id="of them"),
    pytest.param("seats for 40 of us", "en", id="of us"),
    pytest.param("24/7 and 9 to 5", "en", id="hours"),
    pytest.param("a thousand reasons", "en", id="idiom"),
    pytest.param("order 99999999999999999999999", "en", id="id number"),
    pytest.param("fünfzigtausend Kunden", "de", id="Kunden"),
    pytest.param("around forty thousand subscribers last year", "en", id="subscribers"),
    pytest.param("room 404, extension 2210", "en", id="room and extension"),
    pytest.param("a hundred and fifty across 12 sites", "en", id="sites"),
    pytest.param("200 Mitarbeiter an 3 Standorten", "de", id="Mitarbeiter"),
    pytest.param("zwanzig Prozent", "de", id="Prozent"),
    pytest.param("cinquante mille clients", "fr", id="clients"),
    pytest.param("dix pour cent", "fr", id="pour cent"),
    pytest.param("mil gracias", "es", id="mil gracias"),
    pytest.param("cincuenta mil clientes", "es", id="clientes"),
    pytest.param("", "en", id="empty"),
]


@pytest.mark.parametrize(("text", "least", "most", "currency", "period"), ENGLISH)
def test_english_money_is_read(
    text: str, least: int, most: int, currency: str | None, period: Period
) -> None:
    found = one_amount(text)
    assert (found.amount_min, found.amount_max) == (least, most)
    assert (found.currency, found.period, found.kind) == (currency, period, "amount")


@pytest.mark.parametrize(("text", "least", "most", "currency"), RANGES)
def test_ranges_keep_both_ends(text: str, least: int, most: int, currency: str | None) -> None:
    found = one_amount(text)
    assert (found.amount_min, found.amount_max, found.currency) == (least, most, currency)


@pytest.mark.parametrize(("text", "language", "least", "most"), VAGUE)
def test_orders_of_magnitude_are_vague(text: str, language: str, least: int, most: int) -> None:
    found = one_amount(text, language)
    assert (found.amount_min, found.amount_max, found.vague) == (least, most, True)


@pytest.mark.parametrize(("text", "least", "most", "currency", "period"), GERMAN)
def test_german_money_is_read(
    text: str, least: int, most: int, currency: str | None, period: Period
) -> None:
    found = one_amount(text, "de")
    assert (found.amount_min, found.amount_max) == (least, most)
    assert (found.currency, found.period) == (currency, period)


@pytest.mark.parametrize(("text", "least", "most", "currency", "period"), FRENCH)
def test_french_money_is_read(
    text: str, least: int, most: int, currency: str | None, period: Period
) -> None:
    found = one_amount(text, "fr")
    assert (found.amount_min, found.amount_max) == (least, most)
    assert (found.currency, found.period) == (currency, period)


@pytest.mark.parametrize(("text", "least", "most", "currency", "period"), SPANISH)
def test_spanish_money_is_read(
    text: str, least: int, most: int, currency: str | None, period: Period
) -> None:
    found = one_amount(text, "es")
    assert (found.amount_min, found.amount_max) == (least, most)
    assert (found.currency, found.period) == (currency, period)


@pytest.mark.parametrize(("text", "language", "price", "currency", "period"), PRICES)
def test_a_price_per_unit_stays_a_price(
    text: str, language: str, price: int, currency: str | None, period: Period
) -> None:
    found = one_amount(text, language)
    assert (found.kind, found.amount_max) == ("unit_price", price)
    assert (found.currency, found.period) == (currency, period)


@pytest.mark.parametrize(("text", "language"), NO_MONEY)
def test_what_is_no_money_is_not_found(text: str, language: str) -> None:
    assert find_money(text, language) == ()


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        pytest.param("I have one-eighty for year one.", 180 * K, 180 * K, id="one-eighty"),
        pytest.param("on that line it is twenty-two for the year", 22 * K, 22 * K, id="twenty-two"),
        pytest.param("there's a hundred and twenty in there", 120 * K, 120 * K, id="a hundred 20"),
        pytest.param("forty to fifty is what we have", 40 * K, 50 * K, id="forty to fifty"),
    ],
)
def test_unsaid_thousands_are_read_only_when_asked_for(text: str, least: int, most: int) -> None:
    assert find_money(text) == ()
    (found,) = find_money(text, elided_thousands=True)
    assert (found.amount_min, found.amount_max, found.elided) == (least, most, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("we have sixty people", id="people"),
        pytest.param("in twenty days", id="days"),
        pytest.param("thirty percent", id="percent"),
        pytest.param("by March 15", id="day"),
        pytest.param("on the 15th", id="ordinal"),
        pytest.param("at 10:30", id="time"),
        pytest.param("version 12", id="version"),
        pytest.param("three of us", id="too small"),
        pytest.param("in 2026", id="year"),
    ],
)
def test_numbers_of_something_are_no_unsaid_thousands(text: str) -> None:
    assert find_money(text, elided_thousands=True) == ()


def test_several_amounts_come_in_order_with_their_words() -> None:
    text = "Half a million is in the plan, 600K at most, and 2k a month for support."
    found = find_money(text)
    assert [text[m.start : m.end] for m in found] == ["Half a million", "600K", "2k"]
    assert [m.amount_max for m in found] == [500 * K, 600 * K, 2 * K]
    assert [m.period for m in found] == [U, U, M]


def test_the_home_currency_settles_shared_words() -> None:
    assert one_amount("40k dollars", home="AUD").currency == "AUD"
    assert one_amount("$40k", home="CAD").currency == "CAD"
    assert one_amount("40k kroner", home="NOK").currency == "NOK"
    assert one_amount("40k dollars", home="EUR").currency == "USD"


def test_a_language_tag_with_a_region_is_its_language() -> None:
    assert one_amount("zweihunderttausend Euro", "de-CH").amount_max == 200 * K
    assert one_amount("fifty k", "xx").amount_max == 50 * K
