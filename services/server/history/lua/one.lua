-- What follows is about one history.
local unknown = stranger()
if unknown then return unknown end
