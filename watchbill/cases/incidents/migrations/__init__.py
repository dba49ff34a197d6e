"""Migrations of the incidents tables."""
