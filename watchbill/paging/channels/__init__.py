"""One self-describing file a channel (INFO, unusable, send); found by walking this folder, so adding one edits no list."""
