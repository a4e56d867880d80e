"""What only an operator does: open a firm by hand, switch its subscription."""

from __future__ import annotations

import argparse
import sys

from django.utils import timezone


def create_firm(options: argparse.Namespace) -> int:
    """Open a firm whose administrator sets a password by the usual "forgotten password" mail."""
    from django.db import IntegrityError, transaction

    from daybook.core.errors import Refusal
    from daybook.firms import operations
    from daybook.firms.models import User

    try:
        with transaction.atomic():
            user = User.objects.create_user(options.email, None)
            firm = operations.sign_up(
                firm_name=options.name,
                user=user,
                name=options.person or options.email.partition("@")[0],
                is_lawyer=options.lawyer,
                time_zone=options.time_zone,
                country=options.country,
                now=timezone.now(),
            )
    except IntegrityError:
        print("Somebody with this email address is already here.", file=sys.stderr)
        return 1
    except (Refusal, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{firm.name} is open as {firm.slug}. {user.email} chooses a password at /account/password/reset/")
    return 0


def set_subscription(slug: str, state: str) -> int:
    """Switch the subscription of the firm with this short name."""
    from daybook.firms import operations
    from daybook.firms.models import Firm

    firm = Firm.objects.filter(slug=slug).first()
    if firm is None:
        print(f"No firm is called {slug}.", file=sys.stderr)
        return 1
    operations.set_subscription(firm=firm, state=state, now=timezone.now())
    print(f"{firm.name}: {state}")
    return 0


def rotate_keys() -> int:
    """Write everything encrypted anew with the first key. Rows that no key fits are counted and left as they are."""
    from cryptography.fernet import InvalidToken
    from django.apps import apps
    from django.db import transaction

    from daybook.sync.secrets import EncryptedText

    done = unreadable = 0
    for model in apps.get_models():
        names = [field.name for field in model._meta.fields if isinstance(field, EncryptedText)]
        if not names:
            continue
        for key in list(model._default_manager.values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    # Locked, so that a token renewed at this moment is not put back to what it was.
                    row = model._default_manager.select_for_update().only(*names).get(pk=key)
                    row.save(update_fields=names)
                done += 1
            except InvalidToken:
                unreadable += 1
            except model.DoesNotExist:
                continue
    print(
        f"{done} rows written anew with the first key" + (f", {unreadable} unreadable" if unreadable else "")
    )
    return 1 if unreadable else 0
