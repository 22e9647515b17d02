"""Readable names for tracks that were given none: "calm-heron-12"."""

import random

# One string each: forty quoted words would be read by nobody.
_ADJECTIVES = """
    amber bold brave bright brisk calm clear clever cosy crisp curious daring deep eager early fair fine fleet fond
    fresh gentle glad golden grand green happy hardy honest humble jolly keen kind lively lucid lucky mellow merry
    mild neat nimble noble patient plain polite proud quick quiet rapid ready sharp silver smooth snug solid steady
    sunny swift tidy vivid warm wise witty zesty
""".split()  # noqa: SIM905
_NOUNS = """
    acorn aspen badger beacon birch brook canyon cedar comet coral crane creek delta dune eagle ember falcon fern
    field finch fjord forest fox garden glacier grove harbor heron hill iris island ivy kestrel lake lark lemur lily
    lynx maple marsh meadow moon moss oak ocean orchid otter owl panda peak pine plum prairie quartz raven reef ridge
    river robin sage shore spruce star stone summit swan thistle tiger valley violet willow wren
""".split()  # noqa: SIM905


def readable_name(number: int) -> str:
    """Return two words and the track's number in its project; the number makes it unique there."""
    return f"{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}-{number}"  # noqa: S311 (a name, not a secret)
