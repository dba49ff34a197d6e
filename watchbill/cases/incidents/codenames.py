"""Innocuous codenames for incidents: two words that say nothing about what is wrong. Pure; the number that picks one is an argument.

Words are ours: short, easy to say over a bad line, no two alike in sound, none about harm, people or computers.
"""

from collections.abc import Collection

_FIRST_WORDS = """
amber ashen autumn azure birch blue brass bright broad calm cedar chalk clear clover copper coral cotton crisp
dapple dusky early easy elder fair fern flint frosty gentle ginger golden grand green hazel heather honey
indigo ivory jade kind lemon linen long lucky maple mellow merry misty mossy noble olive orange pale pearl
plain quiet rosy russet silver slow spring sunny velvet warm willow
"""

_SECOND_WORDS = """
acorn anchor apple arbour barley basket beacon bell bridge brook button candle canoe castle chestnut compass
cottage cradle dune feather fiddle garden glider harbour hedge hill island kettle kite ladder lagoon lantern
lark meadow mill mitten needle oar orchard otter paddle parcel pebble pillow plough pony quill ribbon river
saddle sail scarf shell spoon stream teapot thimble tower trumpet tulip valley wagon walnut whistle
"""


FIRST = tuple(_FIRST_WORDS.split())
SECOND = tuple(_SECOND_WORDS.split())


def codename(seed: int, taken: Collection[str]) -> str:
    """A name nobody has, such as "Quiet Lantern": the one that `seed` points at, else the next free; with a number when all are used."""
    every = len(FIRST) * len(SECOND)
    used = frozenset(taken)
    for offset in range(every):
        name = _name((seed + offset) % every)
        if name not in used:
            return name
    number = 2
    while f"{_name(seed % every)} {number}" in used:
        number += 1
    return f"{_name(seed % every)} {number}"


def _name(place: int) -> str:
    first, second = divmod(place, len(SECOND))
    return f"{FIRST[first].capitalize()} {SECOND[second].capitalize()}"
