"""Package readers, version order, the advisory store and matching: bytes of lockfiles and SBOMs in, known vulnerabilities out."""
