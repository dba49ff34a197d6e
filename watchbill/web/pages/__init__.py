"""The pages: one module each, reading through the rooms' queries and acting through their services."""
