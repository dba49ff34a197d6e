"""Lockfiles and SBOMs in, an inventory kept, known vulnerabilities matched both ways round."""
