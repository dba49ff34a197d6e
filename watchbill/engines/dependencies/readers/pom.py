"""pom.xml: what a Maven project asks for directly, properties and managed versions filled in as far as the files at hand tell.

A parent is looked up where `relativePath` says, within reach of the file only; its properties and managed versions count, what it asks
for itself stands in its own file. Versions managed by a bill of materials from elsewhere, or by a parent out of reach, are not known.
Plugins of the build are no dependencies. Format: the Maven POM reference.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_xml import Element, begins_like, xml_root
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened

INFO = ReaderInfo(name="pom", title="pom.xml", files=("pom.xml",), patterns=("*.pom", "*pom.xml"), ecosystems=("Maven",))

_NAMESPACE = "http://maven.apache.org/POM/"
_OF_NO_USE = frozenset(("build", "reporting", "repositories", "pluginRepositories", "distributionManagement", "exclusions", "licenses"))
_PROPERTY = re.compile(r"\$\{([^${}\s]{1,200})\}")
_EXACT = re.compile(r"\[\s*([^\[\](),\s]+)\s*\]")
_NOT_ONE_VERSION = re.compile(r"[\[\](),\s$]|^(?:LATEST|RELEASE)$")
_SCOPES = frozenset(("test", "provided", "system"))
_OWN = frozenset(("groupId", "artifactId", "version", "name", "packaging"))


@dataclass
class _Project:
    """One file, and the parents of it that were found, nearest first."""

    root: Element
    parents: list[Element] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    managed: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    imported: list[str] = field(default_factory=list)
    out_of_reach: str = ""
    filled: dict[str, str] = field(default_factory=dict)


def sniff(head: bytes) -> bool:
    """An XML document whose root is a Maven project."""
    return begins_like(head, "<project") and (begins_like(head, _NAMESPACE) or begins_like(head, "<modelVersion>"))


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The modules that the project asks for. Raises RefusedError, unsupported for another kind of XML."""
    del filename
    gathered = Collector("pom", "Maven")
    project = _Project(_project(data))
    _find_parents(project, beside, gathered)
    for root in (project.root, *project.parents):
        _learn(project, root)
    _manage(project)
    unknown = 0
    for groups, dependency in _asked(project.root):
        unknown += not _add(gathered, project, dependency, groups)
    if unknown and project.out_of_reach:
        gathered.note("not_included", f"versions may be managed by the parent {project.out_of_reach}, which is not at hand", "parent")
    if unknown and project.imported:
        listed = ", ".join(project.imported[:5])
        gathered.note("not_included", f"versions may be managed by what is imported from elsewhere: {listed}", "dependencyManagement")
    return gathered.inventory()


def _project(data: bytes) -> Element:
    namespace, root = xml_root(data, _OF_NO_USE)
    if root.name != "project" or not (namespace == "" or namespace.startswith(_NAMESPACE)):
        raise RefusedError("unsupported", "the file is XML, but no Maven project", f"line {root.line}")
    return root


def _asked(root: Element) -> list[tuple[tuple[str, ...], Element]]:
    """(groups, dependency) of the project and of its profiles, each of which is a group."""
    found: list[tuple[tuple[str, ...], Element]] = [((), one) for one in root.all("dependencies", "dependency")]
    for profile in root.all("profiles", "profile"):
        group = f"profile {profile.text_at('id')}".strip()
        found += [((group,), one) for one in profile.all("dependencies", "dependency")]
    return found


def _find_parents(project: _Project, beside: Beside, gathered: Collector) -> None:
    """The parents within reach, at most MAX_PARENTS; a file that isn't the parent asked for is not one."""
    here, child = PurePosixPath(), project.root
    for _ in range(limits.MAX_PARENTS):
        parent = child.first("parent")
        if parent is None:
            return
        project.out_of_reach = shortened(":".join(parent.text_at(key) for key in ("groupId", "artifactId", "version")), 300)
        place = parent.first("relativePath")
        found = _open(here, "../pom.xml" if place is None else place.text, beside, gathered)
        if found is None or not _is_parent(found[1], parent):
            return
        here, child = found
        project.parents.append(child)
        project.out_of_reach = ""


def _open(here: PurePosixPath, relative: str, beside: Beside, gathered: Collector) -> tuple[PurePosixPath, Element] | None:
    """(its folder, its root) of the file at a path, or of the pom.xml in the folder there; None if it can't be had."""
    if not relative or len(relative) > limits.MAX_PLACE_CHARS:
        return None
    place = here / relative.replace("\\", "/")
    data = beside(str(place))
    if data is None:
        place = place / "pom.xml"
        data = beside(str(place))
    if data is None:
        return None
    try:
        return place.parent, _project(data)
    except RefusedError as refusal:
        gathered.note(refusal.unreadable.code, f"the parent {shortened(relative, 80)}: {refusal.unreadable.reason}", "parent")
        return None


def _is_parent(root: Element, wanted: Element) -> bool:
    group = root.text_at("groupId") or root.text_at("parent", "groupId")
    return (group, root.text_at("artifactId")) == (wanted.text_at("groupId"), wanted.text_at("artifactId"))


def _learn(project: _Project, root: Element) -> None:
    """Take in the properties of a file; those of a nearer one stay."""
    properties = root.first("properties")
    for entry in properties.children if properties else ():
        if len(entry.text) <= limits.MAX_BOUND_CHARS:
            project.properties.setdefault(entry.name, entry.text)
    if root is project.root:
        for key in _OWN:
            text = root.text_at(key) or (root.text_at("parent", key) if key in ("groupId", "version") else "")
            for prefix in ("project.", "pom.", ""):
                if text:
                    project.properties.setdefault(prefix + key, text)
        for key in ("groupId", "artifactId", "version"):
            project.properties.setdefault(f"project.parent.{key}", root.text_at("parent", key))


def _manage(project: _Project) -> None:
    """Take in the managed versions, once all properties are known: a parent's are read with the project's own properties."""
    for root in (project.root, *project.parents):
        for one in root.all("dependencyManagement", "dependencies", "dependency"):
            group, artifact = _resolved(project, one.text_at("groupId")), _resolved(project, one.text_at("artifactId"))
            version = _resolved(project, one.text_at("version"))
            if one.text_at("scope") == "import":
                project.imported.append(shortened(f"{group}:{artifact}:{version}", 300))
            else:
                project.managed.setdefault((group, artifact), (version, one.text_at("scope")))


def _resolved(project: _Project, text: str) -> str:
    """The text with its properties filled in, as often as they name each other, within bounds; what isn't known stays as written."""
    if "${" not in text or len(text) > limits.MAX_BOUND_CHARS:
        return text
    known = project.filled.get(text)
    if known is None:
        known = project.filled[text] = _filled(project.properties, text)
    return known


def _filled(properties: dict[str, str], text: str) -> str:
    for _ in range(limits.MAX_PROPERTY_ROUNDS):
        filled = _PROPERTY.sub(lambda found: properties.get(found[1], found[0]), text, count=limits.MAX_PROPERTIES_FILLED)
        if filled == text or len(filled) > limits.MAX_BOUND_CHARS:
            break
        text = filled
    return text


def _add(gathered: Collector, project: _Project, dependency: Element, groups: tuple[str, ...]) -> bool:
    """Take in one dependency; whether its version is known."""
    group, artifact = (_resolved(project, dependency.text_at(key)) for key in ("groupId", "artifactId"))
    place = f"line {dependency.line}"
    if not group or not artifact:
        gathered.note("shape", "a dependency has no group or no name", place)
        return True
    managed, managed_scope = project.managed.get((group, artifact), ("", ""))
    written = _resolved(project, dependency.text_at("version")) or managed
    exact = _EXACT.fullmatch(written)
    version = exact[1] if exact else written
    pinned = bool(version) and _NOT_ONE_VERSION.search(version) is None
    scope = dependency.text_at("scope") or managed_scope
    optional = ("optional",) if dependency.text_at("optional") == "true" else ()
    gathered.add(
        f"{group}:{artifact}",
        version if pinned else "",
        place=place,
        direct=True,
        groups=(*groups, *((scope,) if scope in _SCOPES else ()), *optional),
        bound="" if pinned else written,
    )
    return pinned
