-- Sends the requests of a file in turn; a number in them grows with each request. For wrk; see load.py.
-- Arguments: the file (requests separated by a zero byte), the mark of the number, the first number.

local requests, heads, tails = {}, {}, {}
local count, sent, number = 0, 0, 0

function init(args)
  local file = io.open(args[1], "rb")
  local mark = args[2]
  number = tonumber(args[3])
  for text in file:read("*a"):gmatch("[^%z]+") do
    count = count + 1
    local from, to = text:find(mark, 1, true)
    requests[count] = text
    if from then
      heads[count], tails[count] = text:sub(1, from - 1), text:sub(to + 1)
    end
  end
  file:close()
end

function request()
  sent = sent + 1
  local at = (sent - 1) % count + 1
  if heads[at] then
    return heads[at] .. (number + sent) .. tails[at]
  end
  return requests[at]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "errors": %d, "late": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    errors.timeout, latency:percentile(50), latency:percentile(99)))
end
