"""Probes both sides of calls, by OPTIONS in their dialogs. Imported, never run."""

import re
import secrets
import select
import socket
import time

from kamailio import rpc

# Seconds for an answer: after 2.5, Kamailio reports that there is none.
PATIENCE = 3
# Calls that are probed at the same time.
AT_ONCE = 100
# 430: Kamailio's code for no answer. 481: the dialog does not exist.
NO_ANSWER, OVER = 430, 481


def ask(kamailio, ids):
    """For each call with a dialog in Kamailio, whether it continues. False: neither side answers, or one answers 481."""
    answers = {}
    for first in range(0, len(ids), AT_ONCE):
        answers |= ask_at_once(kamailio, ids[first : first + AT_ONCE])
    return answers


def ask_at_once(kamailio, ids):
    host, _, port = kamailio.partition(":")
    statuses = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind((host, 0))
        mine.connect((host, int(port)))
        asked = {}
        for id_ in ids:
            found = dialog(id_)
            if not found:
                continue
            statuses[id_] = []
            for question in both(found, mine.getsockname()):
                asked[question[0]] = id_
                mine.send(question[1])
        end = time.monotonic() + PATIENCE
        while asked and select.select([mine], [], [], max(0, end - time.monotonic()))[0]:
            answer = mine.recv(65536).decode(errors="replace")
            status = re.match(r"SIP/2\.0 ([2-6]\d\d) ", answer)
            branch = re.search(r"branch=z9hG4bK(\w+)", answer)
            if status and branch and branch[1] in asked:
                statuses[asked.pop(branch[1])].append(int(status[1]))
    return {id_: goes_on(those) for id_, those in statuses.items()}


def goes_on(statuses):
    return OVER not in statuses and any(status != NO_ANSWER for status in statuses)


def dialog(id_):
    """Kamailio's dialog of a call, from dlg.dlg_list; None if there is none."""
    try:
        found = rpc("dlg.dlg_list", id_)
    except ValueError:
        return None
    found = found[0] if isinstance(found, list) and found else found
    return found or None


def values_of(found):
    """The variables of a dialog; empty without a dialog."""
    return {name: value for variable in found["variables"] for name, value in variable.items()} if found else {}


def both(found, here):
    """A request to each side, as if the other side had sent it: (branch, message)."""
    variables = values_of(found)
    caller, callee = found["caller"], found["callee"]
    uris = found["from_uri"], found["to_uri"]
    # behind NAT, the platform is reachable at the source of its call, not at its Contact
    yield question(found["call-id"], uris[0], caller, uris[1], callee, "private", None, here)
    yield question(found["call-id"], uris[1], callee, uris[0], caller, "public", variables.get("source"), here)


def question(id_, from_uri, from_, to_uri, to, side, source, here):
    branch = secrets.token_hex(12)
    where = hop(source, to)
    lines = [
        f"OPTIONS {bare(to['contact'])} SIP/2.0",
        f"Via: SIP/2.0/UDP {here[0]}:{here[1]};rport;branch=z9hG4bK{branch}",
        "Max-Forwards: 10",
        *([f"Route: {to['route_set']}"] if to["route_set"] else []),
        f"From: <{from_uri}>;tag={from_['tag']}",
        f"To: <{to_uri}>;tag={to['tag']}",
        f"Call-ID: {id_}",
        # lower than the CSeq of both sides, so that theirs stay in order. A side that refuses this answers 500, and so exists.
        "CSeq: 0 OPTIONS",
        f"X-Look: {side} {where}",
        "Content-Length: 0",
    ]
    # values from other hosts must stay on one line
    return branch, ("\r\n".join(" ".join(line.split()) for line in lines) + "\r\n\r\n").encode()


def hop(source, to):
    """The target of the request: sip:ADDRESS:PORT;transport=PROTOCOL."""
    if source:
        protocol, host, port = source.split(":")
        return f"sip:{host}:{port};transport={protocol}"
    uri = bare(to["route_set"].split(",")[0] or to["contact"])
    address = re.match(r"sips?:(?:[^@;]*@)?([^;?>]+)", uri)[1]
    transport = re.search(r";transport=(\w+)", uri)
    return f"sip:{address};transport={transport[1].lower() if transport else 'udp'}"


def bare(uri):
    """The URI without < > and parameters."""
    return re.search(r"<([^>]*)>", uri)[1] if "<" in uri else uri.strip()
