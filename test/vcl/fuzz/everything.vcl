vcl 4.1;
import std; import directors; import saintmode; import peer; import purge;
probe p { .url = "/"; .interval = 5s; .timeout = 1s; .window = 8; .threshold = 3; .initial = 2; }
backend b0 { .host = "127.0.0.1"; .port = "8080"; .probe = p; .connect_timeout = 1.5s; .max_connections = 10; }
backend b1 { .host = "::1"; .probe = { .request = "GET / HTTP/1.1" "Host: a"; .expected_response = 204; } }
backend b2 none;
acl local { "127.0.0.0"/8; ! "127.0.0.1"; "::1"; }
sub vcl_init {
  new rr = directors.round_robin(); rr.add_backend(b0); rr.add_backend(b1);
  new sm = saintmode.saintmode(b1, 10);
  new rnd = directors.random(); rnd.add_backend(sm.backend(), 1.5); rnd.add_backend(b2, 2);
  new sh = directors.shard(); sh.add_backend(b0, weight = 2); sh.reconfigure();
  peer.set("127.0.0.1", 80);
  return (ok);
}
sub normalize {
  set req.url = regsuball(std.querysort(req.url), "[?&](utm_[a-z]+)=[^&]*", "\1");
  unset req.http.x-junk; /* of nobody */
}
sub vcl_recv {
  call normalize;
  if (client.ip ~ local && req.method == "PURGE") { return (purge); }
  elseif (req.url ~ "^/(?i)a" || !req.http.Cookie) { set req.backend_hint = rr.backend(); }
  else if (req.restarts > 2 - 1) { return (synth(503, "again" + req.restarts)); }
  else { set req.backend_hint = sh.backend(by = URL, healthy = ALL); std.log({"long"} + """string"""); }
  set req.http.x = "a" + req.restarts + now + 1.5 + 2s;
  if (std.integer("1" + "2", 3) * 4 % 5 == 3 && std.healthy(rnd.backend())) { return (pass); }
  peer.queue_req();
}
sub vcl_hash { hash_data(req.url); }
sub vcl_hit { if (obj.ttl + obj.grace < 0s) { set req.http.purged = purge.hard(); return (restart); } }
sub vcl_backend_response {
  if (beresp.status >= 500 && bereq.retries < 3) { saintmode.blacklist(20s); return (retry); }
  set beresp.ttl = std.duration(beresp.http.X-TTL, 1m) * 2; set beresp.grace = beresp.ttl - 10s;
}
sub vcl_synth { synthetic("<p>" + resp.status + "</p>"); set resp.http.X = req.xid.upper(); return (deliver); }
sub vcl_deliver { unset resp.http.Via; } // The end.
