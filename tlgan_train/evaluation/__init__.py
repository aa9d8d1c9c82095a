"""Measures generator and axes by the judge."""
