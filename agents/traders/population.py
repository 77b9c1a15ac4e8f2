"""The trader population as Python sees it: build the state, advance it, send orders, read quotes and fills.

It knows ticks, lots and nanoseconds. It knows no calendar: whoever composes the world sets phases and limits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.traders.curve import MonthBooks, first_pairs, whole_lots
from agents.traders.filling import fill_parameters, holding_weights, participants
from agents.traders.kernel import session
from agents.traders.parameters import TraderParameters
from agents.traders.state import (
    EXTERNAL_ACCOUNT,
    EXTERNAL_ACCOUNTS,
    FAR_NS,
    FILL,
    FILLS,
    LATTICE_NS,
    MOST_PAIRS,
    NO_LIMIT,
    NOISE_ACCOUNTS,
    PAIRS,
    SAMPLE,
    SLOTS,
    STATE,
    TICKS,
    TIMED,
    VENUES,
    Class,
    Stream,
)
from exchange.book import digest
from exchange.clearing.codes import Participant
from exchange.codes import Phase, PriceRule, Side, Venue
from exchange.records import TRADE
from exchange.units import NS_PER_MINUTE

Array = np.ndarray[Any, np.dtype[Any]]
_NO_FILLS: Array = np.zeros(0, FILL)

_LARGEST_ORDER = 500
"""Lots of the largest order until a venue says otherwise (INE's)."""


@dataclass(frozen=True)
class VenueStart:
    """How a venue begins: its tick in USD, price rule, and its first price in ticks."""

    tick_usd: float
    rule: PriceRule
    price_ticks: int
    basis: float


class TraderPopulation:
    """Advance the compiled population of the three crude books.

    `word(name)` gives the 64-bit seed of a named stream, `rng(name)` a Generator. Streams: `flow.<venue>.<class>`,
    `flow.<venue>.holdings`, `news.<stream>.<entry venue>`.
    """

    def __init__(
        self,
        parameters: TraderParameters,
        venues: Sequence[VenueStart],
        start_ns: int,
        *,
        word: Callable[[str], np.uint64],
        rng: Callable[[str], np.random.Generator],
        sample_ns: int = NS_PER_MINUTE,
        lu: VenueStart | None = None,
    ) -> None:
        self._array = np.zeros(1, STATE)
        self._state = self._array[0]
        self._trades = np.zeros(SLOTS + 1, TRADE)
        self._samples = np.zeros(4096, SAMPLE)
        self._written = 0
        self._taken: list[Array] = []
        self._fills_read = 0
        self._sample_ns = sample_ns
        self._parameters = parameters
        self.fx_cny_per_usd = 1.0
        s = self._state
        fill_parameters(s["parameters"], parameters)
        s["now_ns"] = start_ns
        s["next_id"] = 1
        s["next_ns"][:] = FAR_NS
        s["next_ns"][0] = -(-start_ns // LATTICE_NS) * LATTICE_NS
        curve = parameters.curve
        further = curve.sc_active_months - 1
        lu_months = curve.lu_active_months if lu is not None else 0
        s["count"] = VENUES + further + lu_months
        s["pairs"] = MOST_PAIRS
        s["pair_books"][: len(PAIRS)] = PAIRS
        s["position_limit_lots"][:] = s["opening_limit_lots"][:] = NO_LIMIT
        s["exempt"][NOISE_ACCOUNTS:] = 1
        s["clients"][:] = 1
        s["clients"][:NOISE_ACCOUNTS] = parameters.participants.clients_per_account
        s["kind"][:NOISE_ACCOUNTS] = participants(parameters.participants)
        weights = {}
        for venue, start in zip(Venue, venues, strict=True):
            name = venue.name.lower()
            self._open_book(int(venue), start)
            self._seed(int(venue), name, word)
            for stream in Stream:
                s["news_words"][stream * VENUES + venue] = word(f"news.{stream.name.lower()}.{name}")
            weights[name] = holding_weights(parameters.participants, rng(f"flow.{name}.holdings"))
            lots = getattr(parameters, name).open_interest_lots
            s["endowments"][venue] = whole_lots(weights[name], lots)
            s["positions"][venue, :NOISE_ACCOUNTS] = s["endowments"][venue]
        for k in range(further):
            self._open_book(VENUES + k, venues[Venue.SC])
            self._seed(VENUES + k, f"sc.{k + 2}", word)
        if lu is not None and lu_months:
            weights["lu"] = holding_weights(parameters.participants, rng("flow.lu.holdings"))
            for k in range(lu_months):
                self._open_book(VENUES + further + k, lu)
                self._seed(VENUES + further + k, f"lu.{k + 1}", word)
        self.curves = self._curves(parameters, weights, further, lu_months)
        brent = venues[Venue.BRENT]
        value = math.log(brent.price_ticks * brent.tick_usd) - brent.basis
        s["value"] = value
        s["news_scale"][:] = -1.0
        s["value_ring"][:] = value
        for name in ("informed_value", "maker_value", "price_value"):
            s[name][:] = value

    def _seed(self, book: int, name: str, word: Callable[[str], np.uint64]) -> None:
        s = self._state
        for trader_class in range(TIMED):
            label = Class(trader_class).name.lower()
            s["flow_words"][book * TIMED + trader_class] = word(f"flow.{name}.{label}")
        s["imbalance_words"][book] = word(f"flow.{name}.imbalance")

    def _curves(
        self, parameters: TraderParameters, weights: dict[str, Array], further: int, lu_months: int
    ) -> dict[str, MonthBooks]:
        """Return the products whose months trade side by side."""
        curve, found = parameters.curve, {}
        firsts = first_pairs(1 + further)
        if further:
            books = (int(Venue.SC), *range(VENUES, VENUES + further))
            found["sc"] = MonthBooks(self, "sc", books, parameters.sc, curve, weights["sc"], firsts[0])
        if lu_months:
            first = VENUES + further
            books = tuple(range(first, first + lu_months))
            found["lu"] = MonthBooks(self, "lu", books, parameters.lu, curve, weights["lu"], firsts[1])
        return found

    def _open_book(self, venue: int, start: VenueStart) -> None:
        s = self._state
        book = s["books"][venue]
        book["ticks"] = TICKS
        book["rule"] = int(start.rule)
        book["phase"] = int(Phase.CLOSED)
        book["largest_order"] = _LARGEST_ORDER
        book["last"] = book["previous_settlement"] = start.price_ticks
        s["mid_half_ticks"][venue] = 2 * start.price_ticks
        s["tick_usd"][venue] = start.tick_usd
        s["basis"][venue] = start.basis
        self.set_band(venue, start.price_ticks)

    # --- what the venue says ---

    def set_band(self, venue: int, centre_ticks: int) -> None:
        """Empty a book and lay its ladder around a price: the wide band of a venue without price limits."""
        base = max(1, centre_ticks - TICKS // 2)
        self.set_limits(venue, base, base + TICKS - 1, base)

    def set_limits(self, venue: int, low_ticks: int, high_ticks: int, base_ticks: int | None = None) -> None:
        """Empty a book and set its price limits. Raises ValueError when the ladder cannot hold them."""
        if high_ticks - low_ticks >= TICKS:
            raise ValueError(
                f"book {int(venue)}: the limits span {high_ticks - low_ticks} ticks, the ladder {TICKS}"
            )
        book = self._state["books"][venue]
        base = low_ticks if base_ticks is None else base_ticks
        book["base_tick"] = base
        book["low"], book["high"] = low_ticks - base, high_ticks - base
        session.empty_book(self._state, int(venue))

    def limit_entry(
        self, book: int, *, position_lots: int | None, opening_lots: int | None, persons_out: bool
    ) -> None:
        """Set what accounts may hold and open in a book, None for no limit; it binds those that are not exempt."""
        s = self._state
        s["position_limit_lots"][book] = NO_LIMIT if position_lots is None else position_lots
        s["opening_limit_lots"][book] = NO_LIMIT if opening_lots is None else opening_lots
        s["persons_out"][book] = persons_out

    def set_largest_order(self, book: int, lots: int) -> None:
        """Set the largest order of a book."""
        self._state["books"][book]["largest_order"] = lots

    def hold_to_limits(self, account: int, *, clients: int) -> None:
        """Hold a SimPy-side account to the limits at order entry, as so many clients under one control."""
        self._state["kind"][EXTERNAL_ACCOUNT + account] = int(Participant.FIRM)
        self._state["exempt"][EXTERNAL_ACCOUNT + account] = 0
        self._state["clients"][EXTERNAL_ACCOUNT + account] = clients

    def scale_informed(self, venue: Venue, multiple: float) -> None:
        """Let a venue's informed traders act so many times as often as the parameters say, from now on."""
        name = venue.name.lower()
        told = getattr(self._parameters, name)
        self._state["parameters"]["informed_per_s"][venue] = told.informed_per_s * multiple
        if name in self.curves:
            self.curves[name].informed_multiple = multiple

    def set_arbitrage(self, pair: int, *, most_lots: int, band: float) -> None:
        """Set the capital of a pair of venues, in lots on each leg, and its band in logs."""
        self._state["parameters"]["arbitrage_most_lots"][pair] = most_lots
        self._state["parameters"]["arbitrage_band"][pair] = band

    def set_overseas_share(self, venue: Venue, setter: Class, share: float) -> None:
        """Set the part of a class's orders at a venue that have overseas owners."""
        self._state["parameters"]["overseas_share"][venue, setter] = share

    def rest(self, account: int, venue: int, side: Side, lots: int, price_ticks: int) -> int:
        """Let a SimPy-side account's order rest in a book for the day; return the lots that were filled at once."""
        return self.send_for(EXTERNAL_ACCOUNT + account, venue, side, lots, price_ticks, resting=True)

    def start_day(self, venue: int, previous_settlement_ticks: int) -> None:
        """Begin a trading day: reset its open, high, low, close, volume and turnover."""
        s = self._state
        book = s["books"][venue]
        book["previous_settlement"] = previous_settlement_ticks
        book["volume"] = book["turnover"] = 0
        s["opened_lots"][venue] = 0
        for name in ("open", "high", "low", "close"):
            s[name][venue] = 0

    def set_phase(self, venue: int, phase: Phase) -> int:
        """Change a venue's phase and return the lots of the auction that this uncrosses, if any."""
        return int(session.set_phase(self._state, int(venue), int(phase), self._trades))

    def set_basis(self, venue: int, basis: float, tick_usd: float) -> None:
        """Set the log premium of a venue over the common value, and what a tick is worth in USD."""
        self._state["basis"][venue] = basis
        self._state["tick_usd"][venue] = tick_usd

    def shift_basis(self, venue: int, change: float) -> None:
        """Let traders take a part of the present gap of a venue for its normal premium: no price moves by that."""
        s = self._state
        s["basis"][venue] += change
        for name in ("maker_value", "informed_value", "price_value"):
            s[name][venue] -= change

    def take_mean_gap(self, venue: int) -> float:
        """Return the mean log gap to Brent, after the basis, since the last call; 0 when they never traded at once."""
        s = self._state
        count = int(s["gap_count"][venue])
        mean = float(s["gap_sum"][venue]) / count if count else 0.0
        s["gap_sum"][venue], s["gap_count"][venue] = 0.0, 0
        return mean

    def basis(self, venue: int) -> float:
        """Return the log premium of a venue over the common value."""
        return float(self._state["basis"][venue])

    def start_price(self, venue: int, price_ticks: int) -> None:
        """Set a book's last price before its first trade."""
        book = self._state["books"][venue]
        book["last"] = book["previous_settlement"] = price_ticks
        self._state["mid_half_ticks"][venue] = 2 * price_ticks

    def tell(self, venue: Venue, change: float) -> None:
        """Let a piece of permanent news (a log change) enter at a venue now, as the streams' news does."""
        s = self._state
        s["value"] += change
        s["informed_value"][venue] += change
        public = s["parameters"]["news_public_share"] * change
        s["maker_value"][venue] += public
        s["own_move"][venue] += public

    def set_target(self, value: float, at_ns: int) -> None:
        """Drive world news so that Brent's value reaches `value` (log USD/bbl) at `at_ns`."""
        self._state["target_value"] = value
        self._state["target_ns"] = at_ns

    # --- time ---

    @property
    def books(self) -> int:
        """The number of books in use: the main months of the venues first, then further months."""
        return int(self._state["count"])

    @property
    def now_ns(self) -> int:
        """The moment up to which the world has been advanced."""
        return int(self._state["now_ns"])

    def advance(self, until_ns: int) -> None:
        """Let all traders act until `until_ns`."""
        rows = (until_ns - self.now_ns) // self._sample_ns + 2
        if self._written + rows > len(self._samples):
            self._taken.append(self._samples[: self._written].copy())
            self._written = 0
            if rows > len(self._samples):
                self._samples = np.zeros(rows, SAMPLE)
        self._written = int(
            session.advance(
                self._state,
                until_ns,
                self._trades,
                self._samples,
                self._written,
                self._sample_ns,
                self.fx_cny_per_usd,
            )
        )

    # --- orders from outside ---

    def send(self, account: int, venue: int, side: Side, lots: int, price_ticks: int = 0) -> int:
        """Send a FAK of a SimPy-side account now and return the lots filled. A price of 0 is any price.

        Raises ValueError for an account that is not one of the SimPy side's.
        """
        if not 0 <= account < EXTERNAL_ACCOUNTS:
            raise ValueError(f"account {account}: must be from 0 to {EXTERNAL_ACCOUNTS - 1}")
        return self.send_for(EXTERNAL_ACCOUNT + account, venue, side, lots, price_ticks)

    def send_for(
        self, account: int, venue: int, side: Side, lots: int, price_ticks: int = 0, *, resting: bool = False
    ) -> int:
        """Send an order for any account of the state, as a forced order is sent, and return the lots filled at once.

        It is a FAK, or rests until the book is emptied at the end of the trading day. More lots than the largest
        order are sent as several.
        """
        filled, largest = 0, int(self._state["books"][venue]["largest_order"])
        for sent in range(0, lots, largest):
            part = min(largest, lots - sent)
            filled += int(
                session.external(
                    self._state, account, int(venue), int(side), price_ticks, part, resting, self._trades
                )
            )
        return filled

    def new_fills(self) -> Array:
        """Return the FILL rows of SimPy-side accounts since the last call. Raises OverflowError when some were lost."""
        count = int(self._state["fill_count"])
        fresh = count - self._fills_read
        if fresh == 0:
            return _NO_FILLS
        if fresh > FILLS:
            raise OverflowError(f"{fresh} fills since the last read; at most {FILLS} are kept")
        places = np.arange(self._fills_read, count) % FILLS
        self._fills_read = count
        fills = self._state["fills"][places].copy()
        fills["account"] -= EXTERNAL_ACCOUNT
        return np.asarray(fills)

    # --- what can be read ---

    def quote_ticks(self, venue: int) -> tuple[int | None, int | None]:
        """Return best bid and best ask in ticks, None for an empty side."""
        book = self._state["books"][venue]
        base, bid, ask = int(book["base_tick"]), int(book["best_bid"]), int(book["best_ask"])
        return (base + bid if bid >= 0 else None), (base + ask if ask >= 0 else None)

    def book(self, venue: int) -> Any:
        """Return the BOOK record of a book (a view)."""
        return self._state["books"][venue]

    def day(self, venue: int) -> tuple[int, int, int, int]:
        """Return the day's open, high, low and close so far, in ticks; zeros when nothing traded."""
        s = self._state
        return tuple(int(s[name][venue]) for name in ("open", "high", "low", "close"))  # type: ignore[return-value]

    def is_suspended(self, account: int) -> bool:
        """Tell whether a SimPy-side account may only close, because of an unpaid call."""
        return bool(self._state["suspended"][EXTERNAL_ACCOUNT + account])

    def external_positions(self, account: int) -> Array:
        """Return what a SimPy-side account holds, by book."""
        return np.asarray(self._state["positions"][:, EXTERNAL_ACCOUNT + account].copy())

    def limits_ticks(self, book: int) -> tuple[int, int]:
        """Return a book's price limits of the day in ticks."""
        head = self._state["books"][book]
        base = int(head["base_tick"])
        return base + int(head["low"]), base + int(head["high"])

    def resting_lots(self, account: int, book: int) -> int:
        """Return what a SimPy-side account has resting in a book."""
        orders = self._state["orders"][book]
        own = (orders["id"] > 0) & (orders["owner"] == EXTERNAL_ACCOUNT + account)
        return int(orders["quantity"][own].sum())

    def open_interest_lots(self, venue: int) -> int:
        """Return the lots held long, summed over all accounts."""
        positions = self._state["positions"][venue]
        return int(positions[positions > 0].sum())

    def class_lots(self, venue: int) -> dict[str, int]:
        """Return the lots traded by each class so far; each trade counts once for each side."""
        return {c.name.lower(): int(self._state["class_lots"][venue, c]) for c in Class}

    def samples(self) -> Array:
        """Return all SAMPLE rows so far."""
        return np.concatenate([*self._taken, self._samples[: self._written]])

    @property
    def state(self) -> Any:
        """The state record itself, for tests and for kernels (a view)."""
        return self._state

    def copy(self) -> TraderPopulation:
        """Return an independent world in the same state: a fork."""
        twin = object.__new__(TraderPopulation)
        twin.__dict__.update(self.__dict__)
        twin._array = _copied(self._array)
        twin._state = twin._array[0]
        twin._trades = np.zeros_like(self._trades)
        twin._samples = _copied(self._samples)
        twin._taken = list(self._taken)
        twin.curves = {name: curve.copy(twin) for name, curve in self.curves.items()}
        return twin

    def state_integers(self) -> list[int]:
        """Return the integers of the state that a hash is taken of: books, resting orders, accounts, counters."""
        s = self._state
        parts = [np.array([s["now_ns"], s["next_id"], s["messages"], s["trades"]], np.int64)]
        parts += [
            np.asarray(s[name], np.int64).ravel()
            for name in ("next_ns", "positions", "cash", "pair_lots", "class_lots", "refused")
        ]
        for name in ("id", "price", "quantity", "owner"):
            parts.append(np.asarray(s["orders"][name], np.int64).ravel())
        for number in range(self.books):
            book = s["books"][number]
            parts.append(
                np.array(
                    [
                        book[name]
                        for name in ("base_tick", "best_bid", "best_ask", "last", "volume", "turnover")
                    ],
                    np.int64,
                )
            )
        return [int(value) for part in parts for value in part]

    def state_hash(self) -> str:
        """Return the digest of `state_integers`."""
        return digest(np.array(self.state_integers(), np.int64))

    def check_conservation(self) -> None:
        """Raise AssertionError when lots or money appeared or vanished at a venue."""
        for book in range(self.books):
            lots = int(self._state["positions"][book].sum())
            money = int(self._state["cash"][book].sum())
            if lots or money:
                raise AssertionError(f"book {book}: {lots} lots and {money} tick-lots too many")


def _copied(records: Array) -> Array:
    """Copy an array of records as bytes: field by field is twenty times slower."""
    return records.view(np.uint8).copy().view(records.dtype)
