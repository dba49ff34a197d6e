"""gradle/verification-metadata.xml: the modules whose checksums Gradle verifies.

It names every version that was ever verified until somebody removes it, so a lockfile of the same build says more; a folder that has
one is read from that alone. Format: the Gradle manual, "Verifying dependencies".
"""

from watchbill.engines.dependencies.bills import strongest
from watchbill.engines.dependencies.formats.strict_xml import Element, begins_like, xml_root
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError

INFO = ReaderInfo(
    name="gradle_verification",
    title="Gradle verification-metadata.xml",
    files=("verification-metadata.xml",),
    patterns=("*verification-metadata*.xml",),
    ecosystems=("Maven",),
)

_OF_NO_USE = frozenset(("configuration", "pgp", "also-trust"))


def sniff(head: bytes) -> bool:
    """An XML document with the root element of such a file near its beginning."""
    return begins_like(head, "<verification-metadata")


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The modules that the file names. Raises RefusedError."""
    del filename, beside
    _, root = xml_root(data, _OF_NO_USE)
    if root.name != "verification-metadata":
        raise RefusedError("unsupported", "the file is XML, but no verification metadata of Gradle", f"line {root.line}")
    gathered = Collector("gradle_verification", "Maven")
    for component in root.all("components", "component"):
        group, name, version = (component.attributes.get(key, "") for key in ("group", "name", "version"))
        if group and name and version:
            gathered.add(f"{group}:{name}", version, place=f"line {component.line}", integrity=_checksum(component, f"{name}-{version}."))
        else:
            gathered.note("shape", "a component has no group, name or version", f"line {component.line}")
    return gathered.inventory()


def _checksum(component: Element, begins: str) -> str:
    """The checksum of the module's own archive, else of the first file that isn't its description."""
    artifacts = [one for one in component.all("artifact") if not one.attributes.get("name", "").endswith((".pom", ".module"))]
    artifacts.sort(key=lambda one: not one.attributes.get("name", "").startswith(begins))
    return strongest({sum_.name: sum_.attributes.get("value", "") for sum_ in artifacts[0].children}) if artifacts else ""
