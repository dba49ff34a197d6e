"""One file a format: `INFO` describes it, `sniff(head)` recognises it, `read(filename, data, beside)` gives its packages."""
