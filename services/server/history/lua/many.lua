-- Runs `each` on every one of many histories, after `open` was told which of KEYS and of ARGV is its first. ARGV: how many
-- keys each has, then for each how many arguments and these. What fails for one is not the end of the others.
local width, first = tonumber(ARGV[1]), 2
local replies = {}
for index = 0, #KEYS / width - 1 do
  open(index * width + 1, first + 1)
  local last = first + tonumber(ARGV[first])
  local reply = stranger()
  if not reply then
    local is_done, result = pcall(each, first + 1)
    reply = is_done and result or { 'failed', type(result) == 'table' and result.err or tostring(result) }
  end
  replies[index + 1] = reply
  first = last + 1
end
return { 'many', replies }
