"""Migrations of the findings tables."""
