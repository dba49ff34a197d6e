"""The notations that package files are written in, parsed strictly and within limits: plain lines, JSON, TOML, YAML."""
