"""The sample company Saltmarsh Terminals: set up through the same services as a real one, so that the first minute shows the real thing."""
