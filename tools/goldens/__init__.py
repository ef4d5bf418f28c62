"""Answers of the tools that people use now, on our models: what tests/parity compares with."""

import sys
from pathlib import Path

# The random networks' scripts stand alone, and import one another as such.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "nets"))
