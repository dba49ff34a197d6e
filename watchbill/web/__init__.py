"""A door: pages, the API and static files. It asks queries, calls services, and decides nothing itself."""
