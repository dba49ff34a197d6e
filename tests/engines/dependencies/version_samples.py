"""Versions for the tests: a strategy for each ecosystem's own grammar, noise that is near it, and the chains our rules were written from.

Every chain runs from the oldest to the newest version; every group holds spellings of one version. They are written here by hand from the
specifications that the modules name.
"""

from hypothesis import strategies as st

numbers = st.one_of(st.integers(0, 3), st.integers(0, 30), st.sampled_from([99, 100, 20240102, 999999999999]))
padded = st.builds(lambda zeros, number: "0" * zeros + str(number), st.sampled_from([0, 0, 0, 1, 2]), numbers)
rows = st.lists(padded, min_size=1, max_size=5).map(".".join)
plain_rows = st.lists(numbers.map(str), min_size=1, max_size=5).map(".".join)
words = st.sampled_from(["alpha", "beta", "rc", "a", "b", "pre", "dev", "final", "sp", "x", "RC", "Beta", "SNAPSHOT", "git", "p"])
marks = st.sampled_from([".", "-", "", "_"])


def _tailed(start: st.SearchStrategy[str], tail: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[str]:
    return st.builds(lambda first, more: first + "".join(more), start, st.lists(tail, max_size=most))


_identifiers = st.lists(st.one_of(numbers.map(str), words), min_size=1, max_size=3).map(".".join)
_semver = st.builds(
    lambda core, pre, build: f"{core}{'-' + pre if pre else ''}{'+' + build if build else ''}",
    st.lists(numbers.map(str), min_size=3, max_size=3).map(".".join),
    st.one_of(st.just(""), _identifiers),
    st.one_of(st.just(""), _identifiers),
)
_pep440 = st.builds(
    lambda epoch, release, pre, post, dev: f"{epoch}{release}{pre}{post}{dev}",
    st.sampled_from(["", "1!"]), plain_rows, st.sampled_from(["", "a1", "b2", "rc1"]), st.sampled_from(["", ".post1"]),
        st.sampled_from(["", ".dev3"]),
)  # fmt: skip
_gem = _tailed(padded, st.builds(lambda mark, piece: mark + piece, st.sampled_from([".", ".", "-"]), st.one_of(padded, words)), 5)
_composer = st.builds(
    lambda v, row, tail: v + row + tail, st.sampled_from(["", "v", "V"]), rows,
    st.one_of(
        st.just(""),
        st.builds(lambda mark, word, number: mark + word + number, marks, st.sampled_from(["dev", "alpha", "a", "b", "RC", "rc", "p",
            "pl", "patch", "stable"]),
                  st.one_of(st.just(""), numbers.map(str))),
    ),
)  # fmt: skip
_maven = _tailed(padded, st.builds(lambda mark, piece: mark + piece, st.sampled_from([".", "-", ""]), st.one_of(padded, words)), 6)
_nuget = st.builds(
    lambda row, pre: row + pre, st.lists(padded, min_size=1, max_size=4).map(".".join), _identifiers.map("-{}".format) | st.just("")
)
_debian = st.builds(
    lambda epoch, up, revision: epoch + up + revision, st.sampled_from(["", "0:", "1:", "02:"]),
    _tailed(padded, st.sampled_from(["~", ".", "+", "a", "Z", "~~", "rc1", "10", "+deb12u1", "-", "~bpo"]),
        5).filter(lambda v: not v.endswith("-")),
    st.sampled_from(["", "-1", "-0", "-1~deb11u1", "-1.1", "-13ubuntu1", "-1+b2"]),
)  # fmt: skip
_alpine = st.builds(
    lambda row, letter, suffixes, commit, revision: row + letter + "".join(suffixes) + commit + revision,
    rows, st.sampled_from(["", "", "a", "z"]),
    st.lists(st.sampled_from(["_alpha", "_beta1", "_pre2", "_rc3", "_cvs", "_svn9", "_git20240101", "_hg", "_p1", "_p10"]), max_size=2),
    st.sampled_from(["", "", "~c0ffee"]), st.sampled_from(["", "-r0", "-r1", "-r10"]),
)  # fmt: skip
_rpm = st.builds(
    lambda epoch, row, release: epoch + row + release, st.sampled_from(["", "0:", "1:", ":"]),
    _tailed(padded, st.sampled_from(["~", "^", "~rc1", "^git2", "a", "Z", ".", "_", "+", "10", ".el8", "α"]), 5),
    st.sampled_from(["", "-1", "-0", "-1.el9", "-1.el9_2", "-10.module+el8.9.0+1"]),
)  # fmt: skip
_hackage = plain_rows
_cran = st.lists(padded, min_size=1, max_size=5).flatmap(
    lambda parts: st.lists(st.sampled_from([".", "-"]), min_size=len(parts) - 1, max_size=len(parts) - 1).map(
        lambda between: parts[0] + "".join(mark + part for mark, part in zip(between, parts[1:], strict=True))
    )
)

GRAMMARS: dict[str, st.SearchStrategy[str]] = {
    "PyPI": _pep440, "npm": _semver, "Go": _semver, "crates.io": _semver, "RubyGems": _gem, "Packagist": _composer, "Maven": _maven,
    "NuGet": _nuget, "Debian:12": _debian, "Ubuntu:24.04:LTS": _debian, "Alpine:v3.18": _alpine, "Red Hat:enterprise_linux:9::baseos": _rpm,
    "Pub": _semver, "CRAN": _cran, "Hackage": _hackage,
}  # fmt: skip

noise = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.-+~^_:abrcdevpx#", max_size=24),
    st.sampled_from(
        ["", " ", "main", "latest", "dev-main", "1.x-dev", "${version}", "1..2", "-1", ":", "1-", "(none)", "<unfixed>", "١.٢"]
    ),
)

CHAINS: dict[str, tuple[str, ...]] = {
    "RubyGems": ("0.9", "1.0.a", "1.0.a.2", "1.0.b1", "1.0.rc.1", "1.0", "1.0.0.1", "1.0.1.pre", "1.0.1", "1.2", "1.10", "2.0-beta", "2"),
    "Packagist": (
        "1.0-dev", "1.0-alpha1-dev", "1.0-alpha1", "1.0-a2", "1.0-beta", "1.0-b2", "1.0-RC1", "1.0-rc10", "1.0", "1.0-p1", "1.0-patch2",
        "1.0.0.1", "6.3.0.0", "6.3.0.1", "6.3.1", "6.10", "20240102", "20240103",
    ),
    "Maven": (
        "1.0-alpha-1", "1.0-alpha-2", "1.0-beta-1", "1.0-m1", "1.0-rc1", "1.0-cr2", "1.0-SNAPSHOT", "1.0", "1.0-sp", "1.0-abc", "1.0-xyz",
        "1.0-1-snapshot", "1.0-1", "1.0-2", "1.0.1-alpha", "1.0.1", "1.2", "1.10", "32.0.0-android", "32.0.0-jre", "32.0.1-android",
    ),
    "NuGet": (
        "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-Alpha.1", "1.0.0-alpha.beta", "1.0.0-BETA", "1.0.0-beta.2", "1.0.0-rc.1",
        "1.0.0", "1.0.0.1-a", "1.0.0.1", "1.0.1", "1.2", "1.10", "2.0.0-99999999999", "2.0.0-a", "2.0.0",
    ),
    "Debian": (
        "0.9~~", "0.9~~a", "0.9~", "0.9", "0.9a", "0.9+", "1.0~rc1-1", "1.0~rc1-2", "1.0-1~bpo12+1", "1.0-1", "1.0-1+b1", "1.0-1.1",
            "1.0-2",
        "1.0+dfsg-1", "1.2-1", "1.10-1", "1:0.1-1", "2:0",
    ),
    "Alpine": (
        "1_alpha", "1_alpha2", "1_beta", "1_pre2", "1_pre10", "1_rc1", "1", "1-r0", "1-r1", "1-r10", "1_cvs", "1_svn", "1_git20240101",
        "1_hg",
        "1_p1", "1_p1-r1", "1a", "1a-r2", "1b", "1.0", "1.01", "1.09", "1.1", "1.2", "1.10", "1.10.1", "2",
    ),
    "Red Hat": (
        "1.0~rc1-1", "1.0", "1.0-1.el8", "1.0-1.el9", "1.0-1.el9_1", "1.0-2.el9", "1.0-10.el9", "1.0^20240101git1-1", "1.0a-1", "1.0.1-1",
        "1.2-1", "1.10-1", "1:0.5-1", "2:0.1-1",
    ),
    "Pub": ("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-beta+1", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.0+a", "1.0.1"),
    "CRAN": ("0.1", "0.1-2", "0.1.4", "0.1-18", "0.9", "0.75", "1.0", "1.0-0", "1.0.0.1", "1.1"),
    "Hackage": ("0", "0.1.26.0", "0.11.3.0", "1", "1.0", "1.0.0", "1.0.0.1", "1.1", "1.10", "2"),
}  # fmt: skip

SAME: dict[str, tuple[tuple[str, ...], ...]] = {
    "RubyGems": (("1", "1.0", "1.0.0"), ("1.0.a", "1.a", "1.0.0.a"), ("1.0-beta", "1.0.pre.beta"), ("1.0.a2", "1.0.a.2")),
    "Packagist": (("1.0-beta2", "1.0beta2", "v1.0-b2", "1.0.b2"), ("1.0.0", "1.0.0+build.7", "1.0.0-stable"), ("1.0-p1", "1.0pl1")),
    "Maven": (("1", "1.0", "1.0.0", "1-0", "1.0-0", "1ga", "1.Final", "1-RELEASE"), ("1a1", "1-alpha-1", "1.0-ALPHA1"), ("1-cr2",
        "1.0.RC2")),
    "NuGet": (("1.0", "1.0.0", "1.0.0.0", "1", "1.0.0+meta"), ("1.0.0-BETA", "1.0.0-beta", "1.0-Beta+x"), ("1.0.01", "1.0.1")),
    "Debian": (("1.0", "0:1.0", "1.0-0", "1.00"), ("1.2.3-1", "0:1.2.3-01")),
    "Alpine": (("06", "6"), ("1-r1", "1-r01")),
    "Red Hat": (("1.0", "0:1.0", "1_0", "1.00", "01.0"), ("1.0-1.el9", "0:1.0-1.el9", ":1.0-1_el9")),
    "Pub": (("v1.0.0", "1.0.0"),),
    "CRAN": (("0.01-2", "0.1.2", "0.1-2"),),
}  # fmt: skip

UNORDERED: dict[str, tuple[str, ...]] = {
    "RubyGems": ("1.0_1", "a.1", "1..0", "1.0.", "~> 1.0", "1.0+x", "main"),
    "Packagist": ("dev-main", "1.x-dev", "1.0.x-dev", "1.0-foo", "main", "1..0", "1.0-", "^1.0", "1.0 as 2.0", "1.0-alpha-beta",
        "1.0-dev2", "1.0@dev"),
    "Maven": ("${revision}", "LATEST", "RELEASE", "main-SNAPSHOT", "v1.0", "[1.0,2.0)", "1.0 1", "unspecified", "1.0:x"),
    "NuGet": ("v1.0", "1.0.0.0.1", "1.0.0-01", "1.0.", "1.0-", "[1.0, )", "1.*", "1.0-a..b", "1.0-a_b", "main"),
    "Debian": ("a:1", ":1", "1-", "1:", "1.0-1_2", "main", "<unfixed>", "1.0 1", "-1"),
    "Alpine": ("1-r", "1..2", ".1", "1A", "1ab", "1_foo", "1.0-1", "1.0-r1-r2", "a", "main", "1_p1a"),
    "Red Hat": ("", "unknown", "(none)", "main", "~", "1:main", "main-1.el9"),
    "Pub": ("1.2.3.4", "1.0.0-", "1.0.0+", "any", "^1.0.0", "1.0.0 "[:5] + " x"),
    "CRAN": ("1.0a", "1..0", "1.0-", "main", ".1", "1_0"),
    "Hackage": ("1.0a", "01.0", "1..0", "1.0-1", "main", "1."),
}  # fmt: skip
