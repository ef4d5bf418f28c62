"""Answers of the tools that people use now, on our models: what tests/parity compares with."""
