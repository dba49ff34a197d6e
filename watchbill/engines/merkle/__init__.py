"""The transparency log: RFC 6962 trees, proofs and signed checkpoints, computed from leaves and never stored here."""
