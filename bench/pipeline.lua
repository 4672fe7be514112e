-- For wrk: 16 requests in a piece. bench/workloads.py loads a server with it.
local requests

init = function()
  local one = wrk.format()
  requests = one:rep(16)
end

request = function()
  return requests
end
