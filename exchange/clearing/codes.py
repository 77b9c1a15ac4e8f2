"""The small integers of clearing, which kernels and Python share: participants' types and refusals at order entry."""

from __future__ import annotations

from enum import IntEnum


class Participant(IntEnum):
    """The type of an account. MEMBER is a member that trades for itself, not a broker's clients' account."""

    INDIVIDUAL = 0
    FIRM = 1
    FUND = 2
    OVERSEAS = 3
    MEMBER = 4


class Refusal(IntEnum):
    """Why an order is refused at entry; 0 is accepted."""

    ACCEPTED = 0
    NOT_HELD = 1
    SUSPENDED = 2
    PERSON_BEYOND_EXIT = 3
    OPENING_LIMIT = 4
    POSITION_LIMIT = 5
    BROKER_LIMIT = 6
    MARGIN = 7
