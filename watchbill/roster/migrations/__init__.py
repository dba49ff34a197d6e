"""How the roster's tables came to be."""
