-- Session descriptions in SIP bodies, for media.cfg. Lua 5.1 to 5.4, run by Kamailio's app_lua.
--
-- The relay's module gets only the SDP, in a plain form, because platforms send multipart bodies that Kamailio's modules do not fully
-- support. takeSdp() extracts it from the message; returnSdp() puts the result of the relay in its place. All other bytes stay unchanged.
-- Usual bodies, which the modules support, stay as they are: to build the message twice costs some 100,000 instructions of the processor.
-- The parts of usual SDPs that are the same in most calls of a platform are read once, and the results are kept (usual_sdp()).
--
-- Positions in texts are those of Lua: the first byte is 1. `to` is the position after the last byte.

local SDP = "application/sdp"
-- Hold as in RFC 2543: this address instead of a real one.
local HELD = "0.0.0.0"
local DIRECTIONS =
	{ ["a=sendrecv"] = "sendrecv", ["a=sendonly"] = "sendonly", ["a=recvonly"] = "recvonly", ["a=inactive"] = "inactive" }
-- The first characters of attributes that matter here: directions, ICE, RTCP.
local TELLING = { send = true, recv = true, inac = true, cand = true, remo = true, ["end-"] = true, ["ice-"] = true, rtcp = true }
local ICE = { candidate = true, ["remote-candidates"] = true, ["end-of-candidates"] = true }
local PLAIN = { identity = true, binary = true, ["8bit"] = true, ["7bit"] = true }

local byte, concat, find, gsub, lower, match, sub = string.byte, table.concat, string.find, string.gsub, string.lower, string.match, string.sub

-- The pieces between separators, which are plain text.
local function split(text, separator)
	local pieces, from = {}, 1
	while true do
		local start, stop = find(text, separator, from, true)
		if not start then break end
		pieces[#pieces + 1] = sub(text, from, start - 1)
		from = stop + 1
	end
	pieces[#pieces + 1] = sub(text, from)
	return pieces
end

-- The text without whitespace at its end.
local function without_end(text)
	return match(text, "^.*%S") or ""
end

local function trim(text)
	return match(without_end(text), "^%s*(.*)$")
end

-- Returns a function that keeps the results of `read` for texts of at most `longest` characters (200), at most 200 results: a platform
-- sends the same texts in each call.
local function remembering(read, longest)
	local known, count = {}, 0
	longest = longest or 200
	return function(text)
		local result = known[text]
		if result ~= nil then return result end
		result = read(text)
		if #text > longest then return result end
		if count == 200 then
			known, count = {}, 0
		end
		count = count + 1
		known[text] = result
		return result
	end
end

-- Whether an address cannot be reached from outside: private, shared, local (the same networks as UNREACHABLE_IP4 in defaults.cfg).
local hidden = remembering(function(address)
	local first, second = match(address, "^(%d+)%.(%d+)%.")
	if first == "10" or first == "127" then return true end
	if first == nil or match(second, "^0%d") then return false end
	local number = tonumber(second)
	return first == "169" and number == 254
		or first == "192" and number == 168
		or first == "172" and number >= 16 and number <= 31
		or first == "100" and number >= 64 and number <= 127
end)

-- The address of a c= line; empty if it is not IPv4.
local address_in = remembering(function(line)
	local address, rest = match(line, "^c=IN IP4 (%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?)(.*)$")
	if not address or match(rest, "^%d") then return "" end
	while match(rest, "^/%d") do
		rest = gsub(rest, "^/%d+", "", 1)
	end
	return match(rest, "^%s*$") and address or ""
end)

local function is_rtcp(line)
	return find(line, "^a=rtcp:%d+ ") ~= nil
end

local function is_ice(line)
	local name = match(line, "^a=([^:]*)")
	return name ~= nil and (ICE[name] or find(name, "^ice%-[a-z0-9-]+$") ~= nil)
end

local function encoded(value)
	return value ~= nil and value ~= "" and not PLAIN[lower(value)]
end

-- ----- headers

-- The header without line folding.
local function unfolded(text)
	return (gsub(text, "\r?\n[ \t]+", " "))
end

local function media_type(value)
	return (gsub(trim(lower(match(value, "^[^;]*"))), "[ \t]", ""))
end

-- The end of a quoted string that begins at `at`; nil if there is none.
local function quoted_end(value, at)
	if sub(value, at, at) ~= '"' then return nil end
	local i = at + 1
	while i <= #value do
		local char = sub(value, i, i)
		if char == '"' then return i end
		if char == "\\" then
			if not match(value, "^[^\r\n]", i + 1) then return nil end
			i = i + 1
		end
		i = i + 1
	end
	return nil
end

-- A parameter of Content-Type, from a token or a quoted string.
local function parameter(value, name)
	local at = find(value, ";", 1, true)
	while at do
		local found, from = match(value, "^;%s*([^=;%s]+)%s*=%s*()", at)
		local next_from = at + 1
		if found then
			local stop = quoted_end(value, from)
			local text = stop and sub(value, from, stop) or match(value, "^[^;]*", from)
			next_from = from + #text
			if lower(found) == name then
				text = trim(text)
				if sub(text, 1, 1) ~= '"' then return text end
				return (gsub(sub(text, 2, -2), "\\([^\r\n])", "%1"))
			end
		end
		at = find(value, ";", next_from, true)
	end
	return ""
end

-- Whether what follows a Content-Type is nothing, or the disposition.
local function usually_disposed(rest, disposition)
	if rest == "\r\n\r\n" then return true end
	local handling = match(rest, "^\r\nContent%-Disposition: ?" .. disposition .. "(.*)\r\n\r\n$")
	return handling == "" or handling ~= nil and find(handling, "^; ?handling=%w+$") ~= nil
end

-- Reads a Content-Type. `usual`: the modules of both relays read such a multipart body as this file does.
local read_type = remembering(function(value)
	local type = unfolded(value)
	local media = media_type(type)
	local boundary = sub(media, 1, 10) == "multipart/" and parameter(type, "boundary") or ""
	local usual = match(value, "^multipart/mixed; ?boundary=([%w_.=-]+)$") or match(value, '^multipart/mixed; ?boundary="([%w_.=-]+)"$')
	return { type = type, media = media, boundary = boundary, usual = usual ~= nil }
end)

-- The headers of a part, by name in lower case.
local function headers_of(text)
	local values = {}
	for _, line in ipairs(split(unfolded(text), "\n")) do
		local colon = find(line, ":", 1, true)
		if colon and colon > 1 then
			local name = lower(trim(sub(line, 1, colon - 1)))
			values[name] = values[name] or trim(sub(line, colon + 1))
		end
	end
	return values
end

-- Reads the headers of a part. `usual`: no other header than the usual ones of an SDP.
local read_headers = remembering(function(text)
	local values = headers_of(text)
	local type = values["content-type"]
	if type == nil or type == "" then type = values["c"] or "" end
	local read = read_type(type)
	local rest = match(text, "^Content%-Type: ?application/sdp(.*)$")
	return {
		media = read.media,
		boundary = read.boundary,
		encoded = encoded(values["content-encoding"]) or encoded(values["content-transfer-encoding"]),
		measured = values["content-length"] ~= nil or values["l"] ~= nil,
		usual = rest ~= nil and usually_disposed(rest, "session"),
	}
end)

-- Whether these are the usual headers of the metadata.
local usual_metadata = remembering(function(text)
	local rest = match(text, "^Content%-Type: ?application/rs%-metadata(.*)$")
	return rest ~= nil and usually_disposed(gsub(rest, "^%+xml", "", 1), "recording%-session")
end)

-- Updates the Content-Length of the part itself.
local function with_length(headers, bytes)
	local at = 1
	while at do
		local name, rest = match(headers, "^([%a-]+)([ \t]*:[ \t]*)%d", at)
		if name and (lower(name) == "content-length" or lower(name) == "l") then
			local start = at + #name + #rest
			return sub(headers, 1, start - 1) .. bytes .. gsub(sub(headers, start), "^%d+", "", 1)
		end
		at = find(headers, "\n", at, true)
		at = at and at + 1
	end
	return headers
end

-- ----- multipart bodies

-- The end of the headers, which is an empty line; a part may have no headers.
local function after_headers(body, from, to)
	local at = from
	while at < to do
		local line_end = find(body, "\n", at, true)
		if not line_end or line_end >= to then return to end
		if line_end == at or (line_end == at + 1 and byte(body, at) == 13) then return line_end + 1 end
		at = line_end + 1
	end
	return to
end

-- The start of the next delimiter line (including the line end before it), and the start of the line after it.
local function delimiter(body, from, to, boundary)
	local text = "--" .. boundary
	local at = find(body, text, from, true)
	while at and at + #text <= to do
		if at == from or byte(body, at - 1) == 10 then
			local line_end = find(body, "\n", at, true)
			if not line_end or line_end >= to then line_end = to end
			local rest = without_end(sub(body, at + #text, line_end - 1))
			if rest == "" or rest == "--" then
				local start = at
				if start > from then start = start - (byte(body, start - 2) == 13 and 2 or 1) end
				return { start = start < from and from or start, stop = line_end < to and line_end + 1 or to, last = rest == "--" }
			end
		end
		at = find(body, text, at + 1, true)
	end
	return nil
end

local sdp_part

local function sdp_of(body, from, to)
	local start = after_headers(body, from, to)
	local headers = sub(body, from, start - 1)
	local read = read_headers(headers)
	if read.boundary ~= "" then return sdp_part(body, start, to, read.boundary) end
	if read.media ~= SDP or start >= to then return nil end
	return { before = sub(body, 1, from - 1), headers = headers, sdp = sub(body, start, to - 1), after_at = to }
end

-- The first part that is SDP, also in a nested multipart body (RFC 2046, 5.1): only delimiters with its own boundary end a part, and the
-- line end before a delimiter belongs to the delimiter.
function sdp_part(body, from, to, boundary)
	if boundary == "" then return nil end
	local at = delimiter(body, from, to, boundary)
	while at and not at.last do
		local following = delimiter(body, at.stop, to, boundary)
		local found = sdp_of(body, at.stop, following and following.start or to)
		if found then return found end
		at = following
	end
	return nil
end

-- Reads a delimiter and the headers of the part after it, including the empty line; `boundary` is empty if sdp_part() must read them.
local read_head = remembering(function(text)
	local dashes = match(text, "^(.-)\r\n") or text
	local before = dashes .. "\r\n"
	local headers = sub(text, #before + 1)
	local read = read_headers(headers)
	local whole = after_headers(text, #before + 1, #text + 1) == #text + 1 and not find(headers, dashes, 1, true)
	local plain = sub(dashes, 1, 2) == "--" and whole and read.media == SDP and read.boundary == ""
	local boundary = plain and sub(dashes, 3) or ""
	return { boundary = boundary, dashes = dashes, line = "\r\n" .. before, before = before, headers = headers, usual = read.usual }
end)

-- Whether the delimiter at `at` begins one more part, which is metadata, and nothing else follows.
local function ends_usually(body, at, dashes)
	local start = at + #dashes + 2
	local _, stop = find(body, "\r\n\r\n", start, true)
	local last = stop and find(body, dashes, stop + 1, true)
	if not last or not usual_metadata(sub(body, start, stop)) then return false end
	local rest = sub(body, last + #dashes)
	return sub(body, last - 2, last - 1) == "\r\n" and (rest == "--\r\n" or rest == "--")
end

-- The same as sdp_part() if the body begins with the delimiter of a part that is SDP, and another one follows it; otherwise nil.
local function first_part(body, boundary)
	if boundary == "" then return nil end
	local _, stop = find(body, "\r\n\r\n", 1, true)
	local start = (stop or 3) + 1
	local head = read_head(sub(body, 1, start - 1))
	if head.boundary ~= boundary then return nil end
	local at = find(body, head.dashes, start, true)
	if not at or at <= start + 2 or sub(body, at - 2, at - 3 + #head.line) ~= head.line then return nil end
	local sdp = sub(body, start, at - 3)
	local usual = head.usual and ends_usually(body, at, head.dashes)
	return { before = head.before, headers = head.headers, sdp = sdp, after_at = at - 2, usual = usual }
end

local function found_in(content_type, body)
	if body == "" then return {} end
	local read = read_type(content_type)
	if read.media == SDP or (read.type == "" and sub(body, 1, 3) == "v=0") then
		local type = read.type == "" and SDP or read.type
		return { type = type, before = "", headers = "", sdp = body, after_at = #body + 1, usual = type == SDP }
	end
	local part = first_part(body, read.boundary) or sdp_part(body, 1, #body + 1, read.boundary)
	if not part then return {} end
	if read_headers(part.headers).encoded then return { refusal = "415" } end
	part.type = read.type
	part.usual = part.usual and read.usual
	return part
end

-- ----- SDP

local function is_rtp(protocol)
	return protocol ~= nil and (protocol == "RTP/AVP" or find("/" .. protocol, "/RTP/", 1, true) ~= nil)
end

-- `refused` (port 0), `rtp`, or `other`.
local function media_of(line)
	local kind, port, protocol = match(line, "^([^ ]*) ([^ ]*) ([^ ]*)")
	if protocol and sub(port, 1, 1) == "0" and find(line, "^m=%S+ 0[ /]") then return "refused" end
	if kind ~= "m=audio" and kind ~= "m=video" then return "other" end
	return is_rtp(protocol) and "rtp" or "other"
end

-- Whether a stream is not on hold, and has the direction `way` or both directions.
local function goes(address, direction, way)
	return address ~= HELD and (direction == way or direction == "" or direction == "sendrecv")
end

-- The lines; the last one is empty, because each line gets a line end. Whitespace at the end of the SDP is removed.
local function lines_of(sdp, line_end)
	sdp = without_end(sdp) .. line_end
	if line_end == "\r\n" and find(gsub(sdp, "\r\n", ""), "\n", 1, true) then
		return split(gsub(sdp, "\r?\n", "\n"), "\n")
	end
	return split(sdp, line_end)
end

-- RTPProxy's module uses the address of the first stream for the session, and needs one for each stream: if they differ, each stream gets
-- its own c= line, after its m= and i= lines.
local function give_connections(lines)
	local usual
	for _, line in ipairs(lines) do
		if sub(line, 1, 2) == "c=" then
			usual = line
			break
		end
	end
	if not usual then return end
	local given = false
	for i = #lines, 1, -1 do
		local begin = sub(lines[i], 1, 2)
		if begin == "c=" then given = true end
		if begin == "m=" then
			if not given then table.insert(lines, sub(lines[i + 1], 1, 2) == "i=" and i + 2 or i + 1, usual) end
			given = false
		end
	end
end

-- The SDP in a form that both relays support: `instead` replaces hidden addresses, ICE candidates are removed (the relay offers none),
-- each stream has its own address if they differ, and each line has a line end. Also returns the streams for $var(streams): 1 for those
-- with the direction `way` or both directions.
local function plain_sdp(sdp, instead, way)
	local line_end = find(sdp, "\r\n", 1, true) and "\r\n" or "\n"
	local lines = lines_of(sdp, line_end)
	local kept, streams, apart = {}, "", false
	-- values of the session, and of the current stream; the address is nil if there is no c= line
	local session_address, session_direction, media, address
	local direction = ""

	-- Ends the session's part, or a stream; false if the stream has no address.
	local function ended()
		if media == nil then
			session_address, session_direction = address, direction
			return true
		end
		if address == HELD or (address == nil and session_address == nil) then
			if address == nil and media ~= "refused" then return false end
			apart = true
		end
		local own = direction ~= "" and direction or session_direction
		streams = streams .. (media == "rtp" and goes(address or session_address, own, way) and "1" or "0")
		return true
	end

	for i = 1, #lines - 1 do
		local line = lines[i]
		local begin = sub(line, 2, 2) == "=" and sub(line, 1, 1) or ""
		if begin == "a" and TELLING[sub(line, 3, 6)] then
			local own = DIRECTIONS[line]
			if own then direction = direction ~= "" and direction or own
			elseif is_rtcp(line) then line = match(line, "^[^ ]*")
			elseif is_ice(line) then line = nil
			end
		elseif begin == "c" then
			local found = address_in(line)
			if found ~= "" then
				if instead ~= "" and hidden(found) then found = instead end
				line = "c=IN IP4 " .. found
				-- the first of several
				address = address or found
			elseif media == "refused" then line = nil -- a refused stream needs no valid address
			elseif address == nil then return { refusal = "488" }
			end
		elseif begin == "m" then
			if not ended() then return { refusal = "488" } end
			media, address, direction = media_of(line), nil, ""
		end
		if line then kept[#kept + 1] = line end
	end
	if not ended() then return { refusal = "488" } end
	kept[#kept + 1] = ""
	if apart then give_connections(kept) end
	return { sdp = concat(kept, line_end), streams = streams }
end

-- Reads an SDP from the end of its o= line, or a stream from the protocol in its m= line, to the next stream. `usual`: plain_sdp() would
-- change nothing but an address, which is between `before` and `after`. `ended`: plain_sdp() would not change the end of the SDP.
local usual_part = remembering(function(text)
	local lines = split(text, "\r\n")
	local read = {
		usual = false,
		rtp = is_rtp(match(lines[1], "^[^ ]* ([^ ]*)")),
		address = "",
		direction = "",
		ended = without_end(text) .. "\r\n" == text,
	}
	for i, line in ipairs(lines) do
		local begin = sub(line, 1, 2)
		if find(line, "\n", 1, true) or begin == "m=" or is_rtcp(line) or is_ice(line) then return read end
		if begin == "a=" and read.direction == "" then read.direction = DIRECTIONS[line] or "" end
		if begin == "c=" then
			local found = address_in(line)
			if read.address ~= "" or found == "" or found == HELD or line ~= "c=IN IP4 " .. found then return read end
			read.address = found
			read.before = concat(lines, "\r\n", 1, i - 1) .. (i > 1 and "\r\n" or "") .. "c=IN IP4 "
			read.after = (i < #lines and "\r\n" or "") .. concat(lines, "\r\n", i + 1)
		end
	end
	read.usual = true
	return read
end, 500)

-- The same as plain_sdp() for usual SDPs, in less time; nil for others. Also returns whether `instead` replaces all addresses. Only the
-- session's origin and the ports of streams are read in each call. What follows them is the same in most calls of a platform.
local function usual_sdp(sdp, instead, way)
	if sub(sdp, 1, 7) ~= "v=0\r\no=" then return nil end
	local at = find(sdp, "\n", 8, true)
	if not at then return nil end
	at = at - 1
	local plain, done, streams, all = "", 1, "", true
	local session_direction
	while true do
		local stop = find(sdp, "\r\nm=audio ", at, true)
		local text = sub(sdp, at, stop and stop - 1)
		local read = usual_part(text)
		if not read.usual then return nil end
		if session_direction == nil then
			if read.address == "" then return nil end
			session_direction = read.direction
		else
			local direction = read.direction ~= "" and read.direction or session_direction
			streams = streams .. (read.rtp and goes(read.address, direction, way) and "1" or "0")
		end
		if read.address ~= "" then
			if instead ~= "" and hidden(read.address) then
				plain = plain .. sub(sdp, done, at - 1) .. read.before .. instead .. read.after
				done = at + #text
			else
				all = false
			end
		end
		if not stop then
			if streams == "" or not read.ended then return nil end
			return { sdp = done > 1 and plain .. sub(sdp, done) or sdp, streams = streams, hidden = all }
		end
		at = find(sdp, " ", stop + 10, true)
		-- usual are ports of digits only; port 0 refuses the stream
		if not at or not find(sub(sdp, stop + 10, at - 1), "^[1-9]%d*$") then return nil end
	end
end

-- ----- for media.cfg

-- The message whose SDP was extracted. A worker of Kamailio has one at a time.
local taken

-- Sets $var(sdp): `taken`, `none` (no SDP in the message), or the status to refuse it with, 415 or 488. Addresses that cannot be reached
-- from outside are replaced by `source`, the source address of the message.
-- Sets $var(streams): for each stream, in order, 1 if the platform sends on it (in its SDP) or the recorder receives (in its SDP), else 0.
-- Sets $var(shown) if the body was replaced: `changed`, or `part`, which returnSdp() puts back into the original body. Otherwise, sets
-- $var(hidden) to 1 if the relay must use `source` instead of all addresses in it.
function takeSdp(source, by_recorder)
	local pv = KSR.pv
	local found = found_in(pv.gete("$cT"), pv.gete("$rb"))
	local coding = pv.gete("$hdr(Content-Encoding)")
	if coding == "" then coding = pv.gete("$hdr(e)") end
	if found.sdp and encoded(coding) then found = { refusal = "415" } end
	local instead = (by_recorder == "1" or hidden(source)) and "" or source
	local way = by_recorder == "1" and "recvonly" or "sendonly"
	local plain = found
	if found.sdp then plain = usual_sdp(found.sdp, instead, way) or plain_sdp(found.sdp, instead, way) end
	if not plain.sdp then
		pv.sets("$var(sdp)", plain.refusal or "none")
		return
	end
	taken = found
	if found.usual and plain.hidden then
		pv.sets("$var(hidden)", "1")
	elseif not found.usual or plain.sdp ~= found.sdp then
		found.after = sub(pv.gete("$rb"), found.after_at)
		KSR.textops.set_body(plain.sdp, SDP)
		pv.sets("$var(shown)", found.type == SDP and "changed" or "part")
	end
	pv.sets("$var(streams)", plain.streams)
	pv.sets("$var(sdp)", "taken")
end

-- Call it after msg_apply_changes(), which makes the SDP of the relay the body of the message.
function returnSdp()
	local headers = taken.headers
	if read_headers(headers).measured then headers = with_length(headers, KSR.pv.gete("$bs")) end
	KSR.textops.set_body(taken.before .. headers .. KSR.pv.gete("$rb") .. taken.after, taken.type)
end
