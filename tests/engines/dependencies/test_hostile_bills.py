"""Bills of materials and lockfiles as large as the readers let in, made to eat memory: reading any of them stays below 500 MB."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from watchbill.engines.dependencies import limits

MOST_BYTES = 500 * 1000 * 1000
XML_MOST = limits.MAX_XML_BYTES - 1_000
CYCLONEDX = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>'
VERIFIED = "verification-metadata"
READ = """
import sys
from pathlib import Path
from watchbill.engines.dependencies.reading import read
found = read(sys.argv[1], Path(sys.argv[2]).read_bytes(), lambda name: b'{"require": {"a/0": "*"}}')
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
print(peak, getattr(found, "code", "read"))
"""


def filled(before: str, each: str, after: str = "", most: int = XML_MOST) -> Callable[[], str]:
    """One entry over and over, up to a size."""
    return lambda: before + each * ((most - len(before) - len(after)) // len(each.encode())) + after


def numbered(before: str, each: str, after: str, number: int) -> Callable[[], str]:
    """So many entries, `#` being the number of each and `^` the next one's."""
    return lambda: before + "".join(each.replace("#", str(n)).replace("^", str(n + 1)) for n in range(number)) + after


def spdx_chain() -> str:
    packages = [{"SPDXID": str(n), "name": f"n{n}"} for n in range(70_000)]
    edges = [{"spdxElementId": str(n), "relationshipType": "DEPENDS_ON", "relatedSpdxElement": str(n + 1)} for n in range(70_000)]
    head = {"spdxVersion": "SPDX-2.3", "SPDXID": "D", "documentDescribes": ["0"]}
    return json.dumps({**head, "packages": packages, "relationships": edges})


CASES: dict[str, tuple[str, Callable[[], str]]] = {
    "elements of use": ("bom.xml", filled("<bom>", "<a/>", "</bom>")),
    "elements of no use": ("bom.xml", filled(CYCLONEDX, "<licenses/>", "</components></bom>")),
    "one component": ("bom.xml", filled(CYCLONEDX, "<component type='library'><name>a</name></component>", "</components></bom>")),
    "wide letters": ("bom.xml", filled(CYCLONEDX, "<component type='library'><name>\U0001f4a3</name></component>", "</components></bom>")),
    "components": (
        "bom.xml",
        numbered(CYCLONEDX, '<component type="library" bom-ref="#"><name>a#</name></component>', "</components></bom>", 290_000),
    ),
    "one attribute": ("bom.xml", filled('<bom a="', "a", '"/>')),
    "one text": ("bom.xml", filled("<bom>", "a", "</bom>")),
    "verified modules": (
        "verification-metadata.xml",
        numbered(f"<{VERIFIED}><components>", '<component group="a" name="b#" version="1"/>', f"</components></{VERIFIED}>", 199_000),
    ),
    "properties": (
        "pom.xml",
        numbered(
            f"<project><properties><a>{'x' * 1_000}</a></properties><dependencies>",
            f"<dependency><groupId>{'${a}' * 32}#</groupId><artifactId>a</artifactId><version>${{a}}</version></dependency>",
            "</dependencies></project>",
            100_000,
        ),
    ),
    "managed modules": (
        "pom.xml",
        numbered(
            "<project><dependencyManagement><dependencies>",
            "<dependency><groupId>a#</groupId><artifactId>a</artifactId><version>1</version></dependency>",
            "</dependencies></dependencyManagement></project>",
            145_000,
        ),
    ),
    "versions of a gem": ("Gemfile.lock", numbered("GEM\n  specs:\n", "    a (0.#)\n", "DEPENDENCIES\n  a\n", 900_000)),
    "a chain of gems": ("Gemfile.lock", numbered("GEM\n  specs:\n", "    a# (0.1)\n      a^\n", "DEPENDENCIES\n  a0\n", 199_000)),
    "needs of a gem": ("Gemfile.lock", numbered("GEM\n  specs:\n    a (1)\n", "      b#\n", "DEPENDENCIES\n  a\n", 900_000)),
    "modules": ("gradle.lockfile", numbered("", "a:b#:1=x\n", "", 199_000)),
    "tags": ("sbom.spdx", numbered("SPDXVersion: SPDX-2.3\n", "PackageName: a#\nSPDXID: SPDXRef-#\n", "", 199_000)),
    "as many relations as go": (
        "sbom.spdx",
        numbered("SPDXVersion: SPDX-2.3\nPackageName: a\n", "Relationship: a# DEPENDS_ON a^\n", "", limits.MAX_RELATIONS - 1),
    ),
    "relations": ("sbom.spdx", numbered("SPDXVersion: SPDX-2.3\nPackageName: a\n", "Relationship: a# DEPENDS_ON a^\n", "", 900_000)),
    "a chain in a document": ("spdx.json", spdx_chain),
    "packages that stand in": (
        "composer.lock",
        numbered('{"packages":[', '{"name":"a/#","version":"1","provide":{"x":"1"},"require":{"x":"1"}},', "{}]}", 70_000),
    ),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_it_is_answered_in_bounded_memory(case: str, tmp_path: Path) -> None:
    name, make = CASES[case]
    file = tmp_path / "file"
    file.write_text(make(), encoding="utf-8")
    ran = subprocess.run([sys.executable, "-c", READ, name, str(file)], capture_output=True, text=True, check=True, timeout=300)
    peak, code = ran.stdout.split()
    assert code in ("read", "too_large")
    assert int(peak) < MOST_BYTES
