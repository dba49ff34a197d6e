"""CycloneDX in XML: the same bill as its JSON twin, whatever either says."""

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared_data
from watchbill.engines.dependencies.packages import Inventory, Unreadable
from watchbill.engines.dependencies.reading import read, reader_for

NAMESPACE = "http://cyclonedx.org/schema/bom/1.6"

words = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=["Cc", "Zs"]), min_size=1, max_size=8)
purls = st.one_of(st.builds(lambda name: f"pkg:npm/{name}@1.0.0", st.sampled_from("abc")), st.just("pkg:generic/x?a=1&b=2"), words)
people = st.fixed_dictionaries({}, optional={"name": words, "email": words})
components: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["library", "file", "application"])},
        optional={
            "bom-ref": st.sampled_from("abcdef"),
            "group": words,
            "name": words,
            "version": words,
            "purl": purls,
            "scope": st.sampled_from(["required", "optional", "excluded"]),
            "publisher": words,
            "author": words,
            "supplier": st.fixed_dictionaries({"name": words, "contact": st.lists(people, max_size=2)}),
            "authors": st.lists(people, max_size=2),
            "properties": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["x:owner", "tier"]), "value": words}), max_size=2),
            "hashes": st.lists(st.fixed_dictionaries({"alg": st.sampled_from(["MD5", "SHA-256"]), "content": words}), max_size=2),
        },
    ),
    lambda inner: st.builds(lambda outer, parts: {**outer, "components": parts}, inner, st.lists(inner, max_size=3)),
    max_leaves=4,
)
bills = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"component": components}, optional={"authors": st.lists(people, max_size=2)}),
        "components": st.lists(components, max_size=4),
        "dependencies": st.lists(
            st.fixed_dictionaries({"ref": st.sampled_from("abcdef"), "dependsOn": st.lists(st.sampled_from("abcdef"), max_size=3)}),
            max_size=5,
        ),
    }
)


def element(tag: str, content: str = "", **attributes: str) -> str:
    written = "".join(f" {key.replace('_', '-')}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{tag}{written}>{content}</{tag}>"


def several(outer: str, inner: Callable[[Any], str], values: list[Any] | None) -> str:
    return element(outer, "".join(inner(value) for value in values)) if values is not None else ""


def person(name: str, value: dict[str, str]) -> str:
    return element(name, "".join(element(key, escape(text)) for key, text in value.items()))


def component_xml(value: dict[str, Any]) -> str:
    texts = ("author", "publisher", "group", "name", "version", "scope", "purl")
    inner = "".join(element(key, escape(value[key])) for key in texts if key in value)
    if "supplier" in value:
        people_of_it = "".join(person("contact", one) for one in value["supplier"]["contact"])
        inner += element("supplier", element("name", escape(value["supplier"]["name"])) + people_of_it)
    inner += several("authors", lambda one: person("author", one), value.get("authors"))
    inner += several("properties", lambda one: element("property", escape(one["value"]), name=one["name"]), value.get("properties"))
    inner += several("hashes", lambda one: element("hash", escape(one["content"]), alg=one["alg"]), value.get("hashes"))
    inner += several("components", component_xml, value.get("components"))
    reference = {"bom_ref": value["bom-ref"]} if "bom-ref" in value else {}
    return element("component", inner, type=value["type"], **reference)


def bill_xml(bill: dict[str, Any]) -> str:
    metadata = bill["metadata"]
    authors = several("authors", lambda one: person("author", one), metadata.get("authors"))
    return element(
        "bom",
        element("metadata", authors + component_xml(metadata["component"]))
        + several("components", component_xml, bill["components"])
        + several(
            "dependencies",
            lambda node: element("dependency", "".join(element("dependency", ref=ref) for ref in node["dependsOn"]), ref=node["ref"]),
            bill["dependencies"],
        ),
        xmlns=NAMESPACE,
    )


def packages_of(text: str) -> Inventory:
    found = read("bom.xml", text.encode())
    assert isinstance(found, Inventory), found
    return found


@given(bills)
def test_a_bill_and_its_twin_in_json_say_the_same(bill: dict[str, Any]) -> None:
    twin = read("bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **bill}).encode())
    assert isinstance(twin, Inventory)
    assert msgspec.structs.replace(packages_of(bill_xml(bill)), kind="cyclonedx") == twin


def test_the_published_bill_and_its_published_twin_say_the_same() -> None:
    folder = shared_data("vulnerabilities", "sboms")
    in_xml, in_json = (read(name, (folder / name).read_bytes()) for name in ("laravel-7.12.0.cdx-1.2.xml", "laravel-7.12.0.cdx-1.4.json"))
    assert isinstance(in_xml, Inventory)
    assert isinstance(in_json, Inventory)
    assert (in_xml.packages, in_xml.subject) == (in_json.packages, in_json.subject)
    assert (len(in_xml.packages), in_xml.packages[-1].path[0]) == (62, "laravel/laravel@v7.12.0")


def test_a_published_bill_in_xml_is_read_to_its_last_component() -> None:
    path = shared_data("vulnerabilities", "sboms", "cern-lhc-vdm-editor.xml")
    found = read(path.name, path.read_bytes())
    assert isinstance(found, Inventory)
    written = {part.split("<")[0] for part in path.read_text().split("<components>")[1].split("<purl>")[1:]}
    assert {package.purl.replace("%40", "@") for package in found.packages} == {purl.replace("%40", "@") for purl in written}
    assert {package.ecosystem for package in found.packages} == {"npm"}


@pytest.mark.parametrize("version", [f"1.{minor}" for minor in range(8)])
def test_every_version_of_the_specification_is_read(version: str) -> None:
    parts = f"<components>{component_xml({'type': 'library', 'name': 'a'})}</components>"
    text = f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}">{parts}</bom>'
    assert [package.name for package in packages_of(text).packages] == ["a"]


@pytest.mark.parametrize("version", ["2.0", "1.99", "", "1.4/x"])
def test_another_version_of_the_specification_is_unsupported(version: str) -> None:
    found = read("bom.xml", f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}"/>'.encode())
    assert isinstance(found, Unreadable)
    assert found.code == "unsupported"


@pytest.mark.parametrize("text", ["<bom/>", '<bom xmlns="urn:x"/>', f'<project xmlns="{NAMESPACE}"/>', "<html/>"])
def test_another_kind_of_xml_is_unsupported(text: str) -> None:
    found = read("bom.xml", text.encode())
    assert isinstance(found, Unreadable)
    assert found.code == "unsupported"


def test_components_of_tools_and_of_pedigrees_are_no_parts() -> None:
    inner = component_xml({"type": "library", "name": "other"})
    outer = f"<component type='library'><name>a</name><pedigree><ancestors>{inner}</ancestors></pedigree></component>"
    metadata = f"<metadata><tools><components>{inner}</components></tools></metadata>"
    text = f'<bom xmlns="{NAMESPACE}">{metadata}<components>{outer}</components></bom>'
    assert [package.name for package in packages_of(text).packages] == ["a"]


def test_a_component_inside_another_at_ninety_levels_is_read() -> None:
    inner: dict[str, Any] = {"type": "library", "name": "a0"}
    for depth in range(1, 90):
        inner = {"type": "library", "name": f"a{depth}", "components": [inner]}
    text = f'<bom xmlns="{NAMESPACE}"><components>{component_xml(inner)}</components></bom>'
    assert len(packages_of(text).packages) == 90


@pytest.mark.parametrize("name", ["bom.xml", "app.cdx.xml", "app-bom.xml", "sbom.xml", "cyclonedx-report.xml", "whatever"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_it_is_known_by_its_names_and_by_its_content(name: str, encoding: str) -> None:
    found = reader_for(name, f'<?xml version="1.0"?><bom xmlns="{NAMESPACE}"/>'.encode(encoding))
    assert found is not None
    assert found.name == "cyclonedx_xml"
