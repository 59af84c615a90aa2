"""Bodies that are neither JSON nor made by their schema alone: what is in most of them means something, so that the server reads on."""

from pathlib import Path

import schemathesis
from hypothesis import strategies as st

HERE = Path(__file__).parent

PROFILE = """level = "sandbox"
slots = {slots}
"""


def profiles():
    """Mostly right: a profile, with a number that may be too large; else any text."""
    right = st.integers(min_value=0, max_value=100_000).map(
        lambda slots: PROFILE.format(slots=slots).encode()
    )
    return st.one_of(right, right, st.text().map(str.encode))


def definitions():
    """Workflows that are saved, and others that are cut off somewhere."""
    whole = [path.read_bytes() for path in sorted(HERE.glob("*.yaml"))]
    cut = st.sampled_from(whole).flatmap(
        lambda text: st.integers(0, len(text)).map(lambda end: text[:end])
    )
    return st.one_of(st.sampled_from(whole), cut, st.text().map(str.encode))


def code():
    """A component, whole or cut off; or any bytes."""
    whole = (HERE / "arith.wasm").read_bytes()
    cut = st.integers(0, len(whole)).map(lambda end: whole[:end])
    return st.one_of(st.just(whole), cut, st.binary(max_size=256))


schemathesis.openapi.media_type("application/toml", profiles())
schemathesis.openapi.media_type("application/yaml", definitions())
schemathesis.openapi.media_type("application/wasm", code())
schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=4096))


NUMBERS = st.integers(0, 2**32 - 1)
ARGUMENTS = st.fixed_dictionaries({"a": NUMBERS, "b": NUMBERS})
# What the functions and nodes take that are asked for, where the description says no more than that it is JSON.
TAKEN = {
    "invoke": ARGUMENTS,
    "start-run": ARGUMENTS,
    "complete-node": NUMBERS,
    "activate": st.just({}),
    "rerun": st.sampled_from([{"what": "whole"}, {"from": ["second"]}, {"only": ["first"]}]),
}


@schemathesis.hook
def flatmap_body(ctx, body):
    """Half of the bodies of some requests are what is taken."""
    taken = TAKEN.get(ctx.operation.definition.raw.get("operationId"))
    if taken is None or isinstance(body, bytes):
        return st.just(body)
    return st.one_of(st.just(body), taken)
