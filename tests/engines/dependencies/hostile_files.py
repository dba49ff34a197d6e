"""Files made to eat memory or time, as large as the readers let in, and what reading one costs (run as a child, it tells).

Each is a function of the largest size in bytes; those for a notation go to every reader of it, those for a format to its own.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory
from watchbill.engines.dependencies.reading import read

Maker = Callable[[int], bytes]

JSON_MOST = limits.MAX_LOCKFILE_BYTES
TOML_MOST = limits.MAX_TOML_BYTES
YAML_MOST = limits.MAX_YAML_BYTES
XML_MOST = limits.MAX_XML_BYTES


def filled(before: bytes, filler: bytes, after: bytes = b"") -> Maker:
    """One filler over and over."""
    return lambda most: before + filler * ((most - len(before) - len(after)) // len(filler)) + after


def numbered(before: str, each: str, after: str = "", *, at_most: int = 10_000_000) -> Maker:
    """An entry over and over, with its number for `#` and the number before it for `^`."""

    def made(most: int) -> bytes:
        data, number = bytearray(before.encode()), 0
        while number < at_most:
            part = each.replace("#", str(number)).replace("^", str(max(0, number - 1)))
            if len(data) + len(part) + len(after) > most:
                break
            data += part.encode()
            number += 1
        return bytes(data + after.encode())

    return made


def capped(make: Maker, most: int) -> Maker:
    """The same for a notation that is let in up to a smaller size."""
    return lambda room: make(min(room, most))


ANY: dict[str, Maker] = {
    "one long line": filled(b"", b"a"),
    "blanks": filled(b"", b" "),
    "line ends": filled(b"", b"\n"),
    "quotes": filled(b"", b'"'),
    "backslashes": filled(b"", b"\\"),
    "comments": filled(b"", b"#\n"),
    "short words": filled(b"", b"a\n"),
    "letters of four bytes": filled(b"", "\U0001f4a3".encode()),
    "zeros": filled(b"", b"\0"),
    "long lines": filled(b"", b"a" * (limits.MAX_LINE_CHARS - 1) + b"\n"),
}

JSON: dict[str, Maker] = {
    "brackets": filled(b"", b"["),
    "braces": filled(b"", b'{"a":'),
    "empty objects": filled(b'{"x":[', b"{},", b"0]}"),
    "empty lists": filled(b'{"x":[', b"[],", b"0]}"),
    "numbers": filled(b'{"x":[', b"1.5,", b"0]}"),
    "short strings": filled(b'{"x":[', b'"ab",', b"0]}"),
    "one string": filled(b'{"x":"', b"a", b'"}'),
    "escapes": filled(b'{"x":"', b"\\u00e9", b'"}'),
    "one number": filled(b'{"x":', b"9", b"}"),
    "many keys": numbered('{"x":{', '"k#":1,', '"k":1}}'),
    "small objects": numbered('{"x":[', '{"k#":"v"},', "0]}", at_most=limits.MAX_JSON_VALUES // 3 - 2),
    "as many pairs as go": numbered('{"x":{', '"some key #":"value #",', '"k":1}}', at_most=limits.MAX_JSON_VALUES - 5),
    "as many numbers as go": numbered('{"x":[', "1#.5,", "0]}", at_most=limits.MAX_JSON_VALUES - 5),
    "as many lists as go": numbered('{"x":[', "[#],", "0]}", at_most=limits.MAX_JSON_VALUES // 2 - 5),
    "nested pairs": filled(b'{"x":[', b'{"a":{"b":[]}},', b"0]}"),
}

TOML: dict[str, Maker] = {
    "brackets": filled(b"a = ", b"["),
    "headers": filled(b"", b"[a]\n"),
    "many headers": numbered("", "[a#]\n"),
    "dotted headers": numbered("", "[a#.b.c.d.e.f]\n"),
    "many keys": numbered("", "a#=1\n"),
    "inline tables": numbered("x=[", "{a#=1},", "]"),
    "as many keys as go": numbered("", "a#=1\n", at_most=limits.MAX_TOML_VALUES - 1),
    "as many tables as go": numbered("x=[", "{a#=1},", "]", at_most=limits.MAX_TOML_VALUES // 3 - 2),
    "as many headers as go": numbered("", "[[a]]\n[a.b#]\n", at_most=limits.MAX_TOML_HEADER_PARTS // 3),
    "as many dots as go": numbered("", "a#.b.c.d=1\n", at_most=limits.MAX_TOML_KEY_DOTS // 3),
    "dots in tables": numbered("x={", "a#.b.c.d=1,", "}", at_most=limits.MAX_TOML_KEY_DOTS // 3),
    "numbers": filled(b"x=[", b"1,", b"]"),
    "one string": filled(b'x="', b"a", b'"\n'),
    "an open string": filled(b'x="""', b"a\n"),
    "dates": filled(b"x=[", b"2024-01-01T00:00:00Z,", b"]"),
    "one key": filled(b"", b"a.", b"a=1\n"),
    "dotted keys": numbered("", "a#.b.c.d=1\n"),
}

YAML: dict[str, Maker] = {
    "brackets": filled(b"a: ", b"["),
    "numbers": filled(b"a: [", b"1,", b"]"),
    "as many pairs as go": numbered("a:\n", "  some key #: value #\n", at_most=limits.MAX_YAML_VALUES // 2 - 5),
    "as many lists as go": numbered("a:\n", "  - [#]\n", at_most=limits.MAX_YAML_VALUES // 3 - 5),
    "as many maps as go": numbered("a:\n", "  - {a#: b}\n", at_most=limits.MAX_YAML_VALUES // 4 - 5),
    "indentation": numbered("", "a#:\n"),
    "items": filled(b"", b"- "),
    "aliases": filled(b"a: &a [x]\nb: [", b"*a,", b"]"),
    "anchors": numbered("x: [", "&a# 1,", "]"),
    "tags": filled(b"x: [", b"!!str 1,", b"]"),
    "documents": filled(b"", b"---\na: b\n"),
    "folded": filled(b"a: >\n", b"  b\n"),
    "keys with question marks": numbered("", "? a#\n: b\n"),
    "one key": filled(b'? "', b"a, ", b'"\n: b\n'),
    "flow maps": filled(b"a: [", b"{b: {c: d}},", b"]"),
}

XML: dict[str, Maker] = {
    "depth": filled(b"", b"<a>"),
    "empty elements": filled(b"<bom>", b"<a/>", b"</bom>"),
    "elements": numbered("<bom>", "<a#>text</a#>", "</bom>"),
    "as many elements as are kept": numbered(
        "<bom><components>", "<component><name>n#</name></component>", "</components></bom>", at_most=limits.MAX_XML_KEPT // 2 - 2
    ),
    "as many attributes as go": numbered(
        "<bom>",
        "<a " + " ".join(f"b{n}='#'" for n in range(limits.MAX_XML_ATTRIBUTES)) + "/>",
        "</bom>",
        at_most=limits.MAX_XML_KEPT * 2 // limits.MAX_XML_ATTRIBUTES - 1_000,
    ),
    "attributes": numbered("<bom ", "a#='v' ", "/>"),
    "attributes of many elements": filled(b"<bom>", b"<a b='1' c='2' d='3' e='4' f='5' g='6'/>", b"</bom>"),
    "one text": filled(b"<bom>", b"a", b"</bom>"),
    "texts": filled(b"<bom>", b"a<b/>", b"</bom>"),
    "one name": filled(b"<", b"a", b"/>"),
    "names": numbered("<bom>", f"<{'n' * 1_000}#/>", "</bom>"),
    "namespaces": numbered("<bom>", "<a xmlns='urn:#'/>", "</bom>"),
    "one comment": filled(b"<bom><!--", b"a", b"--></bom>"),
    "instructions": filled(b"<bom>", b"<?a b?>", b"</bom>"),
    "character data": filled(b"<bom>", b"<![CDATA[a]]>", b"</bom>"),
    "references": filled(b"<bom>", b"&amp;", b"</bom>"),
    "a laugh": filled(
        b"<!DOCTYPE bom [<!ENTITY a0 'ha'>"
        + b"".join(b"<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;'>" % (n, n - 1, n - 1, n - 1, n - 1) for n in range(1, 40))
        + b"]><bom>&a39;</bom>",
        b" ",
    ),
    "a quadratic laugh": filled(b"<!DOCTYPE bom [<!ENTITY a '" + b"ha" * 50_000 + b"'>]><bom>", b"&a;", b"</bom>"),
}

BERRY = "__metadata:\n  version: 8\n"
AS_MANY = limits.MAX_PACKAGES - 2
PACKAGE = '[[package]]\nname="a#"\nversion="1"\nsource="registry+x"\ndependencies=["a^"]\n'

FORMATS: dict[str, dict[str, Maker]] = {
    "package-lock.json": {
        "packages": numbered(
            '{"lockfileVersion":3,"packages":{"":{}',
            ',"node_modules/a#":{"version":"1.0.0"}',
            "}}",
            at_most=limits.MAX_JSON_VALUES // 3 - 5,
        ),
        "a chain": numbered(
            '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a0":""}},"node_modules/a":{}',
            ',"node_modules/a#":{"version":"1.0.0","peerDependencies":{"a^":""}}',
            "}}",
            at_most=limits.MAX_JSON_VALUES // 11,
        ),
        "long names in a chain": numbered(
            '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a0":""}}',
            f',"node_modules/a#":{{"name":"{"n" * 300}#","version":"1.0.0","dependencies":{{"a^":""}}}}',
            "}}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "version 1": numbered(
            '{"lockfileVersion":1,"requires":true,"dependencies":{"a":{}',
            ',"a#":{"version":"1.0.0"}',
            "}}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "needs": numbered(
            '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":""', ',"a#":""', "}}}}", at_most=limits.MAX_JSON_VALUES - 20
        ),
        "deep folders": filled(b'{"lockfileVersion":3,"packages":{"":{},"', b"node_modules/a/", b'node_modules/b":{"version":"1.0.0"}}}'),
    },
    "yarn.lock": {
        "packages": numbered("# yarn lockfile v1\n", 'a#@1:\n  version "1"\n  dependencies:\n    a^ "1"\n', at_most=limits.MAX_PACKAGES),
        "long names": numbered(
            "# yarn lockfile v1\n", f'{"n" * 250}#@1:\n  version "1"\n  dependencies:\n    {"n" * 250}^ "1"\n', at_most=limits.MAX_PACKAGES
        ),
        "specifiers": numbered("# yarn lockfile v1\n", "a#@1, " * 1_000 + 'a@1:\n  version "1"\n'),
        "aliases": filled(b"# yarn lockfile v1\n", b"a@npm:" * 10_000 + b'a@1:\n  version "1"\n'),
        "berry": capped(numbered(BERRY, "a#@npm:1:\n  version: 1\n  resolution: a#@npm:1\n", at_most=limits.MAX_PACKAGES - 2), YAML_MOST),
        "berry specifiers": capped(filled(BERRY.encode() + b'? "', b"a@1, ", b'"\n: {version: 1}\n'), YAML_MOST),
        "berry aliases": capped(filled(BERRY.encode() + b'? "', b"a@npm:", b'"\n: {version: 1}\n'), YAML_MOST),
        "berry blanks": capped(filled(BERRY.encode() + b'? "', b" ", b'"\n: {version: 1}\n'), YAML_MOST),
    },
    "pnpm-lock.yaml": {
        "packages": numbered("lockfileVersion: '9.0'\npackages:\n", "  a#@1.0.0: {}\n", at_most=limits.MAX_PACKAGES - 2),
        "snapshots": numbered(
            "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\nsnapshots:\n",
            "  a@1.0.0(b@#): {dependencies: {a: 1.0.0(b@^)}}\n",
            at_most=limits.MAX_PACKAGES - 2,
        ),
    },
    "poetry.lock": {
        "packages": numbered("", '[[package]]\nname="a#"\nversion="1"\n[package.dependencies]\na^="*"\n', at_most=AS_MANY),
        "one name": numbered("", '[[package]]\nname="a"\nversion="#"\n[package.dependencies]\na="*"\n', at_most=AS_MANY),
    },
    "Cargo.lock": {
        "packages": numbered("", PACKAGE, at_most=AS_MANY),
        "one name": numbered("", PACKAGE.replace("a^", "a").replace('"a#"', '"a"'), at_most=AS_MANY),
    },
    "uv.lock": {
        "groups": numbered(
            'version=1\n[[package]]\nname="me"\nversion="0"\nsource={virtual="."}\n[package.dev-dependencies]\n', 'g#=[{name="a0"}]\n'
        ),
        "a chain and groups": lambda most: (
            numbered(
                'version=1\n[[package]]\nname="me"\nversion="0"\nsource={virtual="."}\n[package.dev-dependencies]\n',
                'g#=[{name="a59999"}]\n',
                at_most=60_000,
            )(most // 2)
            + numbered("", '[[package]]\nname="a#"\nversion="1"\ndependencies=[{name="a^"}]\n', at_most=60_000)(most // 2)
        ),
    },
    "pdm.lock": {"packages": numbered("", PACKAGE, at_most=AS_MANY)},
    "pylock.toml": {
        "packages": numbered('lock-version="1.0"\n', '[[packages]]\nname="a#"\ndependencies=[{name="a^"}]\n', at_most=AS_MANY),
        "a marker": filled(b'lock-version="1.0"\n[[packages]]\nname="a"\nmarker="', b"'a' in extras or ", b'"\n'),
    },
    "Pipfile.lock": {"packages": numbered('{"default":{"a":{}', ',"a#":{"version":"==1"}', "}}", at_most=limits.MAX_PACKAGES - 2)},
    "requirements.txt": {
        "packages": numbered("", "a#==1\n", at_most=limits.MAX_PACKAGES),
        "continued": filled(b"", b"a\\\n"),
        "bounds": filled(b"a", b">=1,"),
    },
    "go.mod": {
        "packages": numbered("module m\nrequire (\n", "e.x/a# v1.0.0\n", ")\n", at_most=limits.MAX_PACKAGES - 2),
        "quotes": filled(b'module "', b'"'),
    },
    "go.sum": {"packages": numbered("", "e.x/a# v1.0.0 h1:a=\n", at_most=limits.MAX_PACKAGES)},
    "Gemfile.lock": {
        "packages": numbered("GEM\n  specs:\n", "    a# (1.0)\n      a^\n", at_most=limits.MAX_PACKAGES - 2),
        "needs": numbered("GEM\n  specs:\n    a (1.0)\n", "      a# (>= 1)\n"),
        "one name": numbered("GEM\n  specs:\n", "    a (1.#)\n      a\n", at_most=limits.MAX_PACKAGES - 2),
        "blanks in a line": filled(b"GEM\n  specs:\n", b" " * 60_000 + b"a\n"),
    },
    "composer.lock": {
        "packages": numbered(
            '{"packages":[{}', ',{"name":"v/a#","version":"1","require":{"v/a^":"*"}}', "]}", at_most=limits.MAX_PACKAGES - 2
        ),
        "one replacement": numbered(
            '{"packages":[{}',
            ',{"name":"v/a#","version":"1","replace":{"v/r":"*"},"require":{"v/r":"*"}}',
            "]}",
            at_most=limits.MAX_JSON_VALUES // 13,
        ),
    },
    "packages.lock.json": {
        "packages": numbered(
            '{"version":1,"dependencies":{"net6.0":{"a":{}',
            ',"a#":{"resolved":"1","dependencies":{"a^":"1"}}',
            "}}}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "targets": numbered(
            '{"version":1,"dependencies":{"t":{}', ',"t#":{"a":{"type":"Direct","resolved":"1"}}', "}}", at_most=limits.MAX_PACKAGES - 2
        ),
    },
    "gradle.lockfile": {
        "packages": numbered("", "g:a#:1=classpath\n", at_most=limits.MAX_PACKAGES - 2),
        "configurations": numbered("g:a:1=", "c#,", "\n", at_most=5_000),
        "many configurations": numbered("", "g:a#:1=" + ",".join(f"c{n}" for n in range(200)) + "\n"),
    },
    "pom.xml": {
        "packages": numbered(
            "<project><dependencies>",
            "<dependency><groupId>g</groupId><artifactId>a#</artifactId><version>1</version></dependency>",
            "</dependencies></project>",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "properties": numbered("<project><properties>", "<p#>${p^}</p#>", "</properties></project>", at_most=limits.MAX_XML_KEPT - 10),
        "doubling properties": numbered(
            "<project><properties><p0>aaaaaaaa</p0>",
            "<p#>${p^}${p^}</p#>",
            "</properties><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${p39}</version></dependency>"
            "</dependencies></project>",
            at_most=40,
        ),
    },
    "bom.xml": {
        "packages": numbered(
            "<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><components>",
            "<component type='library' bom-ref='r#'><name>a#</name><version>1</version><purl>pkg:npm/a#@1</purl></component>",
            "</components></bom>",
            at_most=limits.MAX_PACKAGES - 2,
        ),
    },
    "bom.json": {
        "packages": numbered(
            '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{}',
            ',{"bom-ref":"r#","name":"a#","purl":"pkg:npm/a#@1"}',
            "]}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "needs": numbered(
            '{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"r0","name":"a","purl":"pkg:npm/a@1"}],"dependencies":[{}',
            ',{"ref":"r#","dependsOn":["r^"]}',
            "]}",
            at_most=limits.MAX_JSON_VALUES // 6,
        ),
        "inside one another": filled(
            b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":[', b'{"type":"library","name":"a","components":['
        ),
    },
    "spdx.json": {
        "packages": numbered(
            '{"spdxVersion":"SPDX-2.3","packages":[{}',
            ',{"SPDXID":"r#","name":"a#","versionInfo":"1"}',
            "]}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
        "relations": numbered(
            '{"spdxVersion":"SPDX-2.3","packages":[{}],"relationships":[{}',
            ',{"spdxElementId":"r#","relationshipType":"DEPENDS_ON","relatedSpdxElement":"r^"}',
            "]}",
            at_most=limits.MAX_PACKAGES - 2,
        ),
    },
    "sbom.spdx": {
        "packages": numbered(
            "SPDXVersion: SPDX-2.3\n", "PackageName: a#\nSPDXID: SPDXRef-#\nPackageVersion: 1\n", at_most=limits.MAX_PACKAGES - 2
        ),
        "relations": numbered("SPDXVersion: SPDX-2.3\n", "Relationship: SPDXRef-# DEPENDS_ON SPDXRef-^\n", at_most=990_000),
        "an open text": filled(b"SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>", b"a\n"),
    },
    "verification-metadata.xml": {
        "packages": numbered(
            "<verification-metadata><components>",
            "<component group='g' name='a#' version='1'><artifact name='a'><sha256 value='00'/></artifact></component>",
            "</components></verification-metadata>",
            at_most=limits.MAX_PACKAGES - 2,
        ),
    },
}


def makers_of(notation: str, filename: str) -> dict[str, Maker]:
    """Every such file for one notation ("any", "json", "toml", "yaml", "xml") or, if empty, for one format."""
    return {"any": ANY, "json": JSON, "toml": TOML, "yaml": YAML, "xml": XML, "": FORMATS.get(filename, {})}[notation]


def peak_bytes() -> int:
    """The most memory that this process ever held, in bytes. Not `getrusage`, which after a fork begins with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(filename: str, path: str) -> None:
    """Reads one such file and tells how much memory that took at most, the file itself included, and what came out."""
    found = read(filename, Path(path).read_bytes())
    code = "read" if isinstance(found, Inventory) else found.code
    sys.stdout.write(json.dumps({"peak": peak_bytes(), "code": code, "packages": len(getattr(found, "packages", ()))}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
