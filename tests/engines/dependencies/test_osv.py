"""One OSV document is read whole or refused with a reason; nothing in between."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import as_bytes, kev, kev_entry, osv
from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.advisory import Advisory, Event, Range
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Unreadable


def read(document: object) -> Advisory:
    found = parse_osv(as_bytes(document), "here.json")
    assert isinstance(found, Advisory), found
    return found


def refusal(data: object) -> Unreadable:
    found = parse_osv(data if isinstance(data, bytes) else as_bytes(data), "here.json")
    assert isinstance(found, Unreadable), found
    return found


def test_the_smallest_advisory_is_an_id_and_a_time() -> None:
    found = read({"id": "SALT-2026-1", "modified": "2026-11-01T08:00:00Z"})
    assert (found.id, found.affected, found.aliases, found.withdrawn) == ("SALT-2026-1", (), (), "")


def test_all_that_is_used_is_kept_as_written() -> None:
    found = read(
        osv(
            details="Long\nstory.",
            aliases=["CVE-2026-1000", "GHSA-aaaa-bbbb-cccc"],
            published="2026-10-01T00:00:00Z",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            database_specific={"cwe_ids": ["CWE-502"]},
            references=[{"type": "FIX", "url": "https://hawser.example/fix"}],
        )
    )
    assert found.summary == "hawser parts under load"
    assert found.details == "Long\nstory."
    assert found.aliases == ("CVE-2026-1000", "GHSA-aaaa-bbbb-cccc")
    assert found.published == "2026-10-01T00:00:00Z"
    assert found.severity == (("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),)
    assert found.cwes == ("CWE-502",)
    assert found.references == (("FIX", "https://hawser.example/fix"),)


def test_ranges_keep_the_order_of_the_file() -> None:
    events = [{"introduced": "1.0"}, {"introduced": "0"}, {"fixed": "2.0"}, {"fixed": "0.9"}]
    found = read(osv(events=events)).affected[0]
    wanted = (Event("introduced", "1.0"), Event("introduced", "0"), Event("fixed", "2.0"), Event("fixed", "0.9"))
    assert found.ranges == (Range("ECOSYSTEM", wanted),)
    assert found.fixed == ("2.0", "0.9")


def test_unknown_fields_are_let_through() -> None:
    assert read(osv(tides={"high": 2}, schema_version="1.9.9")).id == "SALT-2026-1"


def test_a_missing_list_written_as_null_is_an_empty_list() -> None:
    assert read(osv(aliases=None, references=None, severity=None)).references == ()


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert isinstance(parse_osv(b"\xef\xbb\xbf" + as_bytes(osv()), "here.json"), Advisory)


def test_an_advisory_of_commits_alone_names_no_package() -> None:
    document = osv() | {"affected": [{"ranges": [{"type": "GIT", "repo": "https://hawser.example", "events": [{"introduced": "0"}]}]}]}
    found = read(document).affected[0]
    assert (found.ecosystem, found.package, found.fixed) == ("", "", ())


def test_fixed_versions_leave_out_commits() -> None:
    document = osv()
    document["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "c0ffee"}]})
    assert read(document).affected[0].fixed == ("2.0.0",)


def test_a_severity_that_stands_only_with_the_package_is_found() -> None:
    document = osv()
    document["affected"][0]["severity"] = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L"}]
    assert read(document).severity == (("CVSS_V3", "CVSS:3.1/AV:L"),)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//nohost", "https://a\nb"])
def test_a_reference_that_is_no_web_link_is_left_out(url: str) -> None:
    assert read(osv(references=[{"type": "WEB", "url": url}])).references == ()


def test_an_alias_that_is_no_identifier_is_left_out() -> None:
    assert read(osv(aliases=["GHSA-aaaa,", "CVE-2026-1", "CVE-2026-1", "<b>"])).aliases == ("CVE-2026-1",)


def test_weaknesses_that_are_no_cwe_are_left_out() -> None:
    assert read(osv(database_specific={"cwe_ids": ["CWE-79", "79", 5, "CWE-79"]})).cwes == ("CWE-79",)


@pytest.mark.parametrize("extra", [None, [], "x", {"cwe_ids": "CWE-1"}])
def test_database_specific_may_have_any_shape(extra: object) -> None:
    assert read(osv(database_specific=extra)).cwes == ()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"affected": {}}, "affected"),
        ({"affected": [1]}, "affected[0]"),
        ({"affected": [{"package": "hawser"}]}, "affected[0].package"),
        ({"affected": [{"package": {"name": "hawser"}}]}, "affected[0].package.ecosystem"),
        ({"affected": [{"package": {"ecosystem": "npm", "name": ""}}]}, "affected[0].package.name"),
        ({"affected": [{"versions": [1]}]}, "affected[0].versions[0]"),
        ({"affected": [{"versions": ["a\nb"]}]}, "affected[0].versions"),
        ({"affected": [{"ranges": [{"type": "TIDE", "events": []}]}]}, "affected[0].ranges[0].type"),
        ({"affected": [{"ranges": [{"type": "SEMVER", "events": [{}]}]}]}, "affected[0].ranges[0].events[0]"),
        ({"affected": [{"ranges": [{"type": "SEMVER", "events": [{"fixed": "1"}]}]}]}, "affected[0].ranges[0]"),
        ({"affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": 0}]}]}]}, "affected[0].ranges[0].events[0].introduced"),
        ({"aliases": "CVE-1"}, "aliases"),
        ({"summary": ["x"]}, "summary"),
        ({"references": [{"type": "WEB", "url": 7}]}, "references.url"),
        ({"severity": [True]}, "severity[0]"),
        ({"withdrawn": True}, "withdrawn"),
        ({"withdrawn": "yes"}, "withdrawn"),
    ],
)
def test_a_bad_shape_is_refused_with_its_path(change: dict[str, object], path: str) -> None:
    found = refusal(osv() | change)
    assert found.code == "bad_shape"
    assert found.reason.startswith(path), found.reason
    assert found.where == "here.json"


@pytest.mark.parametrize("bad", [b"", b"{", b'{"id": "A"', b'{"id": NaN}', b'{"id":"A","id":"B"}', b"[" * 200_000, b"1" * 5_000])
def test_what_is_no_json_is_refused(bad: bytes) -> None:
    assert refusal(bad).code == "not_json"


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(b'{"id": "\xff"}').code == "not_text"


def test_half_a_character_is_refused_because_no_database_stores_it() -> None:
    assert refusal(b'{"id": "A-1", "modified": "2026-11-01T08:00:00Z", "summary": "\\ud800"}').code == "not_text"


def test_a_whole_character_written_as_two_halves_is_fine() -> None:
    assert read(osv(summary="wave \U0001f30a")).summary == "wave \U0001f30a"


@pytest.mark.parametrize("value", [[], "text", 3, None])
def test_a_document_that_is_no_object_is_refused(value: object) -> None:
    assert refusal(value).code == "not_osv"


@pytest.mark.parametrize("missing", ["id", "modified"])
def test_an_advisory_without_id_or_time_is_refused(missing: str) -> None:
    assert refusal({name: value for name, value in osv().items() if name != missing}).code == "not_osv"


@pytest.mark.parametrize("bad", ["<script>", "a b", "-x", "A\nB", "A" * (limits.MAX_ID_LENGTH + 1)])
def test_an_id_that_is_no_identifier_is_refused(bad: str) -> None:
    assert refusal(osv(bad)).code == "bad_id"


def test_the_longest_id_is_read() -> None:
    assert read(osv("A" * limits.MAX_ID_LENGTH)).id == "A" * limits.MAX_ID_LENGTH


def test_a_newer_schema_is_refused_rather_than_misread() -> None:
    assert refusal(osv(schema_version="2.0.0")).code == "newer_schema"


def test_a_kev_catalogue_is_named_as_what_it_is() -> None:
    assert refusal(kev(kev_entry("CVE-2026-1000"))).code == "kev_catalogue"


def test_an_advisory_past_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    frame = len(as_bytes(osv(details="")))
    assert read(osv(details="x" * (limits.MAX_ADVISORY_BYTES - frame))).id == "SALT-2026-1"
    assert refusal(osv(details="x" * (limits.MAX_ADVISORY_BYTES - frame + 1))).code == "too_large"


@pytest.mark.parametrize("field", ["name", "version"])
def test_names_and_versions_have_a_longest_length(field: str) -> None:
    longest = limits.MAX_NAME_LENGTH if field == "name" else limits.MAX_VERSION_LENGTH
    for extra in (0, 1):
        text = "1" * (longest + extra)
        document = osv(package=text) if field == "name" else osv(versions=[text])
        assert isinstance(parse_osv(as_bytes(document), ""), Unreadable if extra else Advisory)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.sampled_from(["id", "modified", "affected", "aliases", "severity", "references", "withdrawn"]), _JSON))
def test_any_json_is_an_advisory_or_a_refusal_and_never_a_crash(document: dict[str, object]) -> None:
    assert isinstance(parse_osv(json.dumps(document).encode(), "here"), Advisory | Unreadable)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_advisory_or_a_refusal_and_never_a_crash(data: bytes) -> None:
    assert isinstance(parse_osv(data, "here"), Unreadable)
