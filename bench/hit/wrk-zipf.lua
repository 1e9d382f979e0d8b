-- As ../pass/wrk.lua, over many objects: their popularity falls with their rank (Zipf, exponent 1). With the
-- argument `each`, all of them in turn, to fill a cache, or to miss.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "../pass/wrk.lua")

local objects = 100000
local each = false
local at = 0
local sums = {}
local head, tail

function init(args)
  each = args[1] == "each"
  local sum = 0
  for rank = 1, objects do
    sum = sum + 1 / rank
    sums[rank] = sum
  end
  math.randomseed(4711)
  local text = wrk.format("GET", "/shop/@")
  head, tail = text:match("^(.-)@(.*)$")
end

local function draw()
  local x = math.random() * sums[objects]
  local low, high = 1, objects
  while low < high do
    local middle = math.floor((low + high) / 2)
    if sums[middle] < x then low = middle + 1 else high = middle end
  end
  return low
end

function request()
  local object
  if each then
    object = at % objects
    at = at + 1
  else
    object = draw()
  end
  return head .. object .. tail
end
