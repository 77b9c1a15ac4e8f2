"""The ways in which SHPGX sells, beside listing: one file a mechanism, all in whole fen and whole units.

A mechanism is a function of bids and offers: it draws nothing, knows no agent and keeps no accounts. What a unit is,
10^4 m3 of gas or a tonne of LNG, the product's rulebook says. Money changes hands in settlement.py alone.
"""

from exchange.mechanisms.cargo import CargoOffer, cargo_tender
from exchange.mechanisms.continuous import Message, trade_continuously
from exchange.mechanisms.deals import Bid, Deal, Offer, Outcome
from exchange.mechanisms.downward import downward
from exchange.mechanisms.matching import Want, take_best
from exchange.mechanisms.members import Members, Signed
from exchange.mechanisms.presale import Band, PresaleOffer, PresaleOrder, presale
from exchange.mechanisms.rationing import Rationing
from exchange.mechanisms.rules import BiddingRules, bidding_rules, cap_fen
from exchange.mechanisms.sale import SaleName, hold_sale
from exchange.mechanisms.settlement import Fault, Performance, Settlement, settle
from exchange.mechanisms.slot import Slot, sell_slot, split
from exchange.mechanisms.tender import Pricing, tender
from exchange.mechanisms.uplift import uplift

__all__ = [
    "Band",
    "Bid",
    "BiddingRules",
    "CargoOffer",
    "Deal",
    "Fault",
    "Members",
    "Message",
    "Offer",
    "Outcome",
    "Performance",
    "PresaleOffer",
    "PresaleOrder",
    "Pricing",
    "Rationing",
    "SaleName",
    "Settlement",
    "Signed",
    "Slot",
    "Want",
    "bidding_rules",
    "cap_fen",
    "cargo_tender",
    "downward",
    "hold_sale",
    "presale",
    "sell_slot",
    "settle",
    "split",
    "take_best",
    "tender",
    "trade_continuously",
    "uplift",
]
