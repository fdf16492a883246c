// Session descriptions in SIP bodies, for media.cfg. ECMAScript 5.1, run by Kamailio's app_jsdt.
//
// A relay is shown SDP alone, in a plain form, whatever stands around it: what Kamailio's modules know of multipart bodies is less
// than what platforms send. takeSdp() takes it out of the message, returnSdp() puts what the relay has made of it in its place;
// every other byte stays as it came.
//
// Duktape, which runs it, is slow at regular expressions, and slower at those that begin anywhere: what every call has is found by
// String's own functions, and regular expressions look at what is rare.

var SDP = "application/sdp";
var IP4 = /^c=IN IP4 (\d{1,3}(?:\.\d{1,3}){3})(\/\d+)*\s*$/;
var DIRECTIONS = { "a=sendrecv": "sendrecv", "a=sendonly": "sendonly", "a=recvonly": "recvonly", "a=inactive": "inactive" };
// How lines of ICE begin, and the names of their attributes.
var ICE_BEGINS = { cand: 1, remo: 1, "end-": 1, "ice-": 1 };
var ICE = /^a=(candidate|remote-candidates|end-of-candidates|ice-[a-z0-9-]+)(:|$)/;

// The message whose SDP is out; Kamailio's worker has one at a time.
var taken;
// A regular expression, by its text.
var expressions = {};

// Sets $var(sdp): taken; none, when the message has none; or the status to refuse it with, 415 or 488. What begins with `unreachable`,
// a regular expression, is an address that nobody outside can reach: it stands for the one that the message came from.
// Sets $var(streams): for each stream, in order, 1 where the platform sends, or the recorder receives, whichever has sent this; else 0.
function takeSdp(unreachable) {
	var source = KSR.pv.gete("$si");
	var found = foundIn(KSR.pv.gete("$cT"), KSR.pv.gete("$rb"));
	var hidden = expressions[unreachable] || (expressions[unreachable] = new RegExp("^" + unreachable));
	var byRecorder = KSR.pv.gete("$var(by_recorder)") == "1";
	var fromOutside = !byRecorder && !hidden.test(source);
	if (found.sdp && encoded(KSR.pv.gete("$hdr(Content-Encoding)") || KSR.pv.gete("$hdr(e)"))) found = { refusal: "415" };
	var reached = function (address) {
		return fromOutside && hidden.test(address) ? source : address;
	};
	var plain = found.sdp ? plainSdp(found.sdp, reached, byRecorder ? "recvonly" : "sendonly") : found;
	if (plain.refusal || !plain.sdp) {
		KSR.pv.sets("$var(sdp)", plain.refusal || "none");
		return;
	}
	taken = found;
	if (found.type != SDP || plain.sdp != found.sdp) KSR.textops.set_body(plain.sdp, SDP);
	KSR.pv.sets("$var(streams)", plain.streams);
	KSR.pv.sets("$var(sdp)", "taken");
}

// After msg_apply_changes(), which makes what the relay has written the message's body.
function returnSdp() {
	if (taken.type == SDP) return;
	var measured = taken.values["content-length"] !== undefined || taken.values["l"] !== undefined;
	var headers = measured ? withLength(taken.headers, KSR.pv.gete("$bs")) : taken.headers;
	KSR.textops.set_body(taken.before + headers + KSR.pv.gete("$rb") + taken.after, taken.type);
}

function foundIn(contentType, body) {
	if (body == "") return {};
	var type = unfolded(contentType);
	var media = mediaType(type);
	if (media == SDP || (type == "" && body.substring(0, 3) == "v=0")) {
		return { type: type || SDP, before: "", headers: "", values: {}, sdp: body, after: "" };
	}
	if (media.indexOf("multipart/") != 0) return {};
	var part = sdpPart(body, 0, body.length, parameter(type, "boundary"));
	if (!part) return {};
	if (encoded(part.values["content-encoding"]) || encoded(part.values["content-transfer-encoding"])) return { refusal: "415" };
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
	var values = headersOf(headers);
	var type = values["content-type"] || values["c"] || "";
	var media = mediaType(type);
	if (media.indexOf("multipart/") == 0) return sdpPart(body, start, to, parameter(type, "boundary"));
	if (media != SDP || start >= to) return undefined;
	var own = { headers: headers, values: values, sdp: body.substring(start, to) };
	own.before = body.substring(0, from);
	own.after = body.substring(to);
	return own;
}

// Where a line that is a delimiter stands (with the line end before it), and where the next line begins.
function delimiter(body, from, to, boundary) {
	var text = "--" + boundary;
	for (var at = body.indexOf(text, from); at >= 0 && at < to; at = body.indexOf(text, at + 1)) {
		if (at > from && body.charAt(at - 1) != "\n") continue;
		var lineEnd = body.indexOf("\n", at);
		if (lineEnd < 0 || lineEnd >= to) lineEnd = to;
		var rest = withoutEnd(body.substring(at + text.length, lineEnd));
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
	var end = value.indexOf(";");
	var type = (end < 0 ? value : value.substring(0, end)).trim().toLowerCase();
	return type.indexOf(" ") < 0 && type.indexOf("\t") < 0 ? type : type.replace(/\s/g, "");
}

// Without blank space at its end.
function withoutEnd(text) {
	return ("." + text).trim().substring(1);
}

// A header on one line.
function unfolded(text) {
	return text.indexOf("\n ") < 0 && text.indexOf("\n\t") < 0 ? text : text.replace(/\r?\n[ \t]+/g, " ");
}

// A parameter of Content-Type, as token or quoted string.
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

// A part's headers, by their names in lower case.
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

// The part's own Content-Length follows its SDP.
function withLength(headers, bytes) {
	return headers.replace(/^((?:content-length|l)[ \t]*:[ \t]*)\d+/im, function (line, name) {
		return name + bytes;
	});
}

function encoded(value) {
	return value && !/^(identity|binary|8bit|7bit)$/i.test(value);
}

// The form in which both relays understand it: addresses of media as they are seen from here, no candidates (the relay has none to
// give), each stream's address with the stream where they differ, and a line end after each line. With its streams as
// $var(streams) has them, where those go that go `way` alone, or both ways.
function plainSdp(sdp, reached, way) {
	var end = sdp.indexOf("\r\n") < 0 ? "\n" : "\r\n";
	var sections = sectionsOf(linesOf(sdp, end), reached);
	var session = sections[0];
	var streams = "";
	for (var i = 0; i < sections.length; i++) {
		var one = sections[i];
		if (one.connection && !one.address) return { refusal: "488" };
		if (i == 0) continue;
		if (!one.refused && !one.connection && !session.connection) return { refusal: "488" };
		streams += goes(one, session, way) ? "1" : "0";
	}
	if (apart(sections)) giveConnections(sections);
	var plain = "";
	for (i = 0; i < sections.length; i++) if (sections[i].lines.length > 0) plain += sections[i].lines.join(end) + end;
	return { sdp: plain, streams: streams };
}

// Without blank space at the end of all.
function linesOf(sdp, end) {
	var lines = sdp.split(end);
	if (end != "\n" && lines.join("").indexOf("\n") >= 0) lines = sdp.split(/\r?\n/);
	while (lines.length > 1 && lines[lines.length - 1].trim() == "") lines.pop();
	lines.push(withoutEnd(lines.pop()));
	return lines;
}

// The session, and each stream: its lines, with addresses that are reached and without ICE, and what they say.
function sectionsOf(lines, reached) {
	var section = newSection("");
	var sections = [section];
	for (var i = 0; i < lines.length; i++) {
		var line = lines[i];
		switch (line.substring(0, 2)) {
			case "m=":
				sections.push((section = newSection(line)));
				break;
			case "c=":
				line = readConnection(section, line, reached);
				break;
			case "a=":
				line = readAttribute(section, line);
		}
		if (line !== undefined) section.lines.push(line);
	}
	return sections;
}

function newSection(media) {
	// of a stream that is refused the port is 0
	var port = media.indexOf(" ") + 1;
	var refused = media.charAt(port) == "0" && /^m=\S+ 0[ \/]/.test(media);
	return { lines: [], media: media, refused: refused, connection: undefined, address: "", direction: "" };
}

// The address of a refused stream is none. The first line of several is looked at.
function readConnection(section, line, reached) {
	var found = IP4.exec(line);
	if (!found && section.refused) return undefined;
	if (found) line = "c=IN IP4 " + reached(found[1]);
	if (section.connection === undefined) {
		section.connection = line;
		section.address = found ? line.substring("c=IN IP4 ".length) : "";
	}
	return line;
}

function readAttribute(section, line) {
	if (DIRECTIONS[line]) {
		section.direction = section.direction || DIRECTIONS[line];
		return line;
	}
	var begin = line.substring(2, 6);
	if (ICE_BEGINS[begin] && ICE.test(line)) return undefined;
	return begin == "rtcp" && /^a=rtcp:\d+ /.test(line) ? line.split(" ")[0] : line;
}

// RTPProxy's module gives the session the first stream's address, and knows no stream without one.
function apart(sections) {
	for (var i = 1; i < sections.length; i++) {
		var one = sections[i];
		if (one.connection ? held(one) : !sections[0].connection && one.refused) return true;
	}
	return false;
}

function giveConnections(sections) {
	var usual;
	for (var i = 0; i < sections.length && !usual; i++) usual = sections[i].connection;
	if (!usual) return;
	for (i = 1; i < sections.length; i++) {
		var lines = sections[i].lines;
		if (!sections[i].connection) lines.splice((lines[1] || "").substring(0, 2) == "i=" ? 2 : 1, 0, usual);
	}
}

// No address is RFC 2543's form of hold.
function held(section) {
	return section.address == "0.0.0.0";
}

// A stream goes where it is neither refused nor on hold, and goes both ways or `way` alone.
function goes(section, session, way) {
	if (section.refused || held(section.connection ? section : session)) return false;
	var media = section.media.split(" ");
	if ((media[0] != "m=audio" && media[0] != "m=video") || ("/" + media[2]).indexOf("/RTP/") < 0) return false;
	var direction = section.direction || session.direction || "sendrecv";
	return direction == "sendrecv" || direction == way;
}
