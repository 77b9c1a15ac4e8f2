"""Twins of the mechanisms that go unit by unit and price by price, slowly, for comparison; nothing else uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exchange.codes import Side
from exchange.listing import ListingBoard
from exchange.mechanisms import Bid, Deal, Message, Offer, PresaleOffer, PresaleOrder, Slot, Want

Books = tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]
"""Units and money by buyer, and by seller."""


def books(deals: Sequence[Deal]) -> Books:
    """Add up what each buyer and each seller got and paid."""
    bought: dict[str, tuple[int, int]] = {}
    sold: dict[str, tuple[int, int]] = {}
    for deal in deals:
        for side, name in ((bought, deal.buyer), (sold, deal.seller)):
            units, money = side.get(name, (0, 0))
            side[name] = (units + deal.quantity, money + deal.price_fen * deal.quantity)
    return bought, sold


def _units(interests: Sequence[tuple[str, int, int]]) -> list[tuple[str, int]]:
    return [(name, price) for name, price, quantity in interests for _ in range(quantity)]


def _bid_units(bids: Sequence[Bid]) -> list[tuple[str, int]]:
    return _units([(bid.buyer, bid.limit_fen, bid.quantity) for bid in bids])


def _offer_units(offers: Sequence[Offer]) -> list[tuple[str, int]]:
    return _units([(offer.seller, offer.reserve_fen, offer.quantity) for offer in offers])


def naive_uplift(
    bids: Sequence[Bid], offers: Sequence[Offer], base_fen: int, step_fen: int, cap_fen: int | None
) -> Books:
    """Call every price aloud on the way up; buyers sit down, sellers come in."""
    highest = max([base_fen, *(bid.limit_fen for bid in bids)]) + step_fen if cap_fen is None else cap_fen
    called = list(range(base_fen, highest + 1, step_fen))
    price, buyers, sellers = _call(
        called, _bid_units(bids), _offer_units(offers), lambda u, p: u[1] >= p, lambda u, p: u[1] <= p
    )
    return books([Deal(s[0], b[0], price, 1) for b, s in zip(buyers, sellers, strict=True)])


def naive_downward(
    bids: Sequence[Bid], offers: Sequence[Offer], ceiling_fen: int, step_fen: int, floor_fen: int
) -> Books:
    """Call every price aloud on the way down; sellers sit down, buyers come in."""
    called = list(range(ceiling_fen, floor_fen - 1, -step_fen))
    price, sellers, buyers = _call(
        called, _offer_units(offers), _bid_units(bids), lambda u, p: u[1] <= p, lambda u, p: u[1] >= p
    )
    return books([Deal(s[0], b[0], price, 1) for b, s in zip(buyers, sellers, strict=True)])


Unit = tuple[str, int]


def _call(
    called: Sequence[int],
    leaving: Sequence[Unit],
    entering: Sequence[Unit],
    stays: Callable[[Unit, int], bool],
    is_in: Callable[[Unit, int], bool],
) -> tuple[int, list[Unit], list[Unit]]:
    """Call prices until the standing are no more than the others; return the price and who trades."""

    def standing(price: int) -> list[Unit]:
        return [unit for unit in leaving if stays(unit, price)]

    def others(price: int) -> list[Unit]:
        came = {unit: next(k for k, p in enumerate(called) if is_in(unit, p)) for unit in entering
                if any(is_in(unit, p) for p in called)}  # fmt: skip
        return sorted((unit for unit in entering if is_in(unit, price)), key=lambda unit: came[unit])

    k = 0
    while k + 1 < len(called) and len(standing(called[k])) > len(others(called[k])):
        k += 1
    volume = min(len(standing(called[k])), len(others(called[k])))
    if k and len(standing(called[k])) <= len(others(called[k])):
        before = called[k - 1]
        if min(len(standing(before)), len(others(before))) >= volume:
            k -= 1
    price = called[k]
    later = [unit for unit in leaving if k + 1 < len(called) and stays(unit, called[k + 1])]
    ranked = sorted(standing(price), key=lambda unit: unit not in later)
    volume = min(len(ranked), len(others(price)))
    return price, ranked[:volume], others(price)[:volume]


def naive_tender(bids: Sequence[Bid], offers: Sequence[Offer], *, uniform: bool) -> Books:
    """Take the best bid and the lowest reserve off two piles, a unit at a time."""
    waiting, on_sale = _bid_units(bids), _offer_units(offers)
    pairs: list[tuple[tuple[str, int], tuple[str, int]]] = []
    while waiting and on_sale:
        bid, offer = max(waiting, key=lambda u: u[1]), min(on_sale, key=lambda u: u[1])
        if bid[1] < offer[1]:
            break
        waiting.remove(bid)
        on_sale.remove(offer)
        pairs.append((bid, offer))
    price = max([*(u[1] for u in waiting), *(offer[1] for _, offer in pairs)], default=0)
    return books([Deal(o[0], b[0], price if uniform else b[1], 1) for b, o in pairs])


def naive_slot(slot: Slot, bids: Sequence[Bid], step_fen: int) -> Books:
    """Count the price down and let everyone say yes once."""
    left, waiting, deals = slot.quantity, list(bids), []
    for price in range(slot.ceiling_fen, slot.floor_fen - 1, -step_fen):
        for bid in [b for b in waiting if b.limit_fen >= price]:
            waiting.remove(bid)
            if min(left, bid.quantity):
                deals.append(Deal(slot.terminal, bid.buyer, price, min(left, bid.quantity)))
                left -= deals[-1].quantity
    return books(deals)


def naive_presale(offers: Sequence[PresaleOffer], orders: Sequence[PresaleOrder]) -> Books:
    """Serve one unit of one order at a time from the cheapest unit of its month."""
    units = [
        (offer.price_fen, k, offer.seller, offer.month)
        for k, offer in enumerate(offers)
        for _ in range(offer.quantity)
    ]
    deals = []
    for order in orders:
        for _ in range(order.quantity):
            fitting = [u for u in units if u[3] == order.month and u[0] <= order.limit_fen]
            if fitting:
                units.remove(min(fitting, key=lambda u: u[:2]))
                best = min(fitting, key=lambda u: u[:2])
                deals.append(Deal(best[2], order.buyer, best[0], 1))
    return books(deals)


def naive_take(board: ListingBoard, wants: Sequence[Want]) -> Books:
    """Serve one tonne of one want at a time, from copies of the listings; smallest takes of one tonne only."""
    left = {listing.number: board.left_t(listing.number) for listing in board.open_listings()}
    deals = []
    for want in wants:
        for _ in range(want.quantity_t):
            costs = [
                (listing.price_fen_per_t + want.haul_fen_per_t[listing.place], listing.number, listing)
                for listing in board.open_listings()
                if left[listing.number]
                and listing.place in want.haul_fen_per_t
                and listing.delivery == str(want.month)
                and listing.seller != want.buyer
            ]
            costs = [cost for cost in costs if cost[0] <= want.limit_fen_per_t]
            if costs:
                listing = min(costs, key=lambda cost: cost[:2])[2]
                left[listing.number] -= 1
                deals.append(Deal(listing.seller, want.buyer, listing.price_fen_per_t, 1))
    return books(deals)


def naive_book(messages: Sequence[Message], step_fen: int) -> Books:
    """Keep the resting orders in a list and look through all of them."""
    resting: list[list[object]] = []  # trader, side, price, units left, in time
    traded: dict[str, int] = {}
    deals = []
    for message in messages:
        resting = [order for order in resting if order[0] != message.trader]
        buys = message.side is Side.BUY
        limit = message.limit_fen // step_fen if buys else -(-message.limit_fen // step_fen)
        for _ in range(message.quantity - traded.get(message.trader, 0)):
            others = [
                o for o in resting
                if o[1] is not message.side and (o[2] <= limit if buys else o[2] >= limit)  # type: ignore[operator]
            ]  # fmt: skip
            if not others:
                break
            best = min(others, key=lambda o: o[2] if buys else -o[2])  # type: ignore[operator]
            seller, buyer = (best[0], message.trader) if buys else (message.trader, best[0])
            deals.append(Deal(str(seller), str(buyer), int(best[2]) * step_fen, 1))  # type: ignore[call-overload]
            best[3] = int(best[3]) - 1  # type: ignore[call-overload]
            traded[str(best[0])] = traded.get(str(best[0]), 0) + 1
            traded[message.trader] = traded.get(message.trader, 0) + 1
            resting = [order for order in resting if order[3]]
        left = message.quantity - traded.get(message.trader, 0)
        if left > 0:
            resting.append([message.trader, message.side, limit, left])
    return books(deals)
