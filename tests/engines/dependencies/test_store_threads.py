"""Many threads at one store: a reader sees the old state or the new one, never between; and a killed load leaves the old."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.engines.dependencies.osv_samples import as_bytes, osv, package
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.store import AdvisoryStore

MANY = 60


def edition(word: str) -> list[tuple[str, bytes]]:
    """All advisories of one edition; in each every one of them says the same word."""
    return [(f"{n}", as_bytes(osv(f"SALT-{n}", "hawser", summary=word))) for n in range(MANY)]


def test_a_reader_sees_the_whole_old_state_while_a_load_is_under_way(tmp_path: Path) -> None:
    with AdvisoryStore.open(tmp_path / "a.db") as store:
        half_way, go_on = threading.Event(), threading.Event()

        def slowly():  # yields the documents, and waits in the middle until told
            for place, item in enumerate(edition("first")):
                if place == MANY // 2:
                    half_way.set()
                    assert go_on.wait(30)
                yield item

        loading = threading.Thread(target=lambda: store.load_advisories(slowly()))
        loading.start()
        assert half_way.wait(30)
        assert store.status().advisories == 0
        assert store.match([package("hawser")]).hits == ()
        go_on.set()
        loading.join(30)
        assert store.status().advisories == MANY
        assert len(store.match([package("hawser")]).hits) == MANY


def test_readers_never_see_half_an_edition(tmp_path: Path) -> None:
    with AdvisoryStore.open(tmp_path / "a.db") as store:
        store.load_advisories(edition("even"))
        seen: set[int] = set()
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                seen.add(len(store.match([package("hawser", "1.0.0")]).hits))

        readers = [threading.Thread(target=look) for _ in range(3)]
        for reader in readers:
            reader.start()
        for turn in range(6):
            events = [{"introduced": "0"}] if turn % 2 else [{"introduced": "5.0"}]
            store.load_advisories([(str(n), as_bytes(osv(f"SALT-{n}", "hawser", events=events))) for n in range(MANY)])
        done.set()
        for reader in readers:
            reader.join(30)
        assert seen <= {0, MANY}


def test_two_loads_at_once_queue_and_both_stand(tmp_path: Path) -> None:
    with AdvisoryStore.open(tmp_path / "a.db") as store:
        sets = [[(f"{k}-{n}", as_bytes(osv(f"SALT-{k}-{n}"))) for n in range(MANY)] for k in range(4)]
        threads = [threading.Thread(target=store.load_advisories, args=(one,)) for one in sets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert store.status().advisories == 4 * MANY


def test_a_load_that_fails_in_the_middle_frees_the_store_for_the_next(tmp_path: Path) -> None:
    with AdvisoryStore.open(tmp_path / "a.db") as store:

        def breaking():
            yield from edition("first")[:10]
            raise OSError("the cable was cut")

        with pytest.raises(OSError, match="cable"):
            store.load_advisories(breaking())
        assert store.status().advisories == 0
        assert store.load_advisories(edition("second")).added == MANY


def test_another_process_that_loads_makes_this_one_wait_and_then_say_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbill.engines.dependencies.store_limits.BUSY_SECONDS", 0.05)
    with AdvisoryStore.open(tmp_path / "a.db") as mine, AdvisoryStore.open(tmp_path / "a.db") as other:

        def while_loading():
            yield edition("theirs")[0]
            with pytest.raises(LoadRefused) as refused:
                mine.load_advisories(edition("mine"))
            assert refused.value.unreadable.code == "busy"

        other.load_advisories(while_loading())
        assert mine.load_advisories(edition("mine")).added == MANY - 1


_KILLED = """
import sys, time
from pathlib import Path
from tests.engines.dependencies.osv_samples import as_bytes, osv
from watchbill.engines.dependencies.store import AdvisoryStore

def documents():
    for n in range(3000):
        yield str(n), as_bytes(osv(f"SALT-NEW-{n}", details="x" * 2000))
        if n == 2500:
            print("half way", flush=True)
            time.sleep(60)

AdvisoryStore.open(Path(sys.argv[1])).load_advisories(documents())
"""


def test_a_load_that_is_killed_leaves_the_old_state_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with AdvisoryStore.open(path) as store:
        store.load_advisories(edition("old"))
    child = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"half way\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait(30)
    with AdvisoryStore.open(path) as store:
        assert store.status().advisories == MANY
        assert len(store.match([package("hawser")]).hits) == MANY
        assert store.load_advisories(edition("new")).changed == MANY
