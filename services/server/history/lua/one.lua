-- The rest of the script is about one history.
local unknown = stranger()
if unknown then return unknown end
