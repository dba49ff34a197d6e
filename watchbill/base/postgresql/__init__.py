"""The database backend for PostgreSQL; see base.py."""
