"""Guided procedures: typed inputs, previewed and approved steps, dry run, undo, and a row per step that survives a crash."""
