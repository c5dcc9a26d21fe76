"""wanctl keeps internet links free of bufferbloat."""

__version__ = "0.1.0"
