from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bantam.domain.limits import RequestLimit
from bantam.errors import VendorBusyError, VendorRejectedError
from integrations.http import Ask, Fixed, Page, TokenBuckets, Vendor, VendorClient, paginate
from tests.faults import too_many
from tests.servers import Received, Reply, StandIn, route, serve
from tests.surroundings import NOW, StillClock, surroundings

LIMIT = RequestLimit(vendor="gong", per_second=2, burst=3)


def test_a_burst_goes_and_then_the_rate_holds() -> None:
    buckets = TokenBuckets()
    assert [buckets.acquire(LIMIT, NOW) for _ in range(4)] == [0, 0, 0, 0.5]
    later = NOW + timedelta(seconds=0.5)
    assert [buckets.acquire(LIMIT, later) for _ in range(2)] == [0, 0.5]


def test_tenants_and_groups_have_their_own_buckets() -> None:
    buckets = TokenBuckets()
    one = RequestLimit(vendor="slack", per_second=1, burst=1)
    for changes in ({}, {"tenant": "b"}, {"group": "C1"}, {"vendor": "zoom"}):
        assert buckets.acquire(one.model_copy(update=changes), NOW) == 0
    assert buckets.acquire(one, NOW) == 1


def test_a_pause_holds_everybody_until_its_end() -> None:
    buckets = TokenBuckets()
    buckets.pause(LIMIT, NOW + timedelta(seconds=9))
    buckets.pause(LIMIT, NOW + timedelta(seconds=4))
    assert buckets.acquire(LIMIT, NOW) == 9
    assert buckets.acquire(LIMIT, NOW + timedelta(seconds=9)) == 0


def test_a_clock_set_back_does_not_freeze_the_bucket() -> None:
    buckets = TokenBuckets()
    assert buckets.acquire(LIMIT, NOW) == 0
    assert buckets.acquire(LIMIT, NOW - timedelta(hours=1)) == 0


def test_threads_never_take_more_than_there_is() -> None:
    buckets, taken = TokenBuckets(), []

    def take() -> None:
        taken.extend(buckets.acquire(limit, NOW) for _ in range(50))

    limit = RequestLimit(vendor="gong", per_second=1, burst=120)
    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0) == 120


class Any200(StandIn):
    @route("GET", "/x")
    def x(self, request: Received) -> Reply:
        return Reply(200, {})


def test_the_client_waits_its_turn_and_hands_long_waits_over() -> None:
    clock, buckets = StillClock(), TokenBuckets()
    with serve(Any200()) as server:
        vendor = Vendor("gong", server.url, limit=LIMIT)
        client = VendorClient(vendor, Fixed({}), surroundings(clock, limiter=buckets))
        for _ in range(5):
            client.send(Ask("GET", "/x"))
        assert clock.slept == [0.5, 0.5]
        server.faults.next(too_many("600"))
        with pytest.raises(VendorBusyError):
            client.send(Ask("GET", "/x"))
        arrived = len(server.stand_in.received)
        with pytest.raises(VendorBusyError, match=r"our own limit; next at 09:10:0\d UTC"):
            client.send(Ask("GET", "/x"))
        assert len(server.stand_in.received) == arrived


PAGES = {None: Page([1, 2], "a"), "a": Page([3], "b"), "b": Page([4], "")}


def test_pages_are_walked_to_the_end() -> None:
    assert list(paginate("gong", PAGES.__getitem__)) == [1, 2, 3, 4]


def test_a_cursor_that_comes_twice_ends_the_walk(caplog: pytest.LogCaptureFixture) -> None:
    circle = {None: Page([1], "a"), "a": Page([2], "b"), "b": Page([3], "a")}
    assert list(paginate("gong", circle.__getitem__)) == [1, 2, 3]
    assert "gong: a page cursor came twice" in caplog.text


def test_endless_pages_are_refused_and_not_cut_silently() -> None:
    with pytest.raises(VendorRejectedError, match="more than 3 pages"):
        list(paginate("gong", lambda c: Page([c], f"{c}x"), most_pages=3))
