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
