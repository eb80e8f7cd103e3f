-- Logs one point a request, each with a step of its own, to the runs in turn. Arguments: the runs' ids.
local runs = {}
local step = 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for position = 1, #arguments do
    runs[position] = arguments[position]
  end
end

function request()
  step = step + 1
  return wrk.format(nil, nil, nil, string.format(
    '{"run_id":"%s","key":"loss","value":0.25,"timestamp":1700000000000,"step":%d}', runs[step % #runs + 1], step))
end
