-- What one browser sends, the same for every request, so that wrk builds it once; and the figures as JSON,
-- because wrk prints them rounded.

wrk.headers["Host"] = "www.example.com"
wrk.headers["Connection"] = "keep-alive"
wrk.headers["User-Agent"] =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
wrk.headers["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
wrk.headers["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.7"
wrk.headers["Accept-Encoding"] = "gzip, deflate, br"
wrk.headers["Referer"] = "http://www.example.com/shop/category?page=2"
wrk.headers["Cookie"] = "session=6f1c2a9e0b7d4c55; consent=all; theme=dark"
wrk.headers["Upgrade-Insecure-Requests"] = "1"
wrk.headers["Sec-Fetch-Dest"] = "document"
wrk.headers["Sec-Fetch-Mode"] = "navigate"
wrk.headers["Sec-Fetch-Site"] = "same-origin"

-- With the argument `varied`, a field that differs each time, as where a client numbers its requests.
function init(args)
  if args[1] ~= "varied" then return end
  local number = 10000000
  wrk.headers["X-Request-Id"] = "@"
  local head, tail = wrk.format():match("^(.-)@(.*)$")
  request = function()
    number = number + 1
    return head .. number .. tail
  end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"bytes":%d,"seconds":%f,"p50Us":%d,"p99Us":%d,"badStatus":%d,"socketErrors":%d}\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
