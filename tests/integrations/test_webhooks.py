"""Webhooks of all sources: what is signed, what is refused, and what is told."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.pickup import MEETING
from bantam.errors import WebhookError
from integrations.close.webhook import verify as close
from integrations.fathom.webhook import verify as fathom
from integrations.fireflies.webhook import verify as fireflies
from integrations.gong.webhook import verify_signed, verify_url_secret
from integrations.hubspot.webhook import verify as hubspot
from integrations.slack.webhook import verify as slack
from integrations.webhooks import Hint
from integrations.zoom.webhook import verify as zoom
from tests import signed
from tests.surroundings import NOW

SECRET = "a-shared-secret-16"
FATHOM_SECRET = "whsec_" + base64.b64encode(b"fathom-secret").decode()
URL = "https://bantam.example/webhooks/gong"
STAMP = str(int(NOW.timestamp()))


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def der_key() -> str:
    """The public key as Gong's page shows it."""
    der = (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


def hmac_of(secret: bytes, signed: bytes) -> bytes:
    return hmac.new(secret, signed, hashlib.sha256).digest()


def gong_headers(body: bytes, **claims: Any) -> dict[str, str]:
    asked = {
        "webhook_url": URL,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "exp": int(NOW.timestamp()) + 60,
        **claims,
    }
    token = jwt.encode({k: v for k, v in asked.items() if v is not None}, rsa_key(), "RS256")
    return {"Authorization": token}


def zoom_headers(body: bytes, stamp: str = STAMP) -> dict[str, str]:
    signed = hmac_of(SECRET.encode(), f"v0:{stamp}:".encode() + body).hex()
    return {"X-Zm-Request-Timestamp": stamp, "X-Zm-Signature": f"v0={signed}"}


def fathom_headers(body: bytes, stamp: str = STAMP) -> dict[str, str]:
    signed = base64.b64encode(hmac_of(b"fathom-secret", f"msg_1.{stamp}.".encode() + body)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signed}"}


def fireflies_headers(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature": "sha256=" + hmac_of(SECRET.encode(), body).hex()}


@dataclass(frozen=True)
class Signer:
    """One vendor's way: headers for a body, and our check of them."""

    headers: Callable[[bytes], dict[str, str]]
    check: Callable[[dict[str, str], bytes], Hint]
    body: dict[str, Any]
    call_id: str


GONG = {"callData": {"metaData": {"id": "123"}, "parties": [], "context": []}, "isTest": False}
SIGNERS = {
    "gong": Signer(
        gong_headers,
        lambda h, b: verify_signed(h, b, public_key=der_key(), url=URL, now=NOW),
        GONG,
        "gong:123",
    ),
    "fireflies": Signer(
        fireflies_headers,
        lambda h, b: fireflies(h, b, secret=SECRET),
        {"event": "meeting.transcribed", "timestamp": 1710876543210, "meeting_id": "AS1"},
        "fireflies:AS1",
    ),
    "zoom": Signer(
        zoom_headers,
        lambda h, b: zoom(h, b, secret=SECRET, now=NOW),
        {"event": "recording.transcript_completed", "event_ts": 1, "download_token": "t",
         "payload": {"account_id": "a", "object": {"id": 1, "uuid": "ab+/c=="}}},
        "zoom:ab-_c==",
    ),
    "fathom": Signer(
        fathom_headers,
        lambda h, b: fathom(h, b, secret=FATHOM_SECRET, now=NOW),
        {"recording_id": 4711, "title": "Acme", "transcript": []},
        "fathom:4711",
    ),
}  # fmt: skip
EACH = pytest.mark.parametrize("signer", [pytest.param(s, id=n) for n, s in SIGNERS.items()])


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


@EACH
def test_a_signed_body_names_the_call_to_read(signer: Signer) -> None:
    body = raw(signer.body)
    hint = signer.check(signer.headers(body), body)
    assert hint.call_id == signer.call_id
    assert hint.delivery_id


@EACH
def test_a_repeat_has_the_same_delivery_id_and_another_event_has_not(signer: Signer) -> None:
    body = raw(signer.body)
    first, again = (signer.check(signer.headers(body), body) for _ in range(2))
    assert first.delivery_id == again.delivery_id


@EACH
def test_one_changed_byte_is_refused(signer: Signer) -> None:
    body = raw(signer.body)
    with pytest.raises(WebhookError):
        signer.check(signer.headers(body), body.replace(b"1", b"2", 1) + b" ")


@EACH
def test_reserialised_json_is_refused(signer: Signer) -> None:
    body = raw(signer.body)
    with pytest.raises(WebhookError):
        signer.check(signer.headers(body), json.dumps(signer.body, indent=1).encode())


@EACH
def test_missing_headers_are_refused(signer: Signer) -> None:
    with pytest.raises(WebhookError, match="is missing"):
        signer.check({}, raw(signer.body))


@EACH
@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff\xfe", b"", b"null"])
def test_a_signed_body_that_is_no_object_is_refused(signer: Signer, body: bytes) -> None:
    with pytest.raises(WebhookError):
        signer.check(signer.headers(body), body)


@EACH
@pytest.mark.parametrize(
    "body", [{}, {"payload": 1}, {"callData": "x"}, {"callData": {"metaData": []}}]
)
def test_a_signed_body_about_no_call_is_a_hint_about_none(signer: Signer, body: Any) -> None:
    assert signer.check(signer.headers(raw(body)), raw(body)).call_id is None


@EACH
@given(headers=st.dictionaries(st.sampled_from(
    ["authorization", "x-hub-signature", "x-zm-signature", "x-zm-request-timestamp",
     "webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), body=st.binary())  # fmt: skip
def test_no_forgery_passes_and_none_breaks_the_check(
    signer: Signer, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(WebhookError):
        signer.check(headers, body)


@pytest.mark.parametrize("age", [-301, 301, 10**12])
@pytest.mark.parametrize("name", ["zoom", "fathom"])
def test_old_and_future_stamps_are_refused(name: str, age: int) -> None:
    body, stamp = raw(SIGNERS[name].body), str(int(NOW.timestamp()) - age)
    signed = {"zoom": zoom_headers, "fathom": fathom_headers}[name](body, stamp)
    with pytest.raises(WebhookError, match="5 minutes"):
        SIGNERS[name].check(signed, body)


@pytest.mark.parametrize("age", [-300, 300])
def test_five_minutes_are_still_fresh(age: int) -> None:
    body, stamp = raw(SIGNERS["zoom"].body), str(int(NOW.timestamp()) - age)
    assert SIGNERS["zoom"].check(zoom_headers(body, stamp), body)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"webhook_url": "https://elsewhere.example"}, id="another url"),
        pytest.param({"body_sha256": "0" * 64}, id="another body"),
        pytest.param({"exp": int((NOW - timedelta(seconds=1)).timestamp())}, id="ended"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"webhook_url": None}, id="no url"),
        pytest.param({"body_sha256": None}, id="no body hash"),
    ],
)
def test_gong_tokens_for_something_else_are_refused(claims: dict[str, Any]) -> None:
    body = raw(GONG)
    with pytest.raises(WebhookError):
        SIGNERS["gong"].check(gong_headers(body, **claims), body)


def test_gong_takes_rs256_only() -> None:
    body = raw(GONG)
    claims = {"webhook_url": URL, "body_sha256": hashlib.sha256(body).hexdigest(), "exp": 2**40}
    forged = [
        jwt.encode(claims, "x" * 32, "HS256"),
        jwt.encode(claims, None, "none"),
        jwt.encode(claims, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
    ]
    for token in forged:
        with pytest.raises(WebhookError, match="not signed by this rule"):
            SIGNERS["gong"].check({"Authorization": token}, body)


@pytest.mark.parametrize("key", ["", "not base64!", "AAAA", "-----BEGIN PUBLIC KEY-----\nx"])
def test_a_broken_gong_key_is_named_and_not_shown(key: str) -> None:
    body = raw(GONG)
    with pytest.raises(WebhookError, match=r"gong\.webhook_public_key"):
        verify_signed(gong_headers(body), body, public_key=key, url=URL, now=NOW)


def test_gong_takes_pem_and_a_bearer_prefix_too() -> None:
    body = raw(GONG)
    pem = (
        rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    headers = {"authorization": "Bearer " + gong_headers(body)["Authorization"]}
    assert verify_signed(headers, body, public_key=pem.decode(), url=URL, now=NOW).call_id


def test_gongs_test_button_names_no_call() -> None:
    body = raw({**GONG, "isTest": True})
    hint = verify_url_secret("s", body, secret="s")
    assert (hint.event, hint.call_id) == ("test", None)


@pytest.mark.parametrize(("given_", "secret"), [("x", "s"), ("", ""), ("", "s")])
def test_a_wrong_or_unset_url_secret_is_refused(given_: str, secret: str) -> None:
    with pytest.raises(WebhookError):
        verify_url_secret(given_, raw(GONG), secret=secret)


@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_fireflies_version_1_has_no_documented_prefix(prefix: str) -> None:
    body = raw(
        {"meetingId": "AS1", "eventType": "Transcription completed", "clientReferenceId": "x"}
    )
    headers = {"x-hub-signature": prefix + hmac_of(SECRET.encode(), body).hex()}
    assert fireflies(headers, body, secret=SECRET).call_id == "fireflies:AS1"


@pytest.mark.parametrize("event", ["meeting.summarized", "meeting.bot_joined", "new.event"])
def test_fireflies_events_before_or_after_the_words_name_no_call(event: str) -> None:
    body = raw({"event": event, "meeting_id": "AS1"})
    assert fireflies(fireflies_headers(body), body, secret=SECRET).call_id is None


@pytest.mark.parametrize("check", [
    lambda: fireflies({"x-hub-signature": hmac_of(b"", b"{}").hex()}, b"{}", secret=""),
    lambda: zoom({"x-zm-request-timestamp": STAMP, "x-zm-signature": "v0=" + hmac_of(b"", f"v0:{STAMP}:{{}}".encode()).hex()}, b"{}", secret="", now=NOW),
    lambda: fathom(fathom_headers(b"{}"), b"{}", secret="", now=NOW),
])  # fmt: skip
def test_an_unset_secret_lets_nobody_in(check: Callable[[], Hint]) -> None:
    with pytest.raises(WebhookError, match="secret"):
        check()


def test_zooms_handshake_is_answered() -> None:
    body = raw({"event": "endpoint.url_validation", "payload": {"plainToken": "q"}})
    hint = zoom(zoom_headers(body), body, secret=SECRET, now=NOW)
    assert hint.answer == {
        "plainToken": "q",
        "encryptedToken": hmac_of(SECRET.encode(), b"q").hex(),
    }


def test_zooms_recording_completed_comes_before_the_transcript() -> None:
    body = raw({"event": "recording.completed", "payload": {"object": {"uuid": "u"}}})
    assert zoom(zoom_headers(body), body, secret=SECRET, now=NOW).call_id is None


def test_a_zoom_repeat_with_a_fresh_download_token_is_the_same_delivery() -> None:
    event = SIGNERS["zoom"].body
    first, again = (raw({**event, "download_token": t}) for t in "ab")
    one, two = (zoom(zoom_headers(b), b, secret=SECRET, now=NOW) for b in (first, again))
    assert one.delivery_id == two.delivery_id


def test_any_of_fathoms_signatures_may_match() -> None:
    body = raw(SIGNERS["fathom"].body)
    headers = fathom_headers(body)
    headers["webhook-signature"] = f"v1,AAAA v2,x {headers['webhook-signature']}"
    assert fathom(headers, body, secret=FATHOM_SECRET, now=NOW).delivery_id == "msg_1"


def slack_headers(body: bytes, stamp: str = STAMP) -> dict[str, str]:
    signed = hmac_of(SECRET.encode(), f"v0:{stamp}:".encode() + body).hex()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}"}


def test_slacks_handshake_is_answered_and_repeats_share_an_id() -> None:
    body = raw({"type": "url_verification", "challenge": "c"})
    assert slack(slack_headers(body), body, secret=SECRET, now=NOW).answer == {"challenge": "c"}
    event = raw({"type": "event_callback", "event_id": "Ev1"})
    assert slack(slack_headers(event), event, secret=SECRET, now=NOW).delivery_id == "Ev1"


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        pytest.param({}, SECRET, id="no headers"),
        pytest.param(slack_headers(b"{} "), SECRET, id="another body"),
        pytest.param(slack_headers(b"{}", str(int(STAMP) - 301)), SECRET, id="too old"),
        pytest.param(slack_headers(b"{}"), "", id="no secret set"),
    ],
)
def test_slack_lets_no_stranger_in(headers: dict[str, str], secret: str) -> None:
    with pytest.raises(WebhookError):
        slack(headers, b"{}", secret=secret, now=NOW)


@pytest.mark.parametrize(
    ("event", "about"),
    [
        pytest.param({"subscriptionType": "deal.propertyChange", "propertyName": "dealstage"}, "deal:7", id="the stage"),
        pytest.param({"subscriptionType": "deal.propertyChange", "propertyName": "bant_score"}, "deal:7", id="our property"),
        pytest.param({"subscriptionType": "deal.propertyChange", "propertyName": "description"}, None, id="nobody's business"),
        pytest.param({"subscriptionType": "object.propertyChange", "objectTypeId": "0-3", "propertyName": "hs_is_closed"}, "deal:7", id="a deal by its type id"),
        pytest.param({"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "propertyName": "amount"}, None, id="a contact"),
        pytest.param({"subscriptionType": "deal.deletion"}, None, id="deleted"),
        pytest.param({"subscriptionType": "deal.propertyChange", "propertyName": "amount", "objectId": "../7"}, None, id="no id of HubSpot"),
        pytest.param({"subscriptionType": "object.creation", "objectTypeId": "0-47"}, MEETING, id="a meeting"),
        pytest.param({"subscriptionType": "object.propertyChange", "objectTypeId": "0-48", "propertyName": "hs_call_status"}, MEETING, id="a call that ended"),
        pytest.param({"subscriptionType": "object.propertyChange", "objectTypeId": "0-48", "propertyName": "hs_note_body"}, None, id="a call's note"),
        pytest.param({}, None, id="nothing"),
    ],
)  # fmt: skip
def test_what_an_event_of_hubspot_is_about(event: dict[str, Any], about: str | None) -> None:
    body = raw([{"eventId": 1, "subscriptionId": 2, "objectId": 7, "occurredAt": 3, **event}])
    url = "https://bantam.example/webhooks/hubspot"
    (hint,) = hubspot(signed.hubspot(body, STAMP, url), body, secret=SECRET, url=url, now=NOW)
    assert hint.about == about


@pytest.mark.parametrize(
    ("event", "about"),
    [
        pytest.param({"object_type": "opportunity", "action": "updated", "changed_fields": ["status_type"]}, "deal:oppo_1", id="the status"),
        pytest.param({"object_type": "opportunity", "action": "updated", "changed_fields": ["custom.cf_1"]}, "deal:oppo_1", id="a custom field"),
        pytest.param({"object_type": "opportunity", "action": "updated", "changed_fields": ["note"]}, None, id="nobody's business"),
        pytest.param({"object_type": "opportunity", "action": "updated"}, "deal:oppo_1", id="Close does not say which"),
        pytest.param({"object_type": "opportunity", "action": "deleted"}, None, id="deleted"),
        pytest.param({"object_type": "opportunity", "action": "updated", "object_id": 7}, None, id="no id of Close"),
        pytest.param({"object_type": "activity.meeting", "action": "completed"}, MEETING, id="a meeting"),
        pytest.param({"object_type": "activity.call", "action": "deleted"}, None, id="a call that was deleted"),
        pytest.param({}, None, id="nothing"),
    ],
)  # fmt: skip
def test_what_an_event_of_close_is_about(event: dict[str, Any], about: str | None) -> None:
    body = raw({"event": {"id": "ev_1", "object_id": "oppo_1", **event}})
    hint = close(signed.close(body, STAMP), body, secret=signed.CLOSE_KEY, now=NOW)
    assert hint.about == about
