-- Logs 1000 metrics a request, each with a step of its own, to the runs in turn. Arguments: the runs' ids.
local runs = {}
local pieces = {}
local batch = 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for position = 1, #arguments do
    runs[position] = arguments[position]
  end
  -- Joined by the number of the batch, the pieces are the list of metrics.
  pieces[1] = '"metrics":[{"key":"loss","value":0.5,"timestamp":1'
  for i = 0, 998 do
    pieces[#pieces + 1] = string.format('%03d,"step":', i)
    pieces[#pieces + 1] = string.format('%03d},{"key":"loss","value":0.5,"timestamp":1', i)
  end
  pieces[#pieces + 1] = '999,"step":'
  pieces[#pieces + 1] = '999}]}'
end

function request()
  batch = batch + 1
  local run = runs[batch % #runs + 1]
  return wrk.format(nil, nil, nil, '{"run_id":"' .. run .. '",' .. table.concat(pieces, batch))
end
