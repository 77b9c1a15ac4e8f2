"""Every conversion factor, and the only place where one stands.

Floats outside the kernels carry their unit in their name; a price crosses currencies and units through here only.
"""

from __future__ import annotations

from typing import Final

NS_PER_SECOND: Final = 1_000_000_000
NS_PER_MINUTE: Final = 60 * NS_PER_SECOND
NS_PER_HOUR: Final = 60 * NS_PER_MINUTE
NS_PER_DAY: Final = 24 * NS_PER_HOUR

BBL_PER_SC_LOT: Final = 1_000  # facts 1.1, contract text; Oman and Brent lots are 1,000 bbl as well
BBL_PER_M3: Final = 6.289_810_8  # 1 bbl = 42 US gallons = 158.987 L
BBL_PER_TONNE_CRUDE: Final = 7.33  # usual trade factor for medium crude

FEN_PER_CNY: Final = 100

MMBTU_PER_TONNE_LNG: Final = 51.7  # facts section 7
GAS_M3_PER_TONNE_LNG: Final = 1_400.0  # facts section 7 default; SHPGX's own figures imply 1,478
GAS_M3_PER_M3_LNG: Final = 622.0  # facts 3.6, Ningbo: 100 mn m3 unloaded = 62.2 bcm
TONNES_PER_M3_LNG: Final = GAS_M3_PER_M3_LNG / GAS_M3_PER_TONNE_LNG

USD_PER_BBL_PER_WS_POINT: Final = 0.029  # facts 4.2: WS 70.45 = 2.05 USD/bbl on the Gulf-China route


def cny_per_bbl(price_usd_per_bbl: float, fx_cny_per_usd: float) -> float:
    """Convert a crude price from USD to CNY per barrel."""
    return price_usd_per_bbl * fx_cny_per_usd


def usd_per_bbl(price_cny_per_bbl: float, fx_cny_per_usd: float) -> float:
    """Convert a crude price from CNY to USD per barrel."""
    return price_cny_per_bbl / fx_cny_per_usd


def cny_per_tonne_lng(price_usd_per_mmbtu: float, fx_cny_per_usd: float) -> float:
    """Convert an LNG price from USD/MMBtu to CNY/t, before VAT and regasification."""
    return price_usd_per_mmbtu * MMBTU_PER_TONNE_LNG * fx_cny_per_usd


def usd_per_mmbtu(price_cny_per_tonne_lng: float, fx_cny_per_usd: float) -> float:
    """Convert an LNG price from CNY/t to USD/MMBtu."""
    return price_cny_per_tonne_lng / (MMBTU_PER_TONNE_LNG * fx_cny_per_usd)


def gas_m3(tonnes_lng: float) -> float:
    """Convert tonnes of LNG to cubic metres of gas."""
    return tonnes_lng * GAS_M3_PER_TONNE_LNG


def tonnes_lng(gas_volume_m3: float) -> float:
    """Convert cubic metres of gas to tonnes of LNG."""
    return gas_volume_m3 / GAS_M3_PER_TONNE_LNG


def gas_m3_from_lng_m3(lng_m3: float) -> float:
    """Convert cubic metres of liquid to cubic metres of gas."""
    return lng_m3 * GAS_M3_PER_M3_LNG


def lng_m3(gas_volume_m3: float) -> float:
    """Convert cubic metres of gas to cubic metres of liquid."""
    return gas_volume_m3 / GAS_M3_PER_M3_LNG


def bcm_per_year_to_m3_per_day(bcm_per_year: float) -> float:
    """Convert a yearly flow in bcm to cubic metres a day."""
    return bcm_per_year * 1e9 / 365.0


def log_return_to_bps(log_change: float) -> float:
    """Convert a change of the log price to basis points."""
    return log_change * 1e4
