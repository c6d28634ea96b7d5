-- Runs `each` on every one of many histories, after `open` got the index of its first key and argument. ARGV: the
-- number of keys of each history, then for each the number of arguments and the arguments. A failure of one does not
-- stop the others.
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
