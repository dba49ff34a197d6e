"""Monitors over logs, rule sets over hosts, patch roll-outs: what is looked at continually and becomes a signal when it drifts."""
