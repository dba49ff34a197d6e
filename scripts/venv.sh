#!/bin/sh
# Makes .venv and installs one locked set of packages into it: sh scripts/venv.sh run|dev|browser
#
# What it never does: install anything that is not in requirements/ with its hash, touch a Python outside .venv, or fetch a Python.
# A set already installed is known by the copy of its lock file kept in .venv, so a repeat costs a comparison.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
wanted=${1:?usage: sh scripts/venv.sh run|dev|browser}
lock=requirements/$wanted.txt
venv=.venv
python=$venv/bin/python

say() { printf '%s\n' "$*" >&2; }

[ -f "$lock" ] || { say "There is no set of packages named '$wanted' in requirements/."; exit 2; }

# Prints `ready`, or what the interpreter lacks; nothing when it can't run at all. Shims of version managers are found on the
# path and then fail, so each candidate is run, not looked up.
probe() {
    "$1" -c '
import sys
if sys.version_info < (3, 11):
    print("old")
else:
    try:
        import ensurepip, venv
        print("ready")
    except ImportError:
        print("no-venv %d.%d" % sys.version_info[:2])
' 2>/dev/null || true
}

find_python() {
    lacking=
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        case "$(probe "$candidate")" in
            ready) printf '%s\n' "$candidate"; return ;;
            no-venv*) [ -n "$lacking" ] || lacking=$(probe "$candidate" | cut -d' ' -f2) ;;
        esac
    done
    if [ -n "$lacking" ]; then
        say "Python $lacking is here, but it can't make virtual environments: its ensurepip is missing."
        say "On Debian or Ubuntu: apt-get install python$lacking-venv   (or python3-venv)"
    else
        say "No Python 3.11 or newer was found (tried PYTHON, python3.13, python3.12, python3.11, python3, python)."
        say "On Debian or Ubuntu: apt-get install python3 python3-venv"
    fi
    exit 1
}

# A moved clone or an interpreter that went away leaves a .venv that points nowhere: that one is made again.
venv_fits() {
    [ -x "$python" ] && "$python" -c '' 2>/dev/null && { [ ! -f "$venv/made-for" ] || [ "$(cat "$venv/made-for")" = "$here" ]; }
}

write_launcher() {  # name, module: a script that starts with this tree's Python, whatever the path looks like
    cat > "$venv/bin/$1" <<LAUNCHER
#!/bin/sh
'''exec' "$here/$python" "\$0" "\$@"
' '''
import sys

from $2 import main

sys.exit(main())
LAUNCHER
    chmod 755 "$venv/bin/$1"
}

make_venv() {
    found=$(find_python)
    say "Making .venv with $("$found" --version 2>&1)"
    "$found" -m venv --clear "$venv"
}

# pip refuses hashes together with an editable install, so the tree is put on the path by a .pth file.
point_at_tree() {
    "$python" - "$here" <<'POINT'
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "watchbill.pth").write_text(sys.argv[1] + "\n", encoding="utf-8")
POINT
    write_launcher watchbill watchbill.cli.main
    write_launcher wb watchbill.client.wb
    printf '%s\n' "$here" > "$venv/made-for"
}

have_uv() {
    pinned=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/uv.txt)
    case "$("$venv/bin/uv" --version 2>/dev/null)" in "uv $pinned"*) return 0 ;; esac
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt \
        2>/dev/null
}

install_set() {
    say "Installing the locked packages: $lock"
    if have_uv; then
        UV_PYTHON_DOWNLOADS=never "$venv/bin/uv" pip install --quiet --system-certs --python "$python" --require-hashes -r "$lock" && return
        say "uv could not install them; trying pip."
    else
        say "uv could not be had; pip does it too, only slower."
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
}

# The larger sets hold the smaller ones at the same versions (tests/contract sees to it).
mark_installed() {
    for set in run dev browser; do
        cp "requirements/$set.txt" "$venv/installed-$set.txt"
        [ "$set" != "$wanted" ] || return 0
    done
}

venv_fits || make_venv
[ -f "$venv/made-for" ] || point_at_tree
if ! cmp -s "$lock" "$venv/installed-$wanted.txt"; then
    install_set
    mark_installed
fi
