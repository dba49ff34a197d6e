"""Log matching: Sigma rules decided exactly over blocks of raw lines, filtered before they are parsed."""
