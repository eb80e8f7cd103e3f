-- Creates runs of one experiment. Argument: its id.
function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = '{"experiment_id":"' .. arguments[1] .. '","start_time":1,"tags":[{"key":"mlflow.user","value":"bench"}]}'
end
