"""Django's SQLite backend with our durability settings and one fair turn for all threads that write."""
