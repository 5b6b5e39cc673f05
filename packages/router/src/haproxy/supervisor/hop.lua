-- Removes what a Connection header names (RFC 9110 §7.6.1); says "bad" where it names what no client or app may take away.
-- Runs only for the few messages whose Connection header says more than keep-alive or close.
local kept = { ["close"] = true, ["keep-alive"] = true, ["upgrade"] = true, ["te"] = true, ["http2-settings"] = true }
local exact = { ["forwarded"] = true, ["host"] = true, ["cookie"] = true, ["authorization"] = true, ["transfer-encoding"] = true,
  ["trailer"] = true, ["expect"] = true, ["range"] = true }

local function names(headers)
  local found = {}
  for _, value in pairs(headers["connection"] or {}) do
    for token in value:gmatch("[^,]+") do
      local name = token:lower():match("^%s*(.-)%s*$")
      if name ~= "" and not kept[name] then found[#found + 1] = name end
    end
  end
  return found
end

local function is_ours(name)
  return exact[name] or name:match("^x%-") or name:match("^teal%-") or name:match("^content%-") or name:match("^if%-")
    or not name:match("^[%w!#$%%&'*+.^_`|~-]+$")
end

core.register_action("hop_request", { "http-req" }, function(txn)
  local listed = names(txn.http:req_get_headers())
  for _, name in ipairs(listed) do
    if is_ours(name) then txn:set_var("txn.hop", "bad") return end
  end
  for _, name in ipairs(listed) do txn.http:req_del_header(name) end
end)

core.register_action("hop_answer", { "http-res" }, function(txn)
  for _, name in ipairs(names(txn.http:res_get_headers())) do
    if name ~= "set-cookie" and not name:match("^content%-") and name ~= "transfer-encoding" then
      txn.http:res_del_header(name)
    end
  end
end)
