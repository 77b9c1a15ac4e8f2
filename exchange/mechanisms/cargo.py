"""The tender for one LNG cargo that is paid for in yuan, whatever currency its price was quoted in.

The cargo is whole: it has one seller. The exchange rate is the caller's; no bank stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from exchange.mechanisms.deals import Bid, Deal, Offer, Outcome, check
from exchange.mechanisms.tender import Pricing
from exchange.units import FEN_PER_CNY, cny_per_tonne_lng


@dataclass(frozen=True)
class CargoOffer:
    """Offer a cargo delivered: `price` in CNY/t or in USD/MMBtu."""

    seller: str
    price: float
    currency: Literal["CNY", "USD"]

    def fen_per_t(self, fx_cny_per_usd: float) -> int:
        """Return what a tonne costs in whole fen, at this exchange rate."""
        price = self.price if self.currency == "CNY" else cny_per_tonne_lng(self.price, fx_cny_per_usd)
        return round(FEN_PER_CNY * price)


def cargo_tender(
    bid: Bid, offers: Sequence[CargoOffer], *, fx_cny_per_usd: float, pricing: Pricing = Pricing.PAY_AS_BID
) -> Outcome:
    """Buy one cargo of `bid.quantity` tonnes from the lowest offer, in yuan, or from nobody above the limit.

    The seller gets its own offer (PAY_AS_BID) or the second lowest, at most the buyer's limit (UNIFORM). Of equal
    offers the first is taken. Raises ValueError for what `check` refuses.
    """
    prices = [offer.fen_per_t(fx_cny_per_usd) for offer in offers]
    check([bid], [Offer(o.seller, price, bid.quantity) for o, price in zip(offers, prices, strict=True)])
    order = sorted(range(len(offers)), key=prices.__getitem__)
    if not order or prices[order[0]] > bid.limit_fen:
        return Outcome(())
    price_fen = prices[order[0]]
    if pricing is Pricing.UNIFORM:
        price_fen = min([bid.limit_fen, *(prices[k] for k in order[1:2])])
    return Outcome((Deal(offers[order[0]].seller, bid.buyer, price_fen, bid.quantity),))
