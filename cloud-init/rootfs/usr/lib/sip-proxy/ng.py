"""rtpengine's control protocol. Imported, never run."""

import os
import time

from streams import Counts


class Ng:
    """rtpengine's ng protocol: bencoded dictionaries."""

    first_port, last_port = r"--port-min[ =](\d+)", r"--port-max[ =](\d+)"
    cores = os.cpu_count() or 1

    @staticmethod
    def sessions(ask):
        statistics = decode(ask(b"d7:command10:statisticse"))[b"statistics"]
        return int(statistics[b"currentstatistics"][b"sessionstotal"])

    @staticmethod
    def packets(ask):
        """The number of packets that it has relayed, in user space and in the kernel."""
        total = decode(ask(b"d7:command10:statisticse"))[b"statistics"][b"totalstatistics"]
        return f"{int(total[b'relayedpackets_user'])} {int(total[b'relayedpackets_kernel'])}"

    @classmethod
    def calls(cls, ask):
        """All calls by Call-ID, and whether each was answered."""
        ids = decode(ask(b"d7:command4:list5:limiti100000ee"))[b"calls"]
        return {id_.decode(errors="replace"): len([*filter(None, cls.query(ask, id_)[b"tags"])]) > 1 for id_ in ids}

    @staticmethod
    def query(ask, call):
        return decode(ask(b"d7:command5:query7:call-id%d:%be" % (len(call), call)))

    @classmethod
    def idle(cls, ask, call, _tag, _options):
        """Seconds since the last packet of any stream of the call; None for an unknown call."""
        answer = cls.query(ask, call)
        if answer[b"result"] != b"ok":
            return None
        return time.time() - max([answer[b"created"], *values(answer, b"last packet")])

    @classmethod
    def streams(cls, ask, call, media, numbers):
        """rtpengine reports neither loss nor jitter; it reports sent packets from release 11 on."""
        tags = cls.query(ask, call).get(b"tags", {})
        recorder = {tag: of for tag, of in tags.items() if (tag.decode(errors="replace") == media.tag) == (media.side == "recorder")}
        platform = {tag: of for tag, of in tags.items() if tag not in recorder}
        came, left = counted(platform, b"stats"), counted(recorder, b"stats_out")
        return {number: Counts(came[number], left.get(number)) for number in numbers if number in came}

    @staticmethod
    def end(ask, call, _tag):
        ask(b"d7:call-id%d:%b7:command6:deletee" % (len(call), call))

    @staticmethod
    def probe(ask):
        return "ok" if decode(ask(b"d7:command4:pinge"))[b"result"] == b"pong" else "-"


def counted(tags, name):
    """RTP packets of each stream, by its number, if they are reported. (RTCP comes after RTP.)"""
    counts = {}
    for medium in (medium for tag in tags.values() for medium in tag.get(b"medias", [])):
        if medium[b"streams"] and name in medium[b"streams"][0]:
            number = medium[b"index"]
            counts[number] = counts.get(number, 0) + medium[b"streams"][0][name][b"packets"]
    return counts


def values(tree, name):
    """All values with that name, at any depth."""
    found = [tree[name]] if isinstance(tree, dict) and name in tree else []
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        found += values(branch, name)
    return found


def decode(data):
    return decode_at(data, 0)[0]


def decode_at(data, at):
    """The bencoded value that begins at `at`, and its end."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind in (b"d", b"l"):
        items, at = [], at + 1
        while data[at : at + 1] != b"e":
            item, at = decode_at(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end], end
