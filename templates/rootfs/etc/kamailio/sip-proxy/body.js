/* eslint max-lines: ["warn", { "max": 330, "skipBlankLines": true, "skipComments": true }] -- app_jsdt loads one file */
// Session descriptions in SIP bodies, for media.cfg. ECMAScript 5.1, run by Kamailio's app_jsdt.
//
// The relay gets only the SDP, in a plain form, because platforms send multipart bodies that Kamailio's modules do not fully support.
// takeSdp() extracts it from the message; returnSdp() puts the result of the relay in its place. All other bytes stay unchanged.
//
// Duktape, which runs this, is slow: a regular expression costs about 10,000 instructions of the processor, indexOf() 4,500, split() 800
// for each piece, an index 400. So the parts of usual SDPs that are the same in most calls of a platform are read once, and
// the results are kept (usualSdp()). In other SDPs, lines are distinguished by their first characters. Regular expressions are used only for rare lines.

var SDP = "application/sdp";
// Hold as in RFC 2543: this address instead of a real one.
var HELD = "0.0.0.0";
var IP4 = /^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})(\/\d+)*\s*$/;
var DIRECTIONS = { "a=sendrecv": "sendrecv", "a=sendonly": "sendonly", "a=recvonly": "recvonly", "a=inactive": "inactive" };
var RTCP = /^a=rtcp:\d+ /;
var ICE = /^a=(candidate|remote-candidates|end-of-candidates|ice-[a-z0-9-]+)(:|$)/;
// The first characters of attributes that matter here: directions, ICE, RTCP.
var TELLING = { send: 1, recv: 1, inac: 1, cand: 1, remo: 1, "end-": 1, "ice-": 1, rtcp: 1 };

// The message whose SDP was extracted. A worker of Kamailio has one at a time.
var taken;

// Sets $var(sdp): `taken`, `none` (no SDP in the message), or the status to refuse it with, 415 or 488. Addresses that match
// `unreachable`, a regular expression, cannot be reached from outside: they are replaced by `source`, the source address of the message.
// Sets $var(streams): for each stream, in order, 1 if the platform sends on it (in its SDP) or the recorder receives (in its SDP), else 0.
// Sets $var(shown) if the body was replaced: `changed`, or `part`, which returnSdp() puts back into the original body.
function takeSdp(unreachable, source, byRecorder) {
	var pv = KSR.pv;
	var found = foundIn(pv.gete("$cT"), pv.gete("$rb"));
	if (found.sdp && encoded(pv.gete("$hdr(Content-Encoding)") || pv.gete("$hdr(e)"))) found = { refusal: "415" };
	var hidden = beginningWith(unreachable);
	var instead = byRecorder == "1" || hidden(source) ? "" : source;
	var way = byRecorder == "1" ? "recvonly" : "sendonly";
	var plain = found.sdp ? usualSdp(found.sdp, instead, hidden, way) || plainSdp(found.sdp, instead, hidden, way) : found;
	if (plain.refusal || !plain.sdp) {
		pv.sets("$var(sdp)", plain.refusal || "none");
		return;
	}
	taken = found;
	if (found.type != SDP || plain.sdp != found.sdp) {
		KSR.textops.set_body(plain.sdp, SDP);
		pv.sets("$var(shown)", found.type == SDP ? "changed" : "part");
	}
	pv.sets("$var(streams)", plain.streams);
	pv.sets("$var(sdp)", "taken");
}

// Call it after msg_apply_changes(), which makes the SDP of the relay the body of the message.
function returnSdp() {
	var headers = readHeaders(taken.headers).measured ? withLength(taken.headers, KSR.pv.gete("$bs")) : taken.headers;
	KSR.textops.set_body(taken.before + headers + KSR.pv.gete("$rb") + taken.after, taken.type);
}

// Returns a function that keeps the results of `read` for texts of at most `longest` characters (200), at most 200 results: a platform
// sends the same texts in each call. Its property `known` contains the results, by text.
function remembering(read, longest) {
	var count = 0;
	function remembered(text) {
		var known = remembered.known[text];
		if (known !== undefined) return known;
		known = read(text);
		if (text.length > (longest || 200)) return known;
		if (count++ == 200) {
			remembered.known = Object.create(null);
			count = 1;
		}
		remembered.known[text] = known;
		return known;
	}
	remembered.known = Object.create(null);
	return remembered;
}

var beginningWith = remembering(function (expression) {
	var begin = new RegExp("^" + expression);
	return remembering(function (text) {
		return begin.test(text);
	});
});

// The address of a c= line; empty if it is not IPv4.
var addressIn = remembering(function (line) {
	var found = IP4.exec(line);
	return found ? found[1] : "";
});

// Reads a Content-Type.
var readType = remembering(function (value) {
	var type = unfolded(value);
	var media = mediaType(type);
	return { type: type, media: media, boundary: media.indexOf("multipart/") == 0 ? parameter(type, "boundary") : "" };
});

// Reads the headers of a part.
var readHeaders = remembering(function (text) {
	var values = headersOf(text);
	var type = readType(values["content-type"] || values["c"] || "");
	var coded = encoded(values["content-encoding"]) || encoded(values["content-transfer-encoding"]);
	var measured = values["content-length"] !== undefined || values["l"] !== undefined;
	return { media: type.media, boundary: type.boundary, encoded: coded, measured: measured };
});

function foundIn(contentType, body) {
	if (body == "") return {};
	var read = readType(contentType);
	if (read.media == SDP || (read.type == "" && body.substring(0, 3) == "v=0")) {
		return { type: read.type || SDP, before: "", headers: "", sdp: body, after: "" };
	}
	var part = firstPart(body, read.boundary) || sdpPart(body, 0, body.length, read.boundary);
	if (!part) return {};
	if (readHeaders(part.headers).encoded) return { refusal: "415" };
	part.type = read.type;
	return part;
}

// The same as sdpPart() if the body begins with the delimiter of a part that is SDP, and another one follows it; otherwise undefined.
function firstPart(body, boundary) {
	var start = body.indexOf("\r\n\r\n") + 4;
	var head = readHead(body.substring(0, start));
	if (!boundary || head.boundary != boundary) return undefined;
	var end = body.indexOf(head.dashes, start) - 2;
	if (end <= start || body.substring(end, end + head.line.length) != head.line) return undefined;
	return { before: head.before, headers: head.headers, sdp: body.substring(start, end), after: body.substring(end) };
}

// Reads a delimiter and the headers of the part after it, including the empty line; `boundary` is empty if sdpPart() must read them.
var readHead = remembering(function (text) {
	var dashes = text.split("\r\n", 1)[0];
	var before = dashes + "\r\n";
	var headers = text.substring(before.length);
	var read = readHeaders(headers);
	var whole = afterHeaders(text, before.length, text.length) == text.length && headers.indexOf(dashes) < 0;
	var usual = dashes.substring(0, 2) == "--" && whole && read.media == SDP && !read.boundary;
	var boundary = usual ? dashes.substring(2) : "";
	return { boundary: boundary, dashes: dashes, line: "\r\n" + before, before: before, headers: headers };
});

// The first part that is SDP, also in a nested multipart body (RFC 2046, 5.1): only delimiters with its own boundary end a part, and the
// line end before a delimiter belongs to the delimiter.
function sdpPart(body, from, to, boundary) {
	if (!boundary) return undefined;
	for (var at = delimiter(body, from, to, boundary), next; at && !at.last; at = next) {
		next = delimiter(body, at.end, to, boundary);
		var found = sdpOf(body, at.end, next ? next.start : to);
		if (found) return found;
	}
	return undefined;
}

function sdpOf(body, from, to) {
	var start = afterHeaders(body, from, to);
	var headers = body.substring(from, start);
	var read = readHeaders(headers);
	if (read.boundary) return sdpPart(body, start, to, read.boundary);
	if (read.media != SDP || start >= to) return undefined;
	return { before: body.substring(0, from), headers: headers, sdp: body.substring(start, to), after: body.substring(to) };
}

// The start of the next delimiter line (including the line end before it), and the start of the line after it.
function delimiter(body, from, to, boundary) {
	var text = "--" + boundary;
	for (var at = body.indexOf(text, from); at >= 0 && at < to; at = body.indexOf(text, at + 1)) {
		if (at > from && body[at - 1] != "\n") continue;
		var lineEnd = body.indexOf("\n", at);
		if (lineEnd < 0 || lineEnd >= to) lineEnd = to;
		var rest = body.substring(at + text.length, lineEnd);
		rest = rest == "\r" ? "" : withoutEnd(rest);
		if (rest != "" && rest != "--") continue;
		var start = at;
		if (start > from) start -= body[start - 2] == "\r" ? 2 : 1;
		return { start: start < from ? from : start, end: lineEnd < to ? lineEnd + 1 : to, last: rest == "--" };
	}
	return undefined;
}

// The end of the headers, which is an empty line; a part may have no headers.
function afterHeaders(body, from, to) {
	for (var at = from; at < to; ) {
		var lineEnd = body.indexOf("\n", at);
		if (lineEnd < 0 || lineEnd >= to) return to;
		if (lineEnd == at || (lineEnd == at + 1 && body[at] == "\r")) return lineEnd + 1;
		at = lineEnd + 1;
	}
	return to;
}

function mediaType(value) {
	var type = value.split(";", 1)[0].trim().toLowerCase();
	return type.indexOf(" ") < 0 && type.indexOf("\t") < 0 ? type : type.replace(/\s/g, "");
}

// The text without whitespace at its end.
function withoutEnd(text) {
	var bare = text.trim();
	return bare == "" || bare == text ? bare : ("." + text).trim().substring(1);
}

// The header without line folding.
function unfolded(text) {
	return text.indexOf("\n ") < 0 && text.indexOf("\n\t") < 0 ? text : text.replace(/\r?\n[ \t]+/g, " ");
}

// A parameter of Content-Type, from a token or a quoted string.
function parameter(value, name) {
	if (value.indexOf('"') >= 0) return quotedParameter(value, name);
	var parts = value.split(";");
	for (var i = 1; i < parts.length; i++) {
		var equals = parts[i].indexOf("=");
		if (equals >= 0 && parts[i].substring(0, equals).trim().toLowerCase() == name) return parts[i].substring(equals + 1).trim();
	}
	return "";
}

function quotedParameter(value, name) {
	var one = /;\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g;
	for (var found = one.exec(value); found; found = one.exec(value)) {
		if (found[1].toLowerCase() != name) continue;
		var text = found[2].trim();
		return text.charAt(0) == '"' ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
	}
	return "";
}

// The headers of a part, by name in lower case.
function headersOf(text) {
	var values = {};
	var lines = unfolded(text).split("\n");
	for (var i = 0; i < lines.length; i++) {
		var colon = lines[i].indexOf(":");
		var name = lines[i].substring(0, colon).trim().toLowerCase();
		if (colon > 0 && values[name] === undefined) values[name] = lines[i].substring(colon + 1).trim();
	}
	return values;
}

// Updates the Content-Length of the part itself.
function withLength(headers, bytes) {
	return headers.replace(/^((?:content-length|l)[ \t]*:[ \t]*)\d+/im, function (line, name) {
		return name + bytes;
	});
}

function encoded(value) {
	return value && !/^(identity|binary|8bit|7bit)$/i.test(value);
}

// The SDP in a form that both relays support: `instead` replaces hidden addresses, ICE candidates are removed (the relay offers none),
// each stream has its own address if they differ, and each line has a line end. Also returns the streams for $var(streams): 1 for those
// with the direction `way` or both directions.
function plainSdp(sdp, instead, hidden, way) {
	var end = sdp.indexOf("\r\n") < 0 ? "\n" : "\r\n";
	var lines = linesOf(sdp, end);
	var last = lines.length - 1;
	var telling = TELLING;
	var streams = "";
	var apart = false;
	// values of the session, and of the current stream; the address is undefined if there is no c= line
	var sessionAddress, sessionDirection, media, address;
	var direction = "";
	for (var i = 0; i <= last; i++) {
		var line = lines[i];
		var begin = line[1] == "=" ? line[0] : "";
		if (begin == "a") {
			if (!telling[line.substring(2, 6)]) continue;
			var own = DIRECTIONS[line];
			if (own) direction = direction || own;
			else if (RTCP.test(line)) lines[i] = line.split(" ", 1)[0];
			else if (ICE.test(line)) {
				lines.splice(i--, 1);
				last--;
			}
		} else if (begin == "c") {
			var found = addressIn(line);
			if (found) {
				if (instead && hidden(found)) found = instead;
				lines[i] = "c=IN IP4 " + found;
			} else if (media == "refused") {
				// a refused stream needs no valid address
				lines.splice(i--, 1);
				last--;
			} else if (address === undefined) {
				return { refusal: "488" };
			}
			// the first of several
			if (found && address === undefined) address = found;
		} else if (begin == "m" || i == last) {
			if (media === undefined) {
				sessionAddress = address;
				sessionDirection = direction;
			} else {
				if (address === undefined ? sessionAddress === undefined : address == HELD) {
					if (address === undefined && media != "refused") return { refusal: "488" };
					apart = true;
				}
				streams += media == "rtp" && goes(address || sessionAddress, direction || sessionDirection, way) ? "1" : "0";
			}
			if (i == last) break;
			media = mediaOf(line);
			address = undefined;
			direction = "";
		}
	}
	if (apart) giveConnections(lines);
	return { sdp: lines.join(end), streams: streams };
}

// The same as plainSdp() for usual SDPs, in a fifth of the time; undefined for others. Only the session's origin and the ports of streams
// are read in each call. What follows them is the same in most calls of a platform (usualPart()).
function usualSdp(sdp, instead, hidden, way) {
	if (sdp.substring(0, 7) != "v=0\r\no=") return undefined;
	var known = usualPart.known;
	var next = "\r\nm=audio ";
	var plain = "";
	var done = 0;
	var streams = "";
	var sessionDirection;
	var at = sdp.indexOf("\n", 7) - 1;
	for (;;) {
		var end = sdp.indexOf(next, at);
		var text = end < 0 ? sdp.substring(at) : sdp.substring(at, end);
		var read = known[text] || usualPart(text);
		if (!read.usual) return undefined;
		if (sessionDirection === undefined) {
			if (!read.address) return undefined;
			sessionDirection = read.direction;
		} else {
			streams += read.rtp && goes(read.address, read.direction || sessionDirection, way) ? "1" : "0";
		}
		if (instead && read.address && hidden(read.address)) {
			plain += sdp.substring(done, at) + read.before + instead + read.after;
			done = at + text.length;
		}
		if (end < 0) break;
		at = sdp.indexOf(" ", end + 10);
		var port = sdp.substring(end + 10, at);
		// usual are ports of digits only; port 0 refuses the stream
		if (port == "0" || "" + +port != port) return undefined;
	}
	if (streams == "" || !read.ended) return undefined;
	return { sdp: done ? plain + sdp.substring(done) : sdp, streams: streams };
}

// Reads an SDP from the end of its o= line, or a stream from the protocol in its m= line, to the next stream. `usual`: plainSdp() would
// change nothing but an address, which is between `before` and `after`. `ended`: plainSdp() would not change the end of the SDP.
var usualPart = remembering(function (text) {
	var lines = text.split("\r\n");
	var read = { usual: false, rtp: isRtp(lines[0].split(" ")[1]), address: "", direction: "", ended: withoutEnd(text) + "\r\n" == text };
	for (var i = 0; i < lines.length; i++) {
		var line = lines[i];
		var begin = line.substring(0, 2);
		if (line.indexOf("\n") >= 0 || begin == "m=" || RTCP.test(line) || ICE.test(line)) return read;
		if (begin == "a=") read.direction = read.direction || DIRECTIONS[line] || "";
		if (begin != "c=") continue;
		var found = addressIn(line);
		if (read.address || !found || found == HELD || line != "c=IN IP4 " + found) return read;
		read.address = found;
		read.before = lines.slice(0, i).concat("c=IN IP4 ").join("\r\n");
		read.after = [""].concat(lines.slice(i + 1)).join("\r\n");
	}
	read.usual = true;
	return read;
}, 500);

// The lines; the last one is empty, because each line gets a line end. Whitespace at the end of the SDP is removed.
function linesOf(sdp, end) {
	if (sdp.trim() + end != sdp) sdp = withoutEnd(sdp) + end;
	var lines = sdp.split(end);
	return end != "\n" && lines.join("").indexOf("\n") >= 0 ? sdp.split(/\r?\n/) : lines;
}

// `refused` (port 0), `rtp`, or `other`.
function mediaOf(line) {
	var fields = line.split(" ", 3);
	var protocol = fields[2];
	if (protocol !== undefined && fields[1][0] == "0" && /^m=\S+ 0[ \/]/.test(line)) return "refused";
	if (fields[0] != "m=audio" && fields[0] != "m=video") return "other";
	return isRtp(protocol) ? "rtp" : "other";
}

function isRtp(protocol) {
	return protocol == "RTP/AVP" || ("/" + protocol).indexOf("/RTP/") >= 0;
}

// RTPProxy's module uses the address of the first stream for the session, and needs one for each stream: if they differ, each stream gets
// its own c= line, after its m= and i= lines.
function giveConnections(lines) {
	var usual = lines.filter(function (line) {
		return line.substring(0, 2) == "c=";
	})[0];
	if (usual === undefined) return;
	var given = false;
	for (var i = lines.length - 1; i >= 0; i--) {
		var begin = lines[i].substring(0, 2);
		if (begin == "c=") given = true;
		if (begin != "m=") continue;
		if (!given) lines.splice(lines[i + 1].substring(0, 2) == "i=" ? i + 2 : i + 1, 0, usual);
		given = false;
	}
}

// Whether a stream is not on hold, and has the direction `way` or both directions.
function goes(address, direction, way) {
	return address != HELD && (direction == way || direction == "" || direction == "sendrecv");
}
