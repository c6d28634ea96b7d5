-- Runs `each` on every one of many histories, after `open` was told which of KEYS is its first. ARGV: how many keys and
-- how many arguments each has, then the arguments of all. What fails for one is not the end of the others.
local width, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local replies = {}
for index = 0, #KEYS / width - 1 do
  open(index * width + 1)
  local reply = stranger()
  if not reply then
    local first = 3 + index * count
    local is_done, result = pcall(each, unpack(ARGV, first, first + count - 1))
    reply = is_done and result or { 'failed', type(result) == 'table' and result.err or tostring(result) }
  end
  replies[index + 1] = reply
end
return { 'many', replies }
