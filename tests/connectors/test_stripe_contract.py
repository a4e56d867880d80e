"""What the stand-in shows and takes, and what the connector reads, held to the names Stripe publishes in its library."""

from __future__ import annotations

import typing
from typing import Any

import pytest
import stripe
from stripe.params import (
    _account_create_params,
    _account_link_create_params,
    _payment_intent_cancel_params,
    _payment_intent_capture_params,
    _payment_intent_create_params,
    _payment_intent_list_params,
    _refund_create_params,
    _refund_list_params,
)
from stripe.params.checkout import _session_create_params

from daybook.connectors.stripe import accounts, shapes
from daybook.connectors.stripe.session import VERSION
from sandbox.stripe.api import CALLS
from sandbox.stripe.world import public

from .stripe_rig import Rig, rig

__all__ = ["rig"]

#: Tables of the stand-in and the published objects that their rows are.
OBJECTS: dict[str, Any] = {
    "accounts": stripe.Account,
    "customers": stripe.Customer,
    "payment_methods": stripe.PaymentMethod,
    "setup_intents": stripe.SetupIntent,
    "sessions": stripe.checkout.Session,
    "intents": stripe.PaymentIntent,
    "charges": stripe.Charge,
    "refunds": stripe.Refund,
    "disputes": stripe.Dispute,
    "events": stripe.Event,
}

#: Calls that take parameters, and the published list of them.
PARAMS: dict[tuple[str, str], Any] = {
    ("POST", "checkout/sessions"): _session_create_params.SessionCreateParams,
    ("POST", "payment_intents"): _payment_intent_create_params.PaymentIntentCreateParams,
    ("GET", "payment_intents"): _payment_intent_list_params.PaymentIntentListParams,
    ("POST", "payment_intents/{}/capture"): _payment_intent_capture_params.PaymentIntentCaptureParams,
    ("POST", "payment_intents/{}/cancel"): _payment_intent_cancel_params.PaymentIntentCancelParams,
    ("POST", "refunds"): _refund_create_params.RefundCreateParams,
    ("GET", "refunds"): _refund_list_params.RefundListParams,
    ("POST", "accounts"): _account_create_params.AccountCreateParams,
    ("POST", "account_links"): _account_link_create_params.AccountLinkCreateParams,
}


def _words(published: Any) -> set[str]:
    """The literal values in a published type, wherever they stand in it."""
    if isinstance(published, typing.ForwardRef):
        published = eval(  # the library writes some of its types as text
            published.__forward_arg__, {"Literal": typing.Literal, "Optional": typing.Optional, "str": str}
        )
    if typing.get_origin(published) is typing.Literal:
        return set(typing.get_args(published))
    return {word for part in typing.get_args(published) for word in _words(part)}


def test_the_version_is_the_librarys_own() -> None:
    assert stripe.api_version == VERSION


@pytest.mark.parametrize(
    ("table", "published", "name", "beside"),
    [
        (shapes.PROGRESS, stripe.PaymentIntent, "status", set()),
        (shapes.CANCELLED, stripe.PaymentIntent, "cancellation_reason", set()),
        (shapes.DISPUTES, stripe.Dispute, "status", set()),
    ],
)
def test_every_published_word_has_a_row(
    table: dict[str, Any], published: Any, name: str, beside: set[str]
) -> None:
    assert set(table) == _words(published.__annotations__[name]) | beside


def test_every_object_of_the_stand_in_has_published_names_only(rig: Rig) -> None:
    control = rig.sandbox.control
    control.set_endpoint("http://127.0.0.1:1/", "s")
    control.dispute(rig.pay("a"))
    control.refund(rig.pay("b"), 100)
    rig.card()
    for table, published in OBJECTS.items():
        rows = control.records(table)
        assert rows, table
        for row in rows:
            assert set(public(row)) <= set(published.__annotations__), table
            assert row["object"] == published.OBJECT_NAME


def test_every_parameter_is_a_published_one() -> None:
    checked = 0
    for method, path, taken, _ in CALLS:
        published = PARAMS.get((method, path))
        if published is not None:
            assert taken <= set(published.__annotations__), path
            checked += 1
    assert checked == len(PARAMS)


def test_parts_of_parameters_are_published_too() -> None:
    published = _session_create_params
    assert {"capture_method", "description", "metadata", "setup_future_usage"} <= set(
        published.SessionCreateParamsPaymentIntentData.__annotations__
    )
    assert {"description", "metadata"} <= set(published.SessionCreateParamsSetupIntentData.__annotations__)
    assert {"price_data", "quantity"} <= set(published.SessionCreateParamsLineItem.__annotations__)
    assert {"currency", "unit_amount", "product_data"} <= set(
        published.SessionCreateParamsLineItemPriceData.__annotations__
    )
    assert set(accounts.CONTROLLER) <= set(
        _account_create_params.AccountCreateParamsController.__annotations__
    )
    card = stripe.Charge.PaymentMethodDetails.Card.__annotations__
    assert {"brand", "last4", "capture_before"} <= set(card)


def test_what_stripe_does_not_know_is_turned_down_by_the_stand_in_too(rig: Rig) -> None:
    from daybook.connectors.errors import Rejected

    client = rig.session
    with pytest.raises(Rejected):
        client.call(lambda c: c.v1.refunds.create({"payment_intents": "pi_1"}, client.options("x")))  # type: ignore[typeddict-unknown-key, typeddict-item]
