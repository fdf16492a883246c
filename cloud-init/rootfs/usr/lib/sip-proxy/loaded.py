"""What Kamailio has loaded of the dispatcher table, and how it comes to load what it should. Imported, never run."""

import contextlib
import re
from collections import namedtuple

import lists
from kamailio import rpc, rpc_of_any_length
from recorder_names import names_of
from resolver import addresses

# Flags of a row: it gets no new calls (DS_DISABLED_DST); and how it is read (DS_NODNSARES_DST).
DISABLED = 4
NOT_RESOLVED = 16


class Standing(namedtuple("Standing", "wanted loaded skipped")):
    """What Kamailio has, beside what it is to have; skipped: {line: why it is not loaded, None where nobody knows}."""

    @classmethod
    def of(cls, wanted):
        loaded = loaded_list()
        return cls(wanted, loaded, {line: reason(line) for line in wanted if key(line) not in loaded})

    def is_right(self):
        """It has all but the lines that it has a reason to skip, and nothing else."""
        return self.loaded == {key(line): values(line) for line in self.wanted if not self.skipped.get(line)}


def loaded_list():
    """What Kamailio has: {(set, URI): (priority, attributes)}."""
    return {
        (set_, destination["URI"]): (destination["PRIORITY"], attributes(destination.get("ATTRS", {}).get("BODY", "")))
        for set_, destination in destinations()
    }


def destinations():
    """(set, destination) of Kamailio's dispatcher.list."""
    try:
        records = rpc_of_any_length("dispatcher.list")["RECORDS"]
    except ValueError as error:
        if "No Destination Sets" in str(error):
            return []
        raise
    return [(record["SET"]["ID"], target["DEST"]) for record in records for target in record["SET"]["TARGETS"]]


def key(line):
    set_, uri = line.split(" ")[:2]
    # Kamailio adds the scheme
    return int(set_), uri if re.match(r"sips?:", uri) else f"sip:{uri}"


def values(line):
    _, _, _, priority, attrs = line.split(" ")
    return int(priority), attributes(attrs)


def attributes(text):
    """Without what says nothing: blanks, and the last semicolon."""
    text = "".join(text.split()).rstrip(";")
    return "" if text == "none=yes" else text


def reason(line):
    """Why Kamailio leaves a line out, where that can be told from here; else None."""
    _, uri, flags, _, attrs = line.split(" ")
    host = re.fullmatch(r"(?:sips?:)?(?:[^@]*@)?(\[[0-9a-fA-F:.]+\]|[^:;?@]+)(?::\d{1,5})?(?:[;?].*)?", uri)
    if not host:
        return "it is no SIP URI"
    listener = re.search(r"(?:^|;)(?:socket|sockname)=([^;]*)", attrs)
    if not int(flags) & NOT_RESOLVED and not resolves(host[1].strip("[]")):
        return f"{host[1]} does not resolve"
    return f"perhaps this host has no listener {listener[1]}" if listener else None


def resolves(name):
    try:
        return bool(addresses(name))
    except OSError:
        return False


def disabled(lines):
    """Those destinations that the table has disabled."""
    return {key(line) for line in lines if int(line.split(" ")[2]) & DISABLED}


def keep_disabled(lines):
    """A destination that is disabled by the table stays so, though a call that it fails, or an operator, gives it another state."""
    out = disabled(lines)
    for set_, destination in destinations() if out else ():
        if (set_, destination["URI"]) in out and not destination["FLAGS"].startswith("D"):
            rpc("dispatcher.set_state", "d", set_, destination["URI"])


def reload(standing):
    """Has Kamailio read the list anew. Where it skips a row it says that it failed, though all others are in place."""
    let_in = disabled(lists.predecessor()) - disabled(standing.wanted)
    states = [each for each in down_destinations() if each[0][0] != "d" or each[1:] not in let_in]
    if names_of(standing.wanted):
        # the cache never reads /etc/hosts, and is in use where Kamailio started without names; by the process that reloads, which knows at once
        rpc_of_any_length("cfg.set_now_int", "core", "use_dns_cache", 0)
    with contextlib.suppress(ValueError):
        rpc_of_any_length("dispatcher.reload", patience=10)
    for state, set_, uri in states:
        # the destination may just have been removed
        with contextlib.suppress(ValueError):
            rpc("dispatcher.set_state", state, set_, uri)


def give_back(standing):
    """Gives Kamailio what it lost to an empty table: a reload would read that again."""
    for line in standing.skipped:
        set_, uri, flags, priority, attrs = line.split(" ")
        rpc("dispatcher.add", int(set_), uri, int(flags), int(priority), attrs)


def down_destinations():
    """Every destination that is not active, with its flags as dispatcher.set_state takes them (ip, dx, tp ...)."""
    return [
        (destination["FLAGS"].lower().replace("x", ""), set_, destination["URI"])
        for set_, destination in destinations()
        if not destination["FLAGS"].startswith("A")
    ]
