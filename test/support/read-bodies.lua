-- Runs takeSdp() and returnSdp() of a script for messages, for read-bodies.ts. arg[1]: the script; further arguments: a word that begins
-- the body of a function, and the names of functions that get it.
-- Input, for each message: its fields, each as its length in bytes, a line end, and the bytes. Output: the same for each result.

local message, result
KSR = {
	pv = {
		gete = function(name) return message[name] or "" end,
		sets = function(name, value) result[name] = value end,
	},
	textops = {
		set_body = function(text, type)
			message["$rb"], message["$cT"] = text, type
		end,
	},
}
local file = assert(io.open(arg[1]))
local script = file:read("*a")
file:close()
for i = 3, #arg do
	local count
	script, count = script:gsub("(function " .. arg[i] .. "%([^)]*%)\n)", "%1" .. arg[2] .. "\n")
	assert(count == 1, arg[i])
end
assert((loadstring or load)(script, "body.lua"))()

local function field()
	local length = io.read("*l")
	if length == nil then return nil end
	return length == "0" and "" or io.read(tonumber(length))
end

while true do
	local type = field()
	if type == nil then break end
	message = { ["$cT"] = type, ["$rb"] = field(), ["$hdr(Content-Encoding)"] = field() }
	local source, by_recorder, relayed = field(), field(), field()
	result = {}
	takeSdp(source, by_recorder)
	result.shown, result.shown_as = message["$rb"], message["$cT"]
	if relayed ~= "" then
		message["$rb"], message["$bs"] = relayed, tostring(#relayed)
		if result["$var(shown)"] == "part" then returnSdp() end
	end
	for _, name in ipairs({ "$var(sdp)", "$var(streams)", "$var(shown)", "$var(hidden)", "shown", "shown_as" }) do
		local value = result[name] or ""
		io.write(#value, "\n", value)
	end
	io.write(#message["$rb"], "\n", message["$rb"], #message["$cT"], "\n", message["$cT"])
end
