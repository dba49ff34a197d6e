"""The server's commands, one file each; `main.py` finds them by walking this folder, so adding one edits no list."""
