"""LNG prices brought to one place and one tax: delivered ex ship, on the lorry at a terminal, at a plant inland.

It is arithmetic on prices; who may trade between the places, and whether it pays, is not its business.
"""

from __future__ import annotations

from exchange.units import GAS_M3_PER_TONNE_LNG, cny_per_tonne_lng, usd_per_mmbtu


def on_lorry_cny_per_t(
    des_usd_per_mmbtu: float,
    fx_cny_per_usd: float,
    *,
    vat: float,
    fee_cny_per_m3_gas: float,
    haul_cny_per_t: float = 0.0,
) -> float:
    """Return what LNG bought DES costs on the lorry, VAT paid: price x FX x (1 + VAT) + terminal fee + haul.

    The fee is regasification or truck loading, in CNY a m3 of gas. Source: facts on taxes and parity; import VAT is
    9 % since April 2019.
    """
    fee_cny_per_t = fee_cny_per_m3_gas * GAS_M3_PER_TONNE_LNG
    return cny_per_tonne_lng(des_usd_per_mmbtu, fx_cny_per_usd) * (1.0 + vat) + fee_cny_per_t + haul_cny_per_t


def netback_des_usd_per_mmbtu(
    price_cny_per_t: float,
    fx_cny_per_usd: float,
    *,
    vat: float,
    fee_cny_per_m3_gas: float,
    haul_cny_per_t: float = 0.0,
) -> float:
    """Return the DES price that a price on the lorry pays for: the inverse of `on_lorry_cny_per_t`."""
    fee_cny_per_t = fee_cny_per_m3_gas * GAS_M3_PER_TONNE_LNG
    return usd_per_mmbtu((price_cny_per_t - haul_cny_per_t - fee_cny_per_t) / (1.0 + vat), fx_cny_per_usd)
