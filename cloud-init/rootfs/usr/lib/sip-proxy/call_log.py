"""Log lines about calls, in the same form as Kamailio's (accounting.cfg). Imported, never run."""

import json
import os

from relays import put

as_json = os.environ.get("CALL_LOG_JSON") == "yes"


def tell(**pairs):
    """Values are texts, or lists of numbers, one for each stream; None if unknown."""
    if as_json:
        put("CALL " + json.dumps(pairs, separators=(",", ":")))
    else:
        put("CALL " + " ".join(f"{name}={written(value)}" for name, value in pairs.items()))


def written(value):
    if isinstance(value, list):
        return ",".join(map(written, value))
    return "-" if value is None else str(value)


def shown(text):
    return "".join(letter if "!" <= letter <= "~" else "_" for letter in text)


def platform_of(source):
    """The address in PROTOCOL:ADDRESS:PORT; "-" if there is none."""
    return (source.split(":") + ["-"])[1] or "-"
