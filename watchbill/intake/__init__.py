"""Every way in: scans, watched paths, the inbox door; bytes become signals and packages, kept raw before they are read."""
