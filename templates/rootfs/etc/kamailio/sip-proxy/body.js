// Session descriptions in SIP bodies, for media.cfg. ECMAScript 5.1, run by Kamailio's app_jsdt.
//
// A relay is shown SDP alone, in a plain form, whatever stands around it: what Kamailio's modules know of multipart bodies is less
// than what platforms send. takeSdp() takes it out of the message, returnSdp() puts what the relay has made of it in its place;
// every other byte stays as it came.

var SDP = "application/sdp";
var IP4 = /^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})(\/\d+)*\s*$/;

// The message whose SDP is out; Kamailio's worker has one at a time.
var taken;

// Sets $var(sdp): taken; none, when the message has none; or the status to refuse it with, 415 or 488. What begins with `unreachable`,
// a regular expression, is an address that nobody outside can reach: it stands for the one that the message came from.
// Sets $var(streams): for each stream, in order, 1 where the platform sends, or the recorder receives, whichever has sent this; else 0.
function takeSdp(unreachable) {
	var source = KSR.pv.gete("$si");
	var found = foundIn(KSR.pv.gete("$cT"), KSR.pv.gete("$rb"));
	var hidden = new RegExp("^" + unreachable);
	var byRecorder = KSR.pv.gete("$var(by_recorder)") == "1";
	var fromOutside = !byRecorder && !hidden.test(source);
	if (found.sdp && encoded(KSR.pv.gete("$hdr(Content-Encoding)") || KSR.pv.gete("$hdr(e)"))) found = { refusal: "415" };
	var reached = function (address) {
		return fromOutside && hidden.test(address) ? source : address;
	};
	var plain = found.sdp ? plainSdp(found.sdp, reached) : found;
	if (plain.refusal || !plain.sdp) {
		KSR.pv.sets("$var(sdp)", plain.refusal || "none");
		return;
	}
	taken = found;
	if (found.type != SDP || plain.sdp != found.sdp) KSR.textops.set_body(plain.sdp, SDP);
	KSR.pv.sets("$var(streams)", streamsOf(plain.sdp, byRecorder ? "recvonly" : "sendonly"));
	KSR.pv.sets("$var(sdp)", "taken");
}

// After msg_apply_changes(), which makes what the relay has written the message's body.
function returnSdp() {
	if (taken.type == SDP) return;
	var headers = withLength(taken.headers, KSR.pv.gete("$bs"));
	KSR.textops.set_body(taken.before + headers + KSR.pv.gete("$rb") + taken.after, taken.type);
}

function foundIn(contentType, body) {
	var type = contentType.replace(/\r?\n[ \t]+/g, " ");
	if (body == "") return {};
	if (mediaType(type) == SDP || (type == "" && body.substring(0, 3) == "v=0")) {
		return { type: type || SDP, before: "", headers: "", sdp: body, after: "" };
	}
	if (mediaType(type).indexOf("multipart/") != 0) return {};
	var part = sdpPart(body, 0, body.length, parameter(type, "boundary"));
	if (!part) return {};
	if (encoded(header(part.headers, "content-encoding")) || encoded(header(part.headers, "content-transfer-encoding")))
		return { refusal: "415" };
	part.type = type;
	return part;
}

// The first part that is SDP, also in a multipart body within this one (RFC 2046, 5.1): nothing but delimiters with its boundary
// end a part, and the line end before a delimiter is the delimiter's.
function sdpPart(body, from, to, boundary) {
	if (!boundary) return undefined;
	var at = delimiter(body, from, to, boundary);
	while (at && !at.last) {
		var next = delimiter(body, at.end, to, boundary);
		var found = sdpOf(body, at.end, next ? next.start : to);
		if (found) return found;
		at = next;
	}
	return undefined;
}

function sdpOf(body, from, to) {
	var start = afterHeaders(body, from, to);
	var headers = body.substring(from, start);
	var type = header(headers, "content-type") || header(headers, "c");
	if (mediaType(type).indexOf("multipart/") == 0) return sdpPart(body, start, to, parameter(type, "boundary"));
	if (mediaType(type) != SDP || start >= to) return undefined;
	return { before: body.substring(0, from), headers: headers, sdp: body.substring(start, to), after: body.substring(to) };
}

// Where a line that is a delimiter stands (with the line end before it), and where the next line begins.
function delimiter(body, from, to, boundary) {
	var text = "--" + boundary;
	for (var at = body.indexOf(text, from); at >= 0 && at < to; at = body.indexOf(text, at + 1)) {
		if (at > from && body.charAt(at - 1) != "\n") continue;
		var lineEnd = body.indexOf("\n", at);
		if (lineEnd < 0 || lineEnd >= to) lineEnd = to;
		var rest = body.substring(at + text.length, lineEnd).replace(/[ \t\r]+$/, "");
		if (rest != "" && rest != "--") continue;
		var start = at;
		if (start > from) start -= body.charAt(start - 2) == "\r" ? 2 : 1;
		return { start: Math.max(start, from), end: Math.min(lineEnd + 1, to), last: rest == "--" };
	}
	return undefined;
}

// Headers end with an empty line; a part may have none.
function afterHeaders(body, from, to) {
	for (var at = from; at < to; ) {
		var lineEnd = body.indexOf("\n", at);
		if (lineEnd < 0 || lineEnd >= to) return to;
		if (lineEnd == at || (lineEnd == at + 1 && body.charAt(at) == "\r")) return lineEnd + 1;
		at = lineEnd + 1;
	}
	return to;
}

function mediaType(value) {
	return value.split(";")[0].replace(/\s/g, "").toLowerCase();
}

// A parameter of Content-Type, as token or quoted string.
function parameter(value, name) {
	var one = /;\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g;
	for (var found = one.exec(value); found; found = one.exec(value)) {
		if (found[1].toLowerCase() != name) continue;
		var text = found[2].replace(/\s+$/, "");
		return text.charAt(0) == '"' ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
	}
	return "";
}

// The value of a part's header, "" for none.
function header(headers, name) {
	var lines = headers.replace(/\r?\n[ \t]+/g, " ").split("\n");
	for (var i = 0; i < lines.length; i++) {
		var colon = lines[i].indexOf(":");
		if (lines[i].substring(0, colon).replace(/\s+$/, "").toLowerCase() != name) continue;
		return lines[i].substring(colon + 1).replace(/^\s+|\s+$/g, "");
	}
	return "";
}

// The part's own Content-Length follows its SDP.
function withLength(headers, bytes) {
	return headers.replace(/^((?:content-length|l)[ \t]*:[ \t]*)\d+/im, function (line, name) {
		return name + bytes;
	});
}

function encoded(value) {
	return !/^(|identity|binary|8bit|7bit)$/i.test(value);
}

// The form in which both relays understand it: addresses of media as they are seen from here, no candidates (the relay has none to
// give), each stream's address with the stream where they differ, and a line end after each line.
function plainSdp(sdp, reached) {
	var end = sdp.indexOf("\r\n") < 0 ? "\n" : "\r\n";
	var lines = sdp.replace(/\s+$/, "").split(/\r?\n/).filter(function (line) {
		return !/^a=(candidate|remote-candidates|end-of-candidates|ice-[a-z0-9-]+)(:|$)/.test(line);
	});
	lines = lines.map(function (line) {
		return reachable(line, reached);
	});
	var sections = sectionsOf(lines).map(withoutUnused);
	var own = sections.map(connection);
	for (var i = 0; i < own.length; i++) {
		if (own[i] && !IP4.test(own[i])) return { refusal: "488" };
		if (i > 0 && !refused(sections[i]) && !own[i] && !own[0]) return { refusal: "488" };
	}
	if (apart(sections, own)) sections = sections.map(withConnection(own));
	return { sdp: [].concat.apply([], sections).join(end) + end };
}

// The session's lines, and those of each stream.
function sectionsOf(lines) {
	var sections = [[]];
	lines.forEach(function (line) {
		if (line.substring(0, 2) == "m=") sections.push([]);
		sections[sections.length - 1].push(line);
	});
	return sections;
}

function reachable(line, reached) {
	if (/^a=rtcp:\d+ /.test(line)) return line.split(" ")[0];
	var address = IP4.exec(line);
	return address ? "c=IN IP4 " + reached(address[1]) : line;
}

function refused(section) {
	return /^m=\S+ 0[ \/]/.test(section[0] || "");
}

function connection(section) {
	return section.filter(function (line) {
		return line.substring(0, 2) == "c=";
	})[0];
}

// The address of a refused stream is none.
function withoutUnused(section) {
	if (!refused(section)) return section;
	return section.filter(function (line) {
		return line.substring(0, 2) != "c=" || IP4.test(line);
	});
}

// RTPProxy's module gives the session the first stream's address, and knows no stream without one.
function apart(sections, own) {
	return sections.some(function (section, i) {
		return i > 0 && (own[i] ? /IP4 0\.0\.0\.0/.test(own[i]) : !own[0] && refused(section));
	});
}

function withConnection(own) {
	var usual = own.filter(Boolean)[0];
	return function (section, i) {
		if (i == 0 || own[i] || !usual) return section;
		var head = /^i=/.test(section[1] || "") ? 2 : 1;
		return section.slice(0, head).concat(usual, section.slice(head));
	};
}

// A stream goes where it is neither refused nor on hold, and goes both ways or `way` alone. (No address is RFC 2543's form of hold.)
function streamsOf(sdp, way) {
	var sections = sectionsOf(sdp.split(/\r?\n/));
	var session = sections.shift();
	return sections
		.map(function (section) {
			var none = refused(section) || !/^m=(audio|video) \S+ (\S+\/)?RTP\//.test(section[0]);
			var held = /IP4 0\.0\.0\.0/.test(connection(section) || connection(session));
			var direction = directionOf(section) || directionOf(session) || "sendrecv";
			return !none && !held && (direction == "sendrecv" || direction == way) ? "1" : "0";
		})
		.join("");
}

function directionOf(section) {
	var found = section.filter(function (line) {
		return /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line);
	})[0];
	return found && found.substring(2);
}
