"""The dispatcher list that Kamailio has loaded, and how it is changed. Imported, never run."""

import contextlib
import re
from collections import namedtuple

import lists
from kamailio import rpc, rpc_of_any_length
from recorder_names import names_of
from resolver import addresses

# Flags of a row: no new calls (DS_DISABLED_DST); no DNS query when it is loaded (DS_NODNSARES_DST).
DISABLED = 4
NOT_RESOLVED = 16


class Standing(namedtuple("Standing", "wanted loaded skipped")):
    """The list that Kamailio has loaded, and the wanted one. skipped: {line: why it is not loaded; None if unknown}."""

    @classmethod
    def of(cls, wanted):
        loaded = loaded_list()
        return cls(wanted, loaded, {line: reason(line) for line in wanted if key(line) not in loaded})

    def is_right(self):
        """Whether exactly the wanted lines are loaded, except those that Kamailio skips for a known reason."""
        return self.loaded == {key(line): values(line) for line in self.wanted if not self.skipped.get(line)}


def loaded_list():
    """The loaded list: {(set, URI): (priority, attributes)}."""
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
    """Normalised: without blanks and the last semicolon."""
    text = "".join(text.split()).rstrip(";")
    return "" if text == "none=yes" else text


def reason(line):
    """Why Kamailio skips a line, if this can be known; otherwise None."""
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
    """The destinations that are disabled in the table."""
    return {key(line) for line in lines if int(line.split(" ")[2]) & DISABLED}


def keep_disabled(lines):
    """Restores the state of destinations that are disabled in the table, if a failed call or an operator has changed it."""
    out = disabled(lines)
    for set_, destination in destinations() if out else ():
        if (set_, destination["URI"]) in out and not destination["FLAGS"].startswith("D"):
            rpc("dispatcher.set_state", "d", set_, destination["URI"])


def reload(standing):
    """Reloads the list. If Kamailio skips a row, it reports an error, although all others are loaded."""
    let_in = disabled(lists.predecessor()) - disabled(standing.wanted)
    states = [each for each in down_destinations() if each[0][0] != "d" or each[1:] not in let_in]
    if names_of(standing.wanted):
        # the DNS cache does not read /etc/hosts, and is on if Kamailio started without names; set by FIFO: the same process reloads
        rpc_of_any_length("cfg.set_now_int", "core", "use_dns_cache", 0)
    with contextlib.suppress(ValueError):
        rpc_of_any_length("dispatcher.reload", patience=10)
    for state, set_, uri in states:
        # the destination may just have been removed
        with contextlib.suppress(ValueError):
            rpc("dispatcher.set_state", state, set_, uri)


def give_back(standing):
    """Adds destinations that Kamailio lost because of an empty table; a reload would read the empty table again."""
    for line in standing.skipped:
        set_, uri, flags, priority, attrs = line.split(" ")
        rpc("dispatcher.add", int(set_), uri, int(flags), int(priority), attrs)


def down_destinations():
    """All destinations that are not active, with flags in the form of dispatcher.set_state (ip, dx, tp ...)."""
    return [
        (destination["FLAGS"].lower().replace("x", ""), set_, destination["URI"])
        for set_, destination in destinations()
        if not destination["FLAGS"].startswith("A")
    ]
